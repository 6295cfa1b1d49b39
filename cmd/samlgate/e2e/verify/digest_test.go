package verify

import (
	"net/http"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// TestBodies has the gateway sign small bodies, too. The filter in Java cannot
// check one, and so refuses it.
func TestBodies(t *testing.T) {
	w := startWorldsWith(t, extra{Signature: ", content_digest_bytes: 64KiB"}, httpsig.Ed25519)[0]
	small, large := strings.Repeat("name=Núñez&", 4000), strings.Repeat("name=Núñez&", 40000)
	cases := []attack{
		{"another body", func(t testing.TB, w *world) message {
			m := w.posted(t, small)
			m.body = strings.Replace(m.body, "Núñez", "Núñes", 1)
			return m
		}},
		{"no body", func(t testing.TB, w *world) message {
			m := w.posted(t, small).without("Content-Length").with("Content-Length: 0")
			m.body = ""
			return m
		}},
		{"a body", altered(func(_ testing.TB, m message) message {
			m.body = "pay=me"
			return m.with("Content-Length: 6")
		})},
		{"a body in chunks", altered(func(_ testing.TB, m message) message {
			m.body = "6\r\npay=me\r\n0\r\n\r\n"
			return m.with("Transfer-Encoding: chunked")
		})},
	}
	for _, v := range []verifier{goVerifier, pythonVerifier, nodeVerifier, javaVerifier, phpVerifier} {
		t.Run(v.name, func(t *testing.T) {
			addr := v.start(t, w.settings(), patch{}, patch{})
			wrong := map[string]string{}
			w.attack(t, addr, cases, wrong)
			for name, what := range wrong {
				t.Errorf("%s: %s", name, what)
			}
			w.rec.to(addr)
			for _, body := range []string{"", "a=b", small, large} {
				want := hello(len(body))
				if v.language == "java" && body != "" && body != large {
					want = "This request does not come from the sign-in gateway."
				}
				if _, answer := w.do(t, http.MethodPost, "/notes", body); strings.TrimSpace(answer) != want {
					t.Errorf("a body of %d bytes: %s", len(body), answer)
				}
			}
		})
	}
}

// posted is a genuine POST that no app has received yet.
func (w *world) posted(t testing.TB, body string) message {
	t.Helper()
	w.rec.to("")
	if status, _ := w.do(t, http.MethodPost, "/notes", body); status != http.StatusNoContent {
		t.Fatalf("the gateway answers %d", status)
	}
	return parse(t, w.rec.last())
}
