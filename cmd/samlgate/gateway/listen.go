package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/route"
)

// server returns an http.Server with the limits that hold on every listener.
// Requests of apps may take long, so there is no time limit for a whole one.
func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// listen opens a TCP address or a Unix socket. A socket that a dead process
// left behind is replaced; one that answers is not.
func listen(a config.Address) (net.Listener, error) {
	if a.Network == "unix" {
		if err := removeStale(a.Addr); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen(a.Network, a.Addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	return l, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("listening: %s exists and is no socket", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close()
		return fmt.Errorf("listening: %s belongs to a process that runs", path)
	}
	return os.Remove(path)
}

// serverTLS is how the public listener speaks TLS: the certificate is chosen
// by the name the client asks for, the first one is the answer to all others.
func serverTLS(t *config.ServerTLS) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.MinVersion == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	for _, pair := range t.Certificates {
		c.Certificates = append(c.Certificates, pair.TLS())
	}
	return c
}

// toHTTPS sends people from http to the same address on https: on the port of
// external_url, and for hosts that we serve only.
func (r *Runner) toHTTPS(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Connection", "close")
	if q.Method != http.MethodGet && q.Method != http.MethodHead {
		http.Error(w, "use https", http.StatusForbidden) // what was sent has been in the clear already
		return
	}
	t := r.current.Load()
	host, err := route.CanonicalHost(q.Host)
	if err != nil || !t.serves(host) {
		http.Error(w, "no such host here", http.StatusMisdirectedRequest)
		return
	}
	if port := t.cfg.Server.ExternalURL.Port(); port != "" {
		host += ":" + port
	}
	http.Redirect(w, q, "https://"+host+q.URL.RequestURI(), http.StatusPermanentRedirect)
}
