package metadata

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"sync"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	sha1Digest   = nsSignature + "sha1"
	sha256Digest = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// signing is one way to sign; the zero value with a key is the usual one.
type signing struct {
	key                    crypto.Signer
	method, digest, c14n   string
	uri, keyInfo, prefixes string
	noEnveloped, second    bool   // without that transform; with a second reference
	path                   string // of the element to sign; empty = the document element
	at                     int    // where the signature goes among the children
}

// signer has a key and its certificate.
type signer struct {
	key  crypto.Signer
	cert *x509.Certificate
}

var signers = sync.OnceValue(func() (s struct{ federation, stranger, curve signer }) {
	t := &testing.T{}
	for i, key := range []*signer{&s.federation, &s.stranger} {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		*key = signer{k, issue(t, int64(1000+i), k, nil, nil)}
	}
	k := newKey(t, elliptic.P384())
	s.curve = signer{k, issue(t, 1002, k, nil, nil)}
	return s
})

func (g *signing) defaults() {
	if g.method == "" {
		g.method = dsig.RSASHA256SignatureMethod
		if _, ok := g.key.(*ecdsa.PrivateKey); ok {
			g.method = dsig.ECDSASHA256SignatureMethod
		}
	}
	if g.digest == "" {
		g.digest = sha256Digest
	}
	if g.c14n == "" {
		g.c14n = nsExclusive
	}
}

// sign puts an enveloped signature into a document.
func (g signing) sign(t testing.TB, document []byte) []byte {
	t.Helper()
	g.defaults()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(plainAttributes(document)); err != nil {
		t.Fatal(err)
	}
	target := doc.Root()
	if g.path != "" {
		target = doc.FindElement(g.path)
	}
	if g.uri == "" {
		g.uri = "#" + target.SelectAttrValue("ID", "")
	}
	whole := target.Copy()
	dropComments(whole)
	covered, err := canonical(whole, g.prefixes)
	if err != nil {
		t.Fatal(err)
	}
	info := g.info(hashed(t, g.digest, covered))
	parsed := etree.NewDocument()
	if err := parsed.ReadFromString(info); err != nil {
		t.Fatal(err)
	}
	bytesOfInfo, err := canonical(parsed.Root(), "")
	if err != nil {
		t.Fatal(err)
	}
	sig := etree.NewDocument()
	if err := sig.ReadFromString(`<ds:Signature xmlns:ds="` + nsSignature + `">` + string(bytesOfInfo) + `<ds:SignatureValue>` +
		base64.StdEncoding.EncodeToString(g.value(t, bytesOfInfo)) + `</ds:SignatureValue>` + g.keyInfo + `</ds:Signature>`); err != nil {
		t.Fatal(err)
	}
	target.InsertChildAt(g.at, sig.Root())
	out, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (g *signing) info(digest []byte) string {
	transforms := `<ds:Transform Algorithm="` + nsSignature + `enveloped-signature"></ds:Transform>`
	if g.noEnveloped {
		transforms = ""
	}
	prefixes := ""
	if g.prefixes != "" {
		prefixes = `<ec:InclusiveNamespaces xmlns:ec="` + nsExclusive + `" PrefixList="` + g.prefixes + `"></ec:InclusiveNamespaces>`
	}
	uri := g.uri
	if uri == "none" {
		uri = ""
	}
	reference := `<ds:Reference URI="` + uri + `"><ds:Transforms>` + transforms + `<ds:Transform Algorithm="` + g.c14n + `">` + prefixes +
		`</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="` + g.digest + `"></ds:DigestMethod><ds:DigestValue>` +
		base64.StdEncoding.EncodeToString(digest) + `</ds:DigestValue></ds:Reference>`
	if g.second {
		reference += reference
	}
	return `<ds:SignedInfo xmlns:ds="` + nsSignature + `"><ds:CanonicalizationMethod Algorithm="` + nsExclusive + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + g.method + `"></ds:SignatureMethod>` + reference + `</ds:SignedInfo>`
}

func (g *signing) value(t testing.TB, info []byte) []byte {
	t.Helper()
	sum, hash := hashed(t, g.method, info), hashOf(g.method)
	switch k := g.key.(type) {
	case *rsa.PrivateKey:
		b, err := rsa.SignPKCS1v15(rand.Reader, k, hash, sum)
		if err != nil {
			t.Fatal(err)
		}
		return b
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum)
		if err != nil {
			t.Fatal(err)
		}
		size := (k.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	t.Fatalf("a key of type %T", g.key)
	return nil
}

func hashOf(uri string) crypto.Hash {
	switch {
	case strings.HasSuffix(uri, "sha1"):
		return crypto.SHA1
	case strings.HasSuffix(uri, "sha384"):
		return crypto.SHA384
	case strings.HasSuffix(uri, "sha512"):
		return crypto.SHA512
	}
	return crypto.SHA256
}

func hashed(t testing.TB, uri string, data []byte) []byte {
	t.Helper()
	h := hashOf(uri).New()
	h.Write(data)
	return h.Sum(nil)
}

func keyInfo(c *x509.Certificate) string {
	return `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + bare(c) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
}
