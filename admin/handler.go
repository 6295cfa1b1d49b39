package admin

import (
	"crypto/sha256"
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
	API      API
	Setup    func() Setup // nil: there are no pages below /setup/
	Loopback bool         // the listener is on loopback: only loopback names may ask for it
}

// NewHandler returns the handler of the admin listener.
func NewHandler(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", cfg.Health.livez)
	mux.HandleFunc("GET /readyz", cfg.Health.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(cfg.Metrics.registry, promhttp.HandlerOpts{}))
	mux.Handle("/api/", cfg.apiHandler())
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
