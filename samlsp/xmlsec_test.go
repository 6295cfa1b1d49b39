package samlsp

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// The responses in testdata/xmlsec were signed by another program, xmlsec1 of
// libxml2: default namespaces, a prefix list, line breaks, odd characters,
// attributes whose order depends on namespaces; in the last, xml:lang beside
// xsi:type and prefix lists in every place, with #default.
func TestSignedByXMLSec(t *testing.T) {
	for name, certificate := range map[string]string{
		"rsa256-assertion": "rsa.crt", "rsa512-response": "rsa.crt", "ecdsa384-assertion": "ec.crt",
		"rsa256-namespaces": "rsa-namespaces.crt",
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "xmlsec", name+".xml"))
		if err != nil {
			t.Fatal(err)
		}
		m := good()
		m.idp.Certificates = []*x509.Certificate{testKeys().rsa.Certificate, readCertificate(t, certificate)}
		m.rawFormValue = encode(string(text))
		a := allow(t, name, m)
		if a == nil {
			continue
		}
		id, err := a.Identity()
		if err != nil || id.Person != "ana@example.com" || id.FirstName != "Grüße & 'x' \"y\" > \r漢" || strings.Join(id.Roles, "|") != "a" {
			t.Errorf("%s: %+q, %v", name, id, err)
		}
		m.rawFormValue = encode(strings.Replace(string(text), ">n-1<", ">n-2<", 1))
		m.replay = &idptest.Replays{}
		deny(t, name+", changed", ReasonDigestMismatch, m)
	}
}

func readCertificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "xmlsec", name))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
