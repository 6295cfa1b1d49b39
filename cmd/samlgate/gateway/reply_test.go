package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// replied opens the wiki and returns what becomes of this answer of the identity
// provider.
func (s *site) replied(who idptest.Subject, opts ...idptest.Option) answer {
	s.Helper()
	asked, err := s.issuer.ParseRequest(httptest.NewRequest(http.MethodGet, s.get(s.url("wiki", "/")).url, nil))
	s.must(err)
	response, err := s.issuer.Response(asked, who, opts...)
	s.must(err)
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, asked.ACSURL, strings.NewReader(url.Values{"SAMLResponse": {response}}.Encode()))
	s.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	return s.do(s.client, r)
}

// Whoever has signed in too weakly, or too long ago, can do something about it
// once they know.
func TestWhatIsWrongWithASignIn(t *testing.T) {
	ana := idptest.Person{Email: "ana@example.com"}.Subject()
	const strong = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken"
	for _, c := range []struct {
		rule     string // of the provider
		route    string
		bad, fit idptest.Option
		says     string
	}{
		{"authn_context: [" + strong + "]", "", nil, idptest.AuthnContext(strong), "in the way that is needed here"},
		{"", "authn_context: [" + strong + "],", nil, idptest.AuthnContext(strong), "in the way that is needed here"},
		{"force_authn: true", "", idptest.SignedIn(time.Now().Add(-time.Hour)), idptest.SignedIn(time.Now()), "too long ago"},
		{"", "max_auth_age: 5m,", idptest.SignedIn(time.Now().Add(-time.Hour)), idptest.SignedIn(time.Now()), "too long ago"},
		{"", "max_auth_age: 1m,", idptest.SignedIn(time.Now().Add(-2 * time.Minute)), idptest.SignedIn(time.Now()), "too long ago"}, // within the skew
	} {
		s := prepare(t)
		s.change("metadata_file: corp.xml", "metadata_file: corp.xml\n      "+c.rule)
		s.change("host: wiki.localhost,", "host: wiki.localhost, "+c.route).run()
		if c.bad == nil {
			c.bad = idptest.Together()
		}
		if a := s.replied(ana, c.bad); a.status != 403 || !strings.Contains(a.body, c.says) || !strings.Contains(a.body, "<bdi>corp</bdi>") {
			t.Errorf("%s%s: %d %s", c.rule, c.route, a.status, a.body)
		}
		if a := s.replied(ana, c.fit); a.body != "hello ana@example.com" {
			t.Errorf("%s%s, the twin: %d %s", c.rule, c.route, a.status, a.body)
		}
	}
}
