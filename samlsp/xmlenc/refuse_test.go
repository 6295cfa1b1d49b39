package xmlenc

import (
	"crypto"
	"errors"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

// refused wants an algorithm to be refused.
func refused(t *testing.T, what string, err error) *AlgorithmError {
	t.Helper()
	var e *AlgorithmError
	if !errors.As(err, &e) {
		t.Fatalf("%s: %v", what, err)
	}
	return e
}

// What is refused was properly encrypted for us, and no key is touched.
func TestAlgorithms(t *testing.T) {
	odd := "urn:odd:" + strings.Repeat("x", 300)
	for _, row := range []struct {
		part Part
		uri  string
		edit func(*xmlenctest.Recipe)
	}{
		{Transport, xmlenctest.RSA15, func(r *xmlenctest.Recipe) { r.Transport, r.Digest, r.Mask = xmlenctest.RSA15, "", "" }},
		{Transport, xmlenctest.KWAES128, func(r *xmlenctest.Recipe) { r.Transport = xmlenctest.KWAES128 }},
		{Transport, xmlenctest.KWAES256, func(r *xmlenctest.Recipe) { r.Transport = xmlenctest.KWAES256 }},
		{Transport, nsEnc + "kw-tripledes", func(r *xmlenctest.Recipe) { r.Transport = nsEnc + "kw-tripledes" }},
		{Transport, AES256GCM, func(r *xmlenctest.Recipe) { r.Transport = AES256GCM }},
		{Transport, "", func(r *xmlenctest.Recipe) { r.Transport = "" }},
		{Transport, "", func(r *xmlenctest.Recipe) { r.Transport = odd }},
		{Transport, "", func(r *xmlenctest.Recipe) { r.Transport = OAEP + " " }},
		{Content, xmlenctest.TripleDES, func(r *xmlenctest.Recipe) { r.Content = xmlenctest.TripleDES }},
		{Content, xmlenctest.AES192CBC, func(r *xmlenctest.Recipe) { r.Content = xmlenctest.AES192CBC }},
		{Content, xmlenctest.AES192GCM, func(r *xmlenctest.Recipe) { r.Content = xmlenctest.AES192GCM }},
		{Digest, xmlenctest.MD5, func(r *xmlenctest.Recipe) { r.Digest = xmlenctest.MD5 }},
		{Digest, nsMore + "sha224", func(r *xmlenctest.Recipe) { r.Digest = nsMore + "sha224" }},
		{Digest, MGF1SHA256, func(r *xmlenctest.Recipe) { r.Digest = MGF1SHA256 }},
		{Mask, nsEnc11 + "mgf1sha224", func(r *xmlenctest.Recipe) { r.Mask = nsEnc11 + "mgf1sha224" }},
		{Digest, "", func(r *xmlenctest.Recipe) { r.Digest = "urn:odd#sha256" }},
		{Mask, "", func(r *xmlenctest.Recipe) { r.Mask = "urn:odd#sha256" }},
		{Mask, SHA256, func(r *xmlenctest.Recipe) { r.Mask = SHA256 }},
		// The mask of rsa-oaep-mgf1p is fixed.
		{Mask, MGF1SHA256, func(r *xmlenctest.Recipe) { r.Transport = OAEPMGF1P }},
	} {
		r := gcm()
		row.edit(&r)
		counter := &counted{key: ours()}
		_, err := open(t, sealed(t, r), counter)
		e := refused(t, string(row.part)+" "+row.uri, err)
		if e.Part != row.part || e.URI != row.uri || len(err.Error()) > 120 || counter.n != 0 {
			t.Errorf("%s %q: %v, %d operations", row.part, row.uri, err, counter.n)
		}
	}
}

// One key that is refused spoils the message, whatever the other is.
func TestOneKeyIsRefused(t *testing.T) {
	bad := gcm()
	bad.Transport = xmlenctest.RSA15
	_, key, _ := strings.Cut(sealed(t, bad), "<ds:KeyInfo")
	key = key[strings.Index(key, "<xenc:EncryptedKey"):strings.Index(key, "</ds:KeyInfo>")]
	text := strings.Replace(sealed(t, gcm()), "</ds:KeyInfo>", key+"</ds:KeyInfo>", 1)
	_, err := open(t, text)
	if e := refused(t, "two keys", err); e.URI != xmlenctest.RSA15 {
		t.Error(err)
	}
}

func TestCBCNeedsLeave(t *testing.T) {
	for _, uri := range []string{AES128CBC, AES256CBC} {
		r := cbc()
		r.Content = uri
		text := sealed(t, r)
		allow(t, uri, text)
		root, err := parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(root)
		if err != nil || m.Authenticated() {
			t.Fatal(err)
		}
		counter := &counted{key: ours()}
		_, err = m.Decrypt([]crypto.Decrypter{counter}, Policy{})
		if e := refused(t, uri, err); e.URI != uri || counter.n != 0 {
			t.Error(err)
		}
	}
}

func TestShapes(t *testing.T) {
	good := sealed(t, gcm())
	allow(t, "the twin", good)
	one := good[strings.Index(good, "<xenc:EncryptedKey"):strings.Index(good, "</ds:KeyInfo>")]
	whole := good[strings.Index(good, "<xenc:EncryptedData"):strings.Index(good, "</saml:")]
	three := strings.Repeat(one, 3)
	for name, edit := range map[string][2]string{
		"no data":                      {whole, ""},
		"two data":                     {whole, whole + whole},
		"data of another namespace":    {`<xenc:EncryptedData xmlns:xenc="` + nsEnc, `<xenc:EncryptedData xmlns:xenc="` + nsEnc11},
		"type of content":              {nsEnc + "Element", nsEnc + "Content"},
		"type of an element of others": {nsEnc + "Element", "Element"},
		"no key":                       {one, ""},
		"no key but a reference":       {one, `<ds:RetrievalMethod URI="http://evil.example/key"/>`},
		"three keys":                   {one, three},
		"three keys, beside":           {"</xenc:EncryptedData>", "</xenc:EncryptedData>" + one + one},
		"key of a key":                 {"</xenc:EncryptionMethod><xenc:CipherData>", "</xenc:EncryptionMethod><ds:KeyInfo xmlns:ds=\"" + nsDSig + "\">" + one + "</ds:KeyInfo><xenc:CipherData>"},
		"key in another namespace":     {"</ds:KeyInfo>", "<EncryptedKey/></ds:KeyInfo>"},
		"two infos":                    {"</ds:KeyInfo>", `</ds:KeyInfo><ds:KeyInfo xmlns:ds="` + nsDSig + `"/>`},
		"two methods":                  {"<ds:KeyInfo", `<xenc:EncryptionMethod Algorithm="` + AES128CBC + `"/><ds:KeyInfo`},
		"two digests":                  {"<ds:DigestMethod", `<ds:DigestMethod xmlns:ds="` + nsDSig + `" Algorithm="` + SHA1 + `"/><ds:DigestMethod`},
		"two masks":                    {"<xenc11:MGF", `<xenc11:MGF xmlns:xenc11="` + nsEnc11 + `" Algorithm="` + MGF1SHA1 + `"/><xenc11:MGF`},
		"two labels":                   {"<ds:DigestMethod", "<xenc:OAEPparams/><xenc:OAEPparams/><ds:DigestMethod"},
		"label is no base64":           {"<ds:DigestMethod", "<xenc:OAEPparams>!</xenc:OAEPparams><ds:DigestMethod"},
		"long label":                   {"<ds:DigestMethod", "<xenc:OAEPparams>" + strings.Repeat("AAAA", 400) + "</xenc:OAEPparams><ds:DigestMethod"},
		"key size":                     {AES256GCM + `"/>`, AES256GCM + `"><xenc:KeySize>128</xenc:KeySize></xenc:EncryptionMethod>`},
		"value by reference":           {"CipherValue>", "CipherReference>"},
		"no value":                     {one[strings.Index(one, "<xenc:CipherData"):], "<xenc:CipherData/></xenc:EncryptedKey>"},
		"element in a value":           {"<xenc:CipherValue>", "<xenc:CipherValue><a/>"},
		"two values":                   {"<xenc:CipherValue>", "<xenc:CipherValue/><xenc:CipherValue>"},
		"value is no base64":           {"<xenc:CipherValue>", "<xenc:CipherValue>="},
		"value is URL base64":          {"<xenc:CipherValue>", "<xenc:CipherValue>-_-_"},
		"huge key":                     {"<xenc:CipherValue>", "<xenc:CipherValue>" + strings.Repeat("AAAA", 400)},
		"huge value":                   {whole, strings.Replace(whole, "</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>", "</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>"+strings.Repeat("AAAA", 400_000), 1)},
		"data in the data":             {"<ds:KeyInfo", "<x><xenc:EncryptedData/></x><ds:KeyInfo"},
		"spaces without end":           {"<xenc:CipherValue>", "<xenc:CipherValue>" + strings.Repeat(" ", 2*maxContent)},
		"bits after the end":           {"<ds:DigestMethod", "<xenc:OAEPparams>YR==</xenc:OAEPparams><ds:DigestMethod"},
	} {
		text := strings.Replace(good, edit[0], edit[1], -1)
		if text == good {
			t.Fatalf("%s: nothing was edited", name)
		}
		if got, err := open(t, text); !errors.Is(err, ErrShape) || got != "" || len(err.Error()) > 120 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := Read(nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// What is odd but means the same.
func TestTolerated(t *testing.T) {
	good := sealed(t, gcm())
	for name, edit := range map[string][2]string{
		"no type":            {` Type="` + nsEnc + `Element"`, ""},
		"key size":           {AES256GCM + `"/>`, AES256GCM + `"><xenc:KeySize> 256 </xenc:KeySize></xenc:EncryptionMethod>`},
		"unknown extensions": {"<ds:DigestMethod", `<x xmlns="urn:x"/><ds:DigestMethod`},
		"certificate hint":   {"</xenc:EncryptionMethod><xenc:CipherData>", `</xenc:EncryptionMethod><ds:KeyInfo xmlns:ds="` + nsDSig + `"><ds:X509Data/></ds:KeyInfo><xenc:CipherData>`},
		"white space":        {"<xenc:CipherValue>", "<xenc:CipherValue>\r\n\t "},
		"empty label":        {"<ds:DigestMethod", "<xenc:OAEPparams/><ds:DigestMethod"},
	} {
		text := strings.Replace(good, edit[0], edit[1], -1)
		if text == good {
			t.Fatalf("%s: nothing was edited", name)
		}
		allow(t, name, text)
	}
}

// Two keys that both open to something: the first is the one.
func TestFirstKeyCounts(t *testing.T) {
	key := func(text string) string {
		return text[strings.Index(text, "<xenc:EncryptedKey"):strings.Index(text, "</ds:KeyInfo>")]
	}
	text := sealed(t, gcm())
	right, wrong := key(text), key(sealed(t, gcm()))
	allow(t, "the other second", strings.Replace(text, right, right+wrong, 1))
	deny(t, "the other first", strings.Replace(text, right, wrong+right, 1))
}

func TestNoMethod(t *testing.T) {
	text := strings.Replace(sealed(t, gcm()), `<xenc:EncryptionMethod Algorithm="`+AES256GCM+`"/>`, "", 1)
	_, err := open(t, text)
	if e := refused(t, "no method", err); e.Part != Content || e.URI != "" {
		t.Error(err)
	}
}
