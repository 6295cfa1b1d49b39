// Package backchannel tells apps that a session has ended, so that they can end
// their own: routes[].logout.notify_url. The message is that of OpenID Connect
// Back-Channel Logout 1.0, §2.5: a POST with one signed logout token, which an
// app checks with the keys it knows already.
package backchannel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Target is one app that wants to know.
type Target struct {
	Route    string // configured name
	Audience string // of its tokens
	URL      string
}

// Config is what a [Notifier] is made of.
type Config struct {
	Targets []Target
	// Sign returns the logout token for one app.
	Sign func(audience, subject, sessionID string) (string, error)
	// Failed is told which app could not be told. May be nil.
	Failed func(route string, err error)
	Client *http.Client // nil = one with its own connections
}

const (
	waiting  = 1024            // messages that may wait; more are given up
	patience = 5 * time.Second // for one answer
	attempts = 2
	workers  = 4
)

// errFull says that more sessions end than apps can be told of.
var errFull = errors.New("too many messages wait already")

// Notifier sends messages in the background. A nil Notifier sends none.
type Notifier struct {
	cfg   Config
	queue chan message
	done  sync.WaitGroup // the workers

	mu     sync.Mutex
	closed bool // guarded by mu: nothing enters the queue any more
}

type message struct {
	target             Target
	subject, sessionID string
}

// New starts the workers; [Notifier.Close] ends them. Without targets it
// returns nil.
func New(cfg Config) *Notifier {
	if len(cfg.Targets) == 0 {
		return nil
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, IdleConnTimeout: time.Minute}}
	}
	own := *cfg.Client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.Client = &own
	n := &Notifier{cfg: cfg, queue: make(chan message, waiting)}
	for range workers {
		n.done.Go(n.work)
	}
	return n
}

// Ended tells every app that the session is over. It never waits.
func (n *Notifier) Ended(subject, sessionID string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	for _, t := range n.cfg.Targets {
		select {
		case n.queue <- message{t, subject, sessionID}:
		default:
			n.failed(t.Route, errFull)
		}
	}
}

// Close sends what waits and ends the workers, at the latest when ctx is done.
func (n *Notifier) Close(ctx context.Context) {
	if n == nil {
		return
	}
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		close(n.queue)
	}
	n.mu.Unlock()
	done := make(chan struct{})
	go func() { n.done.Wait(); close(done) }() // ends with the last answer, or its patience
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (n *Notifier) work() {
	for m := range n.queue {
		var err error
		for range attempts {
			if err = n.send(m); err == nil {
				break
			}
		}
		if err != nil {
			n.failed(m.target.Route, err)
		}
	}
}

// send makes a token of its own for each attempt: one that was on its way too
// long is stale.
func (n *Notifier) send(m message) error {
	token, err := n.cfg.Sign(m.target.Audience, m.subject, m.sessionID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	form := url.Values{"logout_token": {token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.target.URL, strings.NewReader(form))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := n.cfg.Client.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the app answered %d", res.StatusCode)
	}
	return nil
}

func (n *Notifier) failed(route string, err error) {
	if n.cfg.Failed != nil {
		n.cfg.Failed(route, err)
	}
}
