package metadata

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
)

func TestCertificatesInEveryShape(t *testing.T) {
	cert := shared()
	text := asPEM("CERTIFICATE", cert.Raw)
	accepted := func(name, file string, want int) {
		t.Helper()
		certs, err := ParseCertificates([]byte(file))
		if err != nil || len(certs) != want || !certs[0].Equal(cert) {
			t.Errorf("%s: %v, %d certificates", name, err, len(certs))
		}
	}
	oneLine := strings.ReplaceAll(strings.TrimSpace(text), "\n", " ")
	accepted("PEM", text, 1)
	accepted("PEM with CRLF", strings.ReplaceAll(text, "\n", "\r\n"), 1)
	accepted("PEM with CR", strings.ReplaceAll(text, "\n", "\r"), 1)
	accepted("PEM with a BOM and indentation", "\ufeff"+strings.ReplaceAll(text, "\n", "\n    "), 1)
	accepted("PEM on one line", oneLine, 1)
	accepted("PEM without any space", strings.ReplaceAll(strings.ReplaceAll(text, "\n", ""), "\r", ""), 1)
	accepted("PEM with \\n for line breaks", strings.ReplaceAll(text, "\n", `\n`), 1)
	accepted("PEM with four dashes", strings.ReplaceAll(text, "-----", "----"), 1)
	accepted("two", text+"\nsubject=CN = second\n"+text, 2)
	accepted("with comments", "Bag Attributes\n    friendlyName: idp\n"+text+"the end", 1)
	accepted("DER", string(cert.Raw), 1)
	accepted("two in DER", string(cert.Raw)+string(cert.Raw), 2)
	accepted("base64", bare(cert), 1)
	accepted("base64 without padding", strings.TrimRight(bare(cert), "="), 1)
	accepted("base64 in short lines", strings.ReplaceAll(bare(cert), "A", "A\r\n\t "), 1)
}

func TestCertificatesThatAreSomethingElse(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey := newKey(t, elliptic.P256())
	must := func(der []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(rsaKey))
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey)
	sec1 := must(x509.MarshalECPrivateKey(ecKey))
	public := must(x509.MarshalPKIXPublicKey(rsaKey.Public()))
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, rsaKey))
	b64 := base64.StdEncoding.EncodeToString
	text := asPEM("CERTIFICATE", shared().Raw)
	for file, want := range map[string]string{
		asPEM("PRIVATE KEY", pkcs8):                "private key",
		asPEM("RSA PRIVATE KEY", pkcs1):            "private key",
		asPEM("EC PRIVATE KEY", sec1):              "private key",
		asPEM("ENCRYPTED PRIVATE KEY", []byte{1}):  "private key",
		asPEM("OPENSSH PRIVATE KEY", []byte{1}):    "private key",
		text + asPEM("PRIVATE KEY", pkcs8):         "private key",
		asPEM("PRIVATE KEY", pkcs8) + text:         "private key",
		asPEM("CERTIFICATE", pkcs8):                "private key",
		"-----BEGIN PRIVATE KEY-----" + b64(pkcs8): "private key",
		string(pkcs8):                         "private key",
		string(pkcs1):                         "private key",
		string(sec1):                          "private key",
		b64(pkcs8):                            "private key",
		b64(pkcs1):                            "private key",
		asPEM("CERTIFICATE REQUEST", request): "request",
		asPEM("NEW CERTIFICATE REQUEST", request): "request",
		string(request):             "request",
		b64(request):                "request",
		asPEM("PUBLIC KEY", public): "public key",
		string(public):              "public key",
		b64(x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)): "public key",
		asPEM("PKCS7", []byte{1}):                          "PKCS#7",
		asPEM("X509 CRL", []byte{1}):                       "does not hold a certificate",
		text[:200]:                                         "cut off",
		strings.Replace(text, "MII", "!II", 1):             "neither PEM",
		strings.Replace(text, "END", "BEGIN", 1):           "cut off",
		"-- no marker --":                                  "BEGIN line",
		bare(shared())[:100]:                               "damaged",
		"<md:EntityDescriptor/>":                           "XML",
		"":                                                 "empty",
		" \n":                                              "empty",
		"hello":                                            "neither PEM",
		strings.Repeat(text, 60):                           "more than 50",
		strings.Repeat("A", maxCertificateFile+1):          "1 MiB",
	} {
		_, err := ParseCertificates([]byte(file))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 250 {
			t.Errorf("%.60q: %v, wanted %q", file, err, want)
		}
		for _, secret := range []string{b64(pkcs8)[:12], b64(pkcs1)[:12], b64(sec1)[:12]} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%q repeats a private key", err)
			}
		}
	}
}

func FuzzParseCertificates(f *testing.F) {
	f.Add([]byte(asPEM("CERTIFICATE", shared().Raw)))
	f.Add([]byte("-----BEGIN CERTIFICATE----- ----- END CERTIFICATE"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if certs, err := ParseCertificates(file); (err == nil) != (len(certs) > 0) {
			t.Fatalf("%d certificates and %v", len(certs), err)
		}
	})
}
