package demo

import (
	"cmp"
	_ "embed"
	"html/template"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/headers"
)

//go:embed app.html
var appHTML string

var appPage = template.Must(template.New("app").Parse(appHTML))

// app is one of the two programs behind the gateway. It knows nothing of SAML:
// it shows the headers it received, and whether the signature holds.
type app struct {
	name, other string
	origin      string // of the gateway
	otherURL    string
	verifier    *headers.Verifier
}

type received struct{ Name, Value string }

type view struct {
	App, Other, OtherURL, Gateway string
	Path                          string
	Person                        string
	Verdict                       string
	Verified                      bool
	Public                        bool
	Identity, Headers             []received
	Visits                        string
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := view{App: a.name, Other: a.other, OtherURL: a.otherURL, Gateway: a.origin, Path: r.URL.RequestURI(), Public: r.URL.Path == "/about"}
	claims, err := a.verifier.Verify(r)
	switch {
	case err == nil:
		v.Verified, v.Verdict = true, "signature verifies"
		v.Person = strings.TrimSpace(claims.GivenName + " " + claims.FamilyName)
	case v.Public:
		v.Verdict = "public page: nobody in particular"
	default:
		v.Verdict = "signature does NOT verify"
	}
	v.Identity, v.Headers = sorted(r.Header)
	v.Visits = a.remember(w, r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Cache-Control", "public, max-age=60") // a careless app: the gateway makes it private
	_ = appPage.Execute(w, v)
}

// sorted parts what the gateway says about the person from the rest.
func sorted(h http.Header) (identity, rest []received) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			if strings.HasPrefix(name, "X-Auth-") {
				identity = append(identity, received{name, value})
			} else {
				rest = append(rest, received{name, value})
			}
		}
	}
	slices.SortStableFunc(identity, func(x, y received) int { return cmp.Compare(len(x.Value)/100, len(y.Value)/100) }) // the token last
	return identity, rest
}

// remember is the app's own session, by which a careless app would mix up two
// people at one desk: its cookie counts visits.
func (a *app) remember(w http.ResponseWriter, r *http.Request) string {
	name := strings.ToLower(a.name) + "_session"
	visits := "I"
	if c, err := r.Cookie(name); err == nil && len(c.Value) < 12 {
		visits = c.Value + "I"
	}
	http.SetCookie(w, &http.Cookie{Name: name, Value: visits, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return visits
}

// start serves the app on a free port of loopback and returns its URL.
func (a *app) start() (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	s := &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // ends with Close
	return s, "http://" + l.Addr().String(), nil
}
