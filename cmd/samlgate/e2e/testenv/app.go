package testenv

import (
	"encoding/json"
	"html/template"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// App is a legacy web application: it knows nothing of SAML, believes the
// headers it receives, and keeps its own session cookie as old software does.
type App struct {
	Name string
	URL  string // the upstream: http://127.0.0.1:PORT

	mu     sync.Mutex
	seen   []*http.Request                     // guarded by mu
	verify func(*http.Request) (string, error) // guarded by mu
}

// AppCookie is the name of a legacy app's own session cookie. Its value is the
// e-mail address of the person who was there when the app set it, so that a
// session that the next person inherits shows.
const AppCookie = "legacy_session"

// CarelessPath is where a legacy app lets everybody keep its pages for ten
// minutes, whoever they are about, as old software does.
const CarelessPath = "/careless/"

// StreamPath is where a legacy app sends events (HTML, "server-sent events") for
// as long as somebody listens. There is one only.
const StreamPath = "/stream"

// KeptPath is where pages of a legacy app load the gateway's keep.js and hold
// work that must survive, under a policy that allows what is of their own host
// and nothing inline.
const KeptPath = "/kept/"

// Echo is what a legacy app answers at /echo: the request as it arrived.
type Echo struct {
	Method, Host, URL string
	Header            http.Header
}

// LegacyApp starts an app. Every path but /echo shows the page.
func LegacyApp(t testing.TB, name string) *App {
	t.Helper()
	a := &App{Name: name}
	mux := http.NewServeMux()
	mux.HandleFunc("/", a.page)
	mux.HandleFunc("/echo", a.echo)
	mux.HandleFunc(StreamPath, stream)
	mux.HandleFunc(SocketPath, socket)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.seen = append(a.seen, r.Clone(t.Context()))
		a.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	a.URL = srv.URL
	return a
}

// VerifyWith makes the app check every request, as a modern app would check the
// signed assertion. The function returns the e-mail address that it proves.
func (a *App) VerifyWith(verify func(*http.Request) (string, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verify = verify
}

// Requests returns every request that reached the app, oldest first.
func (a *App) Requests() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.seen)
}

func (a *App) verified(r *http.Request) string {
	a.mu.Lock()
	verify := a.verify
	a.mu.Unlock()
	if verify == nil {
		return "not checked"
	}
	email, err := verify(r)
	if err != nil {
		return "no: " + err.Error()
	}
	return "yes: " + email
}

func (a *App) echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(Echo{r.Method, r.Host, r.URL.String(), r.Header})
	if err != nil {
		http.Error(w, "encoding the echo: "+err.Error(), http.StatusInternalServerError)
	}
}

func stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, err := io.WriteString(w, "data: here\n\n")
	if err == nil && http.NewResponseController(w).Flush() == nil {
		<-r.Context().Done()
	}
}

func (a *App) page(w http.ResponseWriter, r *http.Request) {
	email := r.Header.Get("X-Auth-Email")
	session := "new"
	if c, err := r.Cookie(AppCookie); err == nil {
		session = c.Value
	} else if email != "" {
		http.SetCookie(w, &http.Cookie{Name: AppCookie, Value: email, Path: "/", HttpOnly: true})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if strings.HasPrefix(r.URL.Path, CarelessPath) {
		w.Header().Set("Cache-Control", "public, max-age=600")
	}
	kept := strings.HasPrefix(r.URL.Path, KeptPath)
	if kept {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'")
	}
	err := appPage.Execute(w, map[string]any{
		"Kept": kept, "Name": a.Name, "URL": r.URL.String(), "Session": session, "Verified": a.verified(r),
		"Names": slices.Sorted(maps.Keys(r.Header)), "Header": r.Header,
	})
	if err != nil {
		http.Error(w, "writing the page: "+err.Error(), http.StatusInternalServerError)
	}
}

var appPage = template.Must(template.New("app").Parse(`<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>{{.Name}}</title>
{{if .Kept}}<script src="/.samlgate/keep.js" defer></script>
<label>work <input id="work"></label>
{{end}}<h1>Legacy app {{.Name}}</h1>
<p>address: <span id="url">{{.URL}}</span></p>
<p>app session of: <span id="app-session">{{.Session}}</span></p>
<p>signature verified: <span id="verified">{{.Verified}}</span></p>
<table>{{range $n := .Names}}<tr><th>{{$n}}<td id="{{$n}}">{{range $i, $v := index $.Header $n}}{{if $i}} | {{end}}{{$v}}{{end}}
{{end}}</table>
`))
