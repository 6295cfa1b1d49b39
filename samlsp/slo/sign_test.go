package slo

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// query is the HTTP-Redirect binding, signed.
func (w *world) query(t testing.TB) string {
	t.Helper()
	xml := w.xml
	if w.editSigned != nil {
		xml = w.editSigned(xml)
	}
	value := map[string]string{w.name(): url.QueryEscape(base64.StdEncoding.EncodeToString(deflated(t, xml)))}
	if w.relay != "" {
		value["RelayState"] = url.QueryEscape(w.relay)
	}
	if !w.unsigned {
		value["SigAlg"] = url.QueryEscape(w.sigAlg())
		text := joined(value, []string{"SAMLRequest", "SAMLResponse", "RelayState", "SigAlg"})
		if w.editText != nil {
			text = w.editText(text)
		}
		value["Signature"] = url.QueryEscape(base64.StdEncoding.EncodeToString(detached(t, w.key, w.sigAlg(), text)))
	}
	query := joined(value, w.order)
	if w.editQuery != nil {
		query = w.editQuery(query)
	}
	return query
}

func (w *world) sigAlg() string {
	switch _, ec := w.key.Signer.(*ecdsa.PrivateKey); {
	case w.method != "":
		return w.method
	case ec:
		return idptest.ECDSASHA256
	}
	return idptest.RSASHA256
}

func joined(value map[string]string, order []string) string {
	var parts []string
	for _, name := range order {
		if v, ok := value[name]; ok {
			parts = append(parts, name+"="+v)
		}
	}
	return strings.Join(parts, "&")
}

func deflated(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	f, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte(s))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// detached signs as XML Signature encodes signatures, with bad methods too.
func detached(t testing.TB, key idptest.Key, method, text string) []byte {
	t.Helper()
	hash := crypto.SHA256
	switch {
	case strings.HasSuffix(method, "sha1"):
		hash = crypto.SHA1
	case strings.HasSuffix(method, "sha512"):
		hash = crypto.SHA512
	}
	h := hash.New()
	h.Write([]byte(text))
	switch k := key.Signer.(type) {
	case *rsa.PrivateKey:
		value, err := rsa.SignPKCS1v15(nil, k, hash, h.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		return value
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, h.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	t.Fatal("no such key")
	return nil
}

// enveloped signs the document element with goxmldsig, which is not what we
// verify with.
func enveloped(t testing.TB, key idptest.Key, method, xml string) string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(xml); err != nil {
		return xml // a test of what is no XML
	}
	if err := (idptest.Signing{Key: key.Signer, KeyInfo: idptest.Certs(key), Method: method}).Sign(doc.Root()); err != nil {
		t.Fatal(err)
	}
	out, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
