package testenv

// Ciphers that both peers can encrypt an assertion with; the key goes by RSA-OAEP
// (mgf1p, SHA-1), the only padding but RSA-1.5 that their libraries know.
const (
	AES128GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
	AES256GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	AES128CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc" // what SimpleSAMLphp does by itself
	AES256CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	TripleDES = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc" // what pysaml2 does by itself
)

// AnswerOptions is how an identity provider makes a Response. It signs with
// RSA-SHA256.
type AnswerOptions struct {
	SignAssertion, SignResponse bool
	Encrypt                     string // a cipher; empty = not encrypted
	NameIDFormat                string // where the request leaves it open; empty = Persistent
}

// How an identity provider sends its LogoutRequests.
const (
	ByRedirect = "redirect"
	ByPost     = "post"
	BySOAP     = "soap"
)

func (o AnswerOptions) nameIDFormat() string {
	if o.NameIDFormat == "" {
		return Persistent
	}
	return o.NameIDFormat
}

func (o AnswerOptions) settings() object {
	return object{
		"sign_assertion": o.SignAssertion, "sign_response": o.SignResponse,
		"encrypt": o.Encrypt, "name_id_format": o.nameIDFormat(),
	}
}
