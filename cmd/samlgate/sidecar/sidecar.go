package sidecar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/proxy/peer"
	"github.com/samlgate/samlgate/proxy/upstream"
)

// Config is what a sidecar is made of.
type Config struct {
	Verifier *headers.Verifier
	Managed  *headers.Managed // what nobody but the gateway may say to the app
	Upstream *url.URL         // the app; nil: verdicts only
	// Anonymous lets requests without any proof through as nobody's, with every
	// managed header removed: the public paths of a route.
	Anonymous bool
	Log       *slog.Logger
}

// New returns the handler, or says why the upstream is none.
func New(c Config) (http.Handler, error) {
	if c.Upstream == nil {
		return &judge{c}, nil
	}
	app, err := upstream.New(upstream.Config{URL: c.Upstream})
	if err != nil {
		return nil, err
	}
	return &proxy{judge{c}, app}, nil
}

// Serve answers on l until ctx is done; then requests have 10 s to end.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ConnState: peer.Follow}
	done := make(chan error, 1)
	go func() { // ends by ctx, or with the server
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		done <- s.Shutdown(grace)
	}()
	if err := s.Serve(peer.Guard(l, nil, nil)); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return <-done
}

// judge decides about one request.
type judge struct{ Config }

// verdict says whether a request may pass, 200 or the status of a refusal, and
// what it may say about a person: nothing where it comes from nobody.
func (j *judge) verdict(r *http.Request) (status int, identity http.Header) {
	_, err := j.Verifier.Verify(r)
	switch {
	case err == nil:
		identity = http.Header{}
		for name, values := range r.Header {
			if j.Managed.Has(name) {
				identity[name] = values
			}
		}
		return http.StatusOK, identity
	case errors.Is(err, headers.ErrKeysUnavailable):
		j.Log.Error("the gateway's keys are out of reach", "err", err)
		return http.StatusServiceUnavailable, nil
	case !errors.Is(err, headers.ErrNoToken):
		j.Log.Info("request refused", "err", err)
		return http.StatusForbidden, nil
	case j.Anonymous:
		return http.StatusOK, nil
	}
	j.Log.Info("request refused", "err", err)
	return http.StatusUnauthorized, nil
}

// refuse answers for a request that may not pass. No cache may give this to
// others.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	text := "This request does not come from the sign-in gateway."
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
		text = "The sign-in gateway's keys are not available. Please try again in a moment."
	}
	http.Error(w, text, status)
}

// proxy forwards what may pass.
type proxy struct {
	judge
	app *upstream.Upstream
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := upstream.CheckFraming(r); err != nil || r.URL.IsAbs() {
		refuse(w, http.StatusBadRequest)
		return
	}
	status, identity := p.verdict(r)
	if status != http.StatusOK {
		refuse(w, status)
		return
	}
	x := upstream.Exchange{
		Path: r.URL.EscapedPath(), Host: r.Host, Proto: r.Header.Get("X-Forwarded-Proto"),
		Prepare: func(out *http.Request) error {
			// Whatever could be taken for the gateway's word goes, and what was
			// verified comes back, also where a "Connection:" list took it out.
			p.Managed.Strip(out.Header, nil)
			maps.Copy(out.Header, identity)
			return nil
		},
	}
	x.Client, _ = netip.ParseAddr(r.Header.Get("X-Forwarded-For")) // as the gateway says; else none
	p.app.Forward(w, r, x)
}
