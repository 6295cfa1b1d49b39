package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Token opens the administration API. Only its hash is kept.
type Token struct {
	Hash [sha256.Size]byte
	Role string
}

// Config is what the admin listener serves.
type Config struct {
	Health   *Health
	Metrics  *Metrics
	Tokens   func() []Token // those of now: a reload takes tokens away
	Setup    func() Setup   // nil: there are no pages below /setup/
	Loopback bool           // the listener is on loopback: only loopback names may ask for it
}

// NewHandler returns the handler of the admin listener.
func NewHandler(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", cfg.Health.livez)
	mux.HandleFunc("GET /readyz", cfg.Health.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(cfg.Metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/api/", cfg.api)
	if cfg.Setup != nil {
		mux.HandleFunc("GET /setup", cfg.setupList)
		mux.HandleFunc("GET /setup/{$}", cfg.setupList)
		mux.HandleFunc("GET /setup/{idp}", cfg.setupGuide)
		mux.HandleFunc("GET /setup/{idp}/{as}", cfg.setupGuide)
	}
	if !cfg.Loopback {
		return mux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackName(r.Host) {
			plain(w, http.StatusMisdirectedRequest, "this listener answers to loopback names only")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// loopbackName: a web page that rebinds its own name to 127.0.0.1 still sends
// that name.
func loopbackName(hostport string) bool {
	host := strings.ToLower(hostport)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// api lets nobody in without a token.
func (cfg Config) api(w http.ResponseWriter, r *http.Request) {
	if !cfg.authorized(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="samlgate"`)
		plain(w, http.StatusUnauthorized, "a token of server.admin_tokens is needed")
		return
	}
	plain(w, http.StatusNotFound, "no such resource")
}

func (cfg Config) authorized(r *http.Request) bool {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") { // RFC 9110 §11.1: a scheme has no case
		return false
	}
	sum := sha256.Sum256([]byte(token))
	found := 0
	for _, t := range cfg.Tokens() {
		found |= subtle.ConstantTimeCompare(sum[:], t.Hash[:])
	}
	return found == 1
}
