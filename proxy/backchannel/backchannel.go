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
	// Subject says that the app may learn whose session it was. Every app hears
	// of every session, of people too who could never enter it: without Subject
	// the session's id, which only its own apps know, has to do (§2.4: one of
	// the two suffices).
	Subject bool
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
	waiting  = 1024            // messages that may wait for one app; more are given up
	patience = 5 * time.Second // for one answer
	attempts = 2
	workers  = 2 // for one app: one that hangs keeps no other waiting
)

// Why an app was not told.
var (
	errFull   = errors.New("too many messages wait already")
	errClosed = errors.New("the configuration was replaced meanwhile")
)

// Notifier sends messages in the background. A nil Notifier sends none.
type Notifier struct {
	cfg   Config
	boxes []*box
	done  sync.WaitGroup // the workers
	ctx   context.Context
	stop  context.CancelFunc // gives up what is under way

	mu     sync.Mutex
	closed bool // guarded by mu: nothing enters a queue any more
}

// box is what one app is to be told. Its workers begin with the first message,
// so that a configuration which never comes to serve leaves none behind.
type box struct {
	target Target
	queue  chan message
	begin  sync.Once
}

type message struct{ subject, sessionID string }

// New returns a Notifier; [Notifier.Close] ends its workers. Without targets it
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
	n := &Notifier{cfg: cfg}
	n.ctx, n.stop = context.WithCancel(context.Background())
	for _, t := range cfg.Targets {
		n.boxes = append(n.boxes, &box{target: t, queue: make(chan message, waiting)})
	}
	return n
}

// Ended tells every app that the session is over. It never waits.
func (n *Notifier) Ended(subject, sessionID string) {
	if n == nil {
		return
	}
	for _, b := range n.boxes {
		m := message{sessionID: sessionID}
		if b.target.Subject {
			m.subject = subject
		}
		if err := n.enqueue(b, m); err != nil {
			n.failed(b.target.Route, err)
		}
	}
}

func (n *Notifier) enqueue(b *box, m message) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return errClosed
	}
	b.begin.Do(func() {
		for range workers {
			n.done.Go(func() { n.work(b) })
		}
	})
	select {
	case b.queue <- m:
		return nil
	default:
		return errFull
	}
}

// Close sends what waits and ends the workers. When ctx is done it gives up the
// rest.
func (n *Notifier) Close(ctx context.Context) {
	if n == nil {
		return
	}
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		for _, b := range n.boxes {
			close(b.queue)
		}
	}
	n.mu.Unlock()
	giveUp := context.AfterFunc(ctx, n.stop)
	defer giveUp()
	n.done.Wait() // short after stop: nothing is sent any more
	n.stop()
}

func (n *Notifier) work(b *box) {
	for m := range b.queue {
		var err error
		for range attempts {
			if err = n.send(b.target, m); err == nil || n.ctx.Err() != nil {
				break
			}
		}
		if err != nil {
			n.failed(b.target.Route, err)
		}
	}
}

// send makes a token of its own for each attempt: one that was on its way too
// long is stale.
func (n *Notifier) send(t Target, m message) error {
	if err := n.ctx.Err(); err != nil {
		return err
	}
	token, err := n.cfg.Sign(t.Audience, m.subject, m.sessionID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(n.ctx, patience)
	defer cancel()
	form := url.Values{"logout_token": {token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, strings.NewReader(form))
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
