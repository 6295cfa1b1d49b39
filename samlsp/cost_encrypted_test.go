package samlsp

import (
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/xmlenc"
	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

// worstEncrypted is what hurts a reader who decrypts: all of it encrypted well,
// for anybody can, with two encrypted keys, for a provider with two keys.
func worstEncrypted(t testing.TB) map[string]string {
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	inside := func(text string) string { // a signature that is genuine over something else
		m := good()
		m.editSigned = func(s string) string {
			return strings.Replace(s, ">a</saml:AttributeValue>", ">"+text+"</saml:AttributeValue>", 1)
		}
		return encrypted(t, m.sealed(t))
	}
	return map[string]string{
		"encrypted, long text":           inside(many(520_000, "x")),
		"encrypted, references":          inside(many(130_000, "&lt;")),
		"encrypted, elements as allowed": inside(many(5_900, "<a/>"+many(80, "y"))),
		"encrypted, long names":          inside(many(4_300, "<"+many(58, "a")+"></"+many(58, "a")+">")),
		"encrypted, typed values":        inside(many(2_500, `<a xsi:type="xs:string">`+many(80, "y")+"</a>")),
		"encrypted, namespaces":          inside(many(780, "<a xmlns:a='u' xmlns:b='u' xmlns:c='u' xmlns:d='u' xmlns:e='u' xmlns:f='u' xmlns:g='u' xmlns:h='u' xmlns:i='u' xmlns:j='u'/>")),
		"encrypted, noise":               encrypted(t, strings.Replace(goodXML(), "<saml:Assertion ", many(520_000, "\x01")+"<saml:Assertion ", 1)),
	}
}

func TestWorstEncryptedInputIsCheap(t *testing.T) {
	sp := good().provider(t)
	sp.cfg.Keys = []KeyPair{testKeys().rsa, testKeys().rsa}
	measure(t, sp, worstEncrypted(t))
}

// encrypted puts the assertion of a response, with the namespaces that it needs,
// into an EncryptedAssertion.
func encrypted(t testing.TB, response string) string {
	t.Helper()
	begin, end := strings.Index(response, "<saml:Assertion"), strings.Index(response, "</samlp:Response>")
	plain := strings.Replace(response[begin:end], "<saml:Assertion ", `<saml:Assertion xmlns:saml="`+nsAssertion+
		`" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="`+nsXSI+`" `, 1)
	key, ok := testKeys().rsa.Key.(*rsa.PrivateKey)
	if !ok {
		t.Fatal("the key is not RSA")
	}
	r := xmlenctest.Recipe{Content: xmlenc.AES256GCM, Transport: xmlenc.OAEPMGF1P}
	text, err := r.Encrypt("EncryptedAssertion", []byte(plain), &key.PublicKey, &key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return response[:begin] + text + response[end:]
}
