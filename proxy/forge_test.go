package proxy_test

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dunglas/httpsfv"

	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/proxy/upstream"
)

// These hosts lead to a judge instead of an app.
const (
	forge = "https://forge.example.com" // guarded, but for /open/
	known = "https://known.example.com" // the same, and identity_on_public
)

// judge is an app that reads every request as CGI programs do (RFC 3875
// §4.1.18) and remembers who got through as somebody else.
type judge struct {
	verifier *headers.Verifier // of tokens
	sealed   *headers.Verifier // of signatures, at known

	mu       sync.Mutex
	seen     int
	verdicts []string
}

// newForge is a world with a judge behind two hosts.
func newForge(t testing.TB) (*world, *judge) {
	t.Helper()
	j := &judge{}
	server := httptest.NewServer(j)
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(s *setup) {
		s.accessLog = false
		s.memory = 1 << 20
		for _, host := range []string{"forge.example.com", "known.example.com"} {
			names := headers.DefaultNames()
			names.Set = map[string]string{"X-Api-Key": "the-apps-own"}
			up, err := upstream.New(upstream.Config{URL: target})
			if err != nil {
				t.Fatal(err)
			}
			s.routes = append(s.routes, &proxy.Route{
				Name: host, Audience: "forge", IDPs: []string{"corp"}, Unauthenticated: proxy.Never, Names: names, Upstream: up,
				Public: patterns("/open/"), IdentityOnPublic: host == "known.example.com",
			})
			s.hosts[host] = []string{host}
		}
		var err error
		s.route("known.example.com").Message, err = headers.NewMessageSigner(headers.MessageSignerConfig{
			Keys: []headers.Key{{ID: "k1", Private: ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.route("jobs").Names.Username = "X-WebAuth-User" // managed everywhere, set there alone
	})
	keys, err := headers.ParseKeySet([]byte(w.browser().do(sso+"/.samlgate/jwks.json", ask{}).text))
	w.must(err)
	j.verifier, err = headers.NewVerifier(headers.VerifierConfig{Issuer: w.external.String(), Audience: "forge", Keys: keys, Now: w.now})
	w.must(err)
	j.sealed, err = headers.NewVerifier(headers.VerifierConfig{Issuer: w.external.String(), Audience: "forge", Keys: keys, Now: w.now,
		Proof: headers.BySignature, Authorities: []string{"known.example.com"}, Managed: []string{"X-Api-Key"}})
	w.must(err)
	return w, j
}

func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the trailer comes after it
	verdict := j.verdict(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen++
	if verdict != "" && len(j.verdicts) < 10 {
		j.verdicts = append(j.verdicts, fmt.Sprintf("%s %s%s: %s", r.Method, r.Host, r.URL, verdict))
	}
	_, _ = io.WriteString(w, "judged")
}

// notOurs is what no client may bring along, and we set nowhere here.
var notOurs = []string{
	"HTTP_X_AUTH_EMPLOYEE_ID", "HTTP_X_WEBAUTH_USER", "HTTP_REMOTE_USER",
	"HTTP_X_REMOTE_USER", "HTTP_X_FORWARDED_USER", "HTTP_X_FORWARDED_EMAIL", "HTTP_X_FORWARDED_GROUPS", "HTTP_X_AUTH_AUDIENCE",
	"HTTP_SCRIPT_NAME", "HTTP_PATH_INFO", "HTTP_PROXY", "HTTP_X_ORIGINAL_URL", "HTTP_X_ORIGINAL_URI", "HTTP_X_REWRITE_URL", "HTTP_X_HTTP_METHOD_OVERRIDE",
	"HTTP_X_METHOD_OVERRIDE", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_TRUE_CLIENT_IP", "HTTP_X_CLIENT_CERT",
	"HTTP_SSL_CLIENT_CERT", "HTTP_SSL_CLIENT_VERIFY", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX",
}

// ours is set where there is somebody.
var ours = []string{
	"HTTP_X_AUTH_EMAIL", "HTTP_X_AUTH_ROLES", "HTTP_X_AUTH_FIRST_NAME", "HTTP_X_AUTH_LAST_NAME", "HTTP_X_AUTH_ASSERTION",
}

// verdict says what is wrong with a request that reached the app.
func (j *judge) verdict(r *http.Request) string {
	vars := variables(r.Header)
	for name, values := range variables(r.Trailer) {
		vars[name] = append(vars[name], values...)
	}
	public := strings.HasPrefix(r.URL.Path, "/open/")
	email := vars["HTTP_X_AUTH_EMAIL"]
	if somebody := len(email) > 0; somebody && public && r.Host != "known.example.com" || !somebody && !public {
		return fmt.Sprintf("the person is %q", email)
	}
	want := map[string]string{"HTTP_X_API_KEY": "the-apps-own", "HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_FORWARDED_HOST": r.Host}
	if len(email) > 0 {
		want["HTTP_X_AUTH_EMAIL"], want["HTTP_X_AUTH_ROLES"] = ann, "editor"
		want["HTTP_X_AUTH_FIRST_NAME"], want["HTTP_X_AUTH_LAST_NAME"] = "Ann", "Lee"
		want["HTTP_X_AUTH_ASSERTION"] = r.Header.Get("X-Auth-Assertion")
		if c, err := j.verifier.Verify(r); err != nil || c.Email != ann {
			return fmt.Sprintf("the token: %v", err)
		}
	}
	if r.Host == "known.example.com" && len(email) > 0 {
		want["HTTP_X_AUTH_AUDIENCE"] = "forge"
		if _, err := j.sealed.Verify(r); err != nil {
			return fmt.Sprintf("the signature: %v", err)
		}
	} else if signedByUs(r.Header) {
		return "somebody signs in our name"
	}
	for _, name := range slices.Concat(notOurs, ours) {
		if want[name] == "" && vars[name] != nil {
			return fmt.Sprintf("%s is %q", name, vars[name])
		}
	}
	for name, value := range want {
		if !slices.Equal(vars[name], []string{value}) {
			return fmt.Sprintf("%s is %q, want %q alone", name, vars[name], value)
		}
	}
	for name := range strings.SplitSeq(strings.Join(r.Header["Connection"], ","), ",") {
		if v := variable(strings.TrimSpace(name)); want[v] != "" || slices.Contains(notOurs, v) {
			return "Connection names " + name
		}
	}
	return ""
}

// signedByUs reports whether a reader of RFC 9421 finds our label.
func signedByUs(h http.Header) bool {
	for _, field := range []string{"Signature", "Signature-Input"} {
		if d, err := httpsfv.UnmarshalDictionary(h[field]); err == nil {
			if _, there := d.Get("samlgate"); there {
				return true
			}
		}
	}
	return false
}

// variables are the variables of a request; all headers of one variable are in one.
func variables(h http.Header) map[string][]string {
	vars := map[string][]string{}
	for name, values := range h {
		vars[variable(name)] = append(vars[variable(name)], values...)
	}
	return vars
}

func variable(header string) string {
	return "HTTP_" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.ToUpper(header))
}

// sentence fails the test if anybody got through as somebody else, and returns
// how many requests were judged.
func (j *judge) sentence(t testing.TB) int {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.verdicts) > 0 {
		t.Fatal(strings.Join(j.verdicts, "\n"))
	}
	return j.seen
}
