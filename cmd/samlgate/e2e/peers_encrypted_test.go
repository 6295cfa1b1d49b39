package e2e

import (
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// encrypted has the identity provider encrypt for the key in the gateway's own
// metadata. AES-CBC proves nothing of what was encrypted, so it needs a
// signature around it or the operator's word.
func (h house) encrypted(t *testing.T) {
	careful, lenient := h.open(t, "redirect"), h.open(t, "redirect, allow_cbc: true")
	assertion, response := testenv.AnswerOptions{SignAssertion: true}, testenv.AnswerOptions{SignResponse: true}
	both, neither := testenv.AnswerOptions{SignAssertion: true, SignResponse: true}, testenv.AnswerOptions{}
	for _, c := range []struct {
		name   string
		signed testenv.AnswerOptions
		cipher string
		enters map[office]bool
	}{
		{"AES-128-GCM, assertion signed", assertion, testenv.AES128GCM, map[office]bool{careful: true}},
		{"AES-256-GCM, assertion signed", assertion, testenv.AES256GCM, map[office]bool{careful: true}},
		{"AES-256-GCM, response signed", response, testenv.AES256GCM, map[office]bool{careful: true}},
		{"AES-256-GCM, both signed", both, testenv.AES256GCM, map[office]bool{careful: true}},
		{"AES-256-GCM, nothing signed", neither, testenv.AES256GCM, map[office]bool{careful: false, lenient: false}},
		{"AES-128-CBC, response signed", response, testenv.AES128CBC, map[office]bool{careful: true}},
		{"AES-256-CBC, both signed", both, testenv.AES256CBC, map[office]bool{careful: true}},
		{"AES-128-CBC, assertion signed", assertion, testenv.AES128CBC, map[office]bool{careful: false, lenient: true}},
		{"AES-256-CBC, nothing signed", neither, testenv.AES256CBC, map[office]bool{careful: false, lenient: false}},
		{"3DES, both signed", both, testenv.TripleDES, map[office]bool{careful: false, lenient: false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.signed.Encrypt = c.cipher
			h.idp.Answer(t, c.signed)
			for o, enters := range c.enters {
				client := testenv.NewClient(t)
				form := h.idp.Login(t, client, o.site.App("wiki")+"/echo", testenv.Ana)
				expectEncrypted(t, form, c.cipher)
				res := submit(t, client, form)
				if enters {
					expectHeaders(t, echoed(t, res), testenv.Ana)
				} else {
					o.expectRefusal(t, client, res, notAccepted)
				}
			}
		})
	}
	h.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true})
}

// expectEncrypted makes sure that an answer is what the subtest's name says, and
// shows nothing of the person.
func expectEncrypted(t *testing.T, f testenv.Form, cipher string) {
	t.Helper()
	xml := document(t, f)
	if !strings.Contains(xml, "EncryptedAssertion") || !strings.Contains(xml, cipher) {
		t.Errorf("the answer is not encrypted with %s", cipher)
	}
	if strings.Contains(xml, testenv.Ana.Email) {
		t.Error("the answer shows an address")
	}
}
