package httpsig

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The keys of RFC 9421 appendix B.1.
const (
	vectorP256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----`
	vectorEd25519 = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----`
	vectorSecret = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
)

// vectorRequest is test-request of appendix B.2.
func vectorRequest() Message {
	return Message{
		Method: "POST", Authority: "example.com", Target: "/foo?param=Value&Pet=dog",
		Header: http.Header{
			"Date": {"Tue, 20 Apr 2021 02:07:55 GMT"}, "Content-Type": {"application/json"}, "Content-Length": {"18"},
			"Content-Digest": {"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"},
		},
	}
}

// vectorResponse is test-response of appendix B.2.
func vectorResponse() Message {
	return Message{Status: 200, Header: http.Header{
		"Date": {"Tue, 20 Apr 2021 02:07:56 GMT"}, "Content-Type": {"application/json"}, "Content-Length": {"23"},
		"Content-Digest": {"sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:"},
	}}
}

func vectorKey(t testing.TB, id string) *Key {
	t.Helper()
	var key *Key
	var err error
	switch id {
	case "test-key-ecc-p256":
		block, _ := pem.Decode([]byte(vectorP256))
		public, perr := x509.ParsePKIXPublicKey(block.Bytes)
		if perr != nil {
			t.Fatal(perr)
		}
		key, err = NewPublicKey(id, public)
	case "test-key-ed25519":
		block, _ := pem.Decode([]byte(vectorEd25519))
		private, perr := x509.ParsePKCS8PrivateKey(block.Bytes)
		if perr != nil {
			t.Fatal(perr)
		}
		key, err = NewPrivateKey(id, private.(crypto.Signer))
	case "test-shared-secret":
		secret, perr := base64.StdEncoding.DecodeString(vectorSecret)
		if perr != nil {
			t.Fatal(perr)
		}
		key, err = NewSecretKey(id, secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var vectors = []struct {
	name, label, input, signature string
	base                          string // without the last line
	message                       func() Message
	reproducible                  bool // ECDSA is not deterministic
}{
	{
		"B.2.4 ecdsa-p256-sha256", "sig-b24",
		`("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"`,
		"wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
		"\"@status\": 200\n\"content-type\": application/json\n" +
			"\"content-digest\": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:\n\"content-length\": 23\n",
		vectorResponse, false,
	},
	{
		"B.2.5 hmac-sha256", "sig-b25",
		`("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
		"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
		"\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n",
		vectorRequest, true,
	},
	{
		"B.2.6 ed25519", "sig-b26",
		`("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
		"wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
		"\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@authority\": example.com\n" +
			"\"content-type\": application/json\n\"content-length\": 18\n",
		vectorRequest, true,
	},
}

// Appendix B.2, as far as it uses our algorithms and components.
func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			m := v.message()
			m.Header["Signature-Input"] = []string{v.label + "=" + v.input}
			m.Header["Signature"] = []string{v.label + "=:" + v.signature + ":"}
			s, err := Parse(m.Header, v.label)
			if err != nil {
				t.Fatal(err)
			}
			base, err := m.base(nil, s.components, []byte(s.params))
			if want := v.base + `"@signature-params": ` + v.input; err != nil || string(base) != want {
				t.Fatalf("%v, the base is\n%s\nwant\n%s", err, base, want)
			}
			key := vectorKey(t, s.KeyID)
			if err := s.Verify(m, key); err != nil {
				t.Error(err)
			}
			for _, name := range s.Components {
				changed := v.message()
				changed.change(name)
				if err := s.Verify(changed, key); err == nil {
					t.Errorf("%s may change", name)
				}
			}
			if !v.reproducible {
				return
			}
			input, signature, err := key.Sign(m, s.components, Params{Created: time.Unix(1618884473, 0)})
			if err != nil || input != v.input || signature != ":"+v.signature+":" {
				t.Errorf("signed anew: %s %s %v", input, signature, err)
			}
		})
	}
}

// change alters one component.
func (m *Message) change(name string) {
	switch name {
	case "@status":
		m.Status++
	case "@method":
		m.Method = "PUT"
	case "@authority":
		m.Authority = "example.net"
	case "@path":
		m.Target = strings.Replace(m.Target, "/foo", "/fop", 1)
	case "@query":
		m.Target += "&x"
	default:
		m.Header.Set(name, m.Header.Get(name)+"1")
	}
}
