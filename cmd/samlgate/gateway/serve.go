package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/peer"
)

func (r *Runner) serveAdmin(cfg *config.Config, failed chan<- error) (*http.Server, net.Addr, error) {
	l, err := listen(cfg.Server.AdminListen)
	if err != nil {
		return nil, nil, fmt.Errorf("server.admin_listen: %w", err)
	}
	h := admin.NewHandler(admin.Config{Health: r.health, Metrics: r.metrics, Tokens: r.tokens, Setup: r.setup, API: r.api(), Loopback: onLoopback(l.Addr())})
	s := server(h, r.log)
	addr := l.Addr()
	var secure *tls.Config
	if pair := cfg.Server.AdminTLS; pair != nil {
		secure = serverTLS(&config.ServerTLS{MinVersion: "1.2", Certificates: []config.KeyPair{*pair}})
	}
	go func() { failed <- serving("admin", s.Serve(peer.Guard(l, secure, nil))) }() // ends with Close
	return s, addr, nil
}

func (r *Runner) servePublic(cfg *config.Config, failed chan<- error) (*http.Server, net.Addr, error) {
	l, err := listen(cfg.Server.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("server.listen: %w", err)
	}
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.current.Load().gateway.ServeHTTP(w, q) })
	if r.opts.Front != nil {
		h = r.opts.Front(h)
	}
	s := server(r.counted(h), r.log)
	addr := l.Addr()
	var secure *tls.Config
	if cfg.Server.TLS != nil {
		secure = serverTLS(cfg.Server.TLS)
		secure.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return r.current.Load().tls, nil // a reload brings renewed certificates
		}
	}
	guarded := peer.Guard(l, secure, r.answerRefused(s, true))
	go func() { failed <- serving("public", s.Serve(guarded)) }() // ends with Shutdown or Close
	return s, addr, nil
}

func (r *Runner) serveRedirect(cfg *config.Config, failed chan<- error) (*http.Server, error) {
	l, err := listen(cfg.Server.HTTPListen)
	if err != nil {
		return nil, fmt.Errorf("server.http_listen: %w", err)
	}
	s := server(http.HandlerFunc(r.toHTTPS), r.log)
	guarded := peer.Guard(l, nil, r.answerRefused(s, false))
	go func() { failed <- serving("http", s.Serve(guarded)) }() // ends with Close
	return s, nil
}

// serving is the error of a listener that ended by itself.
func serving(name string, err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("the %s listener: %w", name, err)
}

func onLoopback(a net.Addr) bool {
	addr, err := netip.ParseAddrPort(a.String())
	return err == nil && addr.Addr().IsLoopback()
}
