#!/bin/sh
# Makes the fixtures of this folder anew, with a new throw-away key.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

enc=http://www.w3.org/2001/04/xmlenc#
enc11=http://www.w3.org/2009/xmlenc11#
dsig=http://www.w3.org/2000/09/xmldsig#
saml=urn:oasis:names:tc:SAML:2.0:assertion

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out sp.key 2>/dev/null
openssl pkey -in sp.key -pubout -out "$tmp/sp.pub"

# The assertion that is encrypted, where its ciphertext will stand.
sed -e '1d' -e 's/.*/<EncryptedAssertion xmlns="'$saml'">&<\/EncryptedAssertion>/' plain.xml >"$tmp/plain.xml"

# template CONTENT TRANSPORT OPTIONS WRAPPED-KEY
template() {
	cat <<END
<?xml version="1.0"?>
<e:EncryptedData xmlns:e="$enc" Type="${enc}Element">
    <e:EncryptionMethod Algorithm="$1"/>
    <KeyInfo xmlns="$dsig">
      <e:EncryptedKey><e:EncryptionMethod Algorithm="$2">$3</e:EncryptionMethod>
        <e:CipherData><e:CipherValue>$4</e:CipherValue></e:CipherData></e:EncryptedKey>
    </KeyInfo>
    <e:CipherData><e:CipherValue/></e:CipherData>
  </e:EncryptedData>
END
}

# whole NAME SESSION-KEY CONTENT TRANSPORT OPTIONS: xmlsec1 does all of it.
whole() {
	template "$3" "$4" "$5" "" >"$tmp/t.xml"
	xmlsec1 --encrypt --pubkey-pem "$tmp/sp.pub" --session-key "$2" --xml-data "$tmp/plain.xml" \
		--node-name $saml:Assertion --output "$1.xml" "$tmp/t.xml"
}

# mixed NAME CONTENT TRANSPORT OPTIONS DIGEST MASK LABEL-IN-HEX: openssl wraps the
# key, as this xmlsec1 knows OAEP with SHA-1 alone.
mixed() {
	openssl rand -out "$tmp/aes.key" 32
	wrapped=$(openssl pkeyutl -encrypt -pubin -inkey "$tmp/sp.pub" -in "$tmp/aes.key" -pkeyopt rsa_padding_mode:oaep \
		-pkeyopt "rsa_oaep_md:$5" -pkeyopt "rsa_mgf1_md:$6" ${7:+-pkeyopt rsa_oaep_label:$7} | base64)
	template "$2" "$3" "$4" "" | sed '/<KeyInfo/,/<\/KeyInfo>/d' >"$tmp/t.xml"
	xmlsec1 --encrypt --aeskey "$tmp/aes.key" --xml-data "$tmp/plain.xml" --node-name $saml:Assertion --output "$tmp/o.xml" "$tmp/t.xml"
	template "$2" "$3" "$4" "$wrapped" | sed -n '/<KeyInfo/,/<\/KeyInfo>/p' >"$tmp/info"
	sed "/<e:EncryptionMethod/r $tmp/info" "$tmp/o.xml" >"$1.xml"
}

digest() { echo "<DigestMethod Algorithm=\"$1\"/>"; }
mask() { echo "<m:MGF xmlns:m=\"$enc11\" Algorithm=\"$1\"/>"; }

whole aes128-gcm aes-128 ${enc11}aes128-gcm ${enc}rsa-oaep-mgf1p ""
whole aes256-gcm aes-256 ${enc11}aes256-gcm ${enc}rsa-oaep-mgf1p "$(digest ${dsig}sha1)"
whole label aes-256 ${enc11}aes256-gcm ${enc}rsa-oaep-mgf1p "<e:OAEPparams>bGFiZWw=</e:OAEPparams>"
whole aes128-cbc aes-128 ${enc}aes128-cbc ${enc}rsa-oaep-mgf1p ""
whole aes256-cbc aes-256 ${enc}aes256-cbc ${enc}rsa-oaep-mgf1p ""
whole refused-rsa-1_5 aes-256 ${enc11}aes256-gcm ${enc}rsa-1_5 ""
whole refused-tripledes des-192 ${enc}tripledes-cbc ${enc}rsa-oaep-mgf1p ""
mixed oaep-sha256-mgf1p ${enc11}aes256-gcm ${enc}rsa-oaep-mgf1p "$(digest ${enc}sha256)" sha256 sha1 ""
mixed oaep-sha256-sha256 ${enc11}aes256-gcm ${enc11}rsa-oaep "$(digest ${enc}sha256)$(mask ${enc11}mgf1sha256)" sha256 sha256 ""
mixed oaep-sha512-sha1 ${enc}aes256-cbc ${enc11}rsa-oaep "$(digest ${enc}sha512)" sha512 sha1 ""
mixed oaep-sha384-sha512-label ${enc11}aes256-gcm ${enc11}rsa-oaep \
	"<e:OAEPparams>AAE=</e:OAEPparams>$(digest http://www.w3.org/2001/04/xmldsig-more#sha384)$(mask ${enc11}mgf1sha512)" sha384 sha512 0001
