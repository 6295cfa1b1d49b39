package signin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// Provider speaks SAML for us: it asks an identity provider who somebody is,
// and judges the answer.
type Provider interface {
	// Request begins a login at the identity provider called idp. relayState is
	// an opaque token. An identity provider that cannot be asked now (its
	// metadata has not arrived, or has expired) is a *Refusal.
	Request(idp, relayState string, d Demand) (Request, error)

	// Hint returns what an answer claims that nothing has proved yet.
	Hint(response string) (Hint, error)

	// Verify returns the identity that response proves, as the answer to what was
	// asked, and how it fared either way. What does not prove one is a *Refusal;
	// any other error means that we could not tell, and nobody is signed in.
	Verify(ctx context.Context, response string, a Asked) (identity.Identity, visit.Report, error)
}

// Asked is the question that an answer must fit.
type Asked struct {
	IDP             string
	ServiceProvider string    // the identity of ours that asked, or that the answer came to
	RequestID       string    // empty: nobody asked, and the answer must not say that anybody did
	At              time.Time // when
	Demand          Demand
}

// Demand is what a route wants of a sign-in, beyond who it is.
type Demand struct {
	MaxAge   time.Duration // since the person proved who they are (AuthnInstant); 0 = any
	Anew     bool          // have the person asked again, whoever is remembered; an answer must prove that they were
	Contexts []string      // AuthnContextClassRefs of which one must hold; empty = any

	// ServiceProvider is the SP identity of ours to sign in with; empty = the
	// gateway's own. Identity providers say per SP identity who may come in and
	// what they tell of whom, so a sign-in with one is none with another.
	ServiceProvider string

	// Idle and Lifetime bound the session behind the sign-in, on this route alone:
	// since its last request anywhere, and since it began. 0 bounds nothing.
	Idle, Lifetime time.Duration
}

// Takes reports whether a session will do for the route at this moment.
func (d Demand) Takes(s *sessionstore.Session, now time.Time) bool {
	return d.Met(s.Identity.Authn, now) && d.fresh(s, now)
}

// fresh reports whether the session itself is young enough. As everywhere, a
// recorded last use may be an interval behind the true one.
func (d Demand) fresh(s *sessionstore.Session, now time.Time) bool {
	return (d.Idle == 0 || now.Sub(s.LastUse()) < d.Idle+sessionstore.Interval(s.Idle)) &&
		(d.Lifetime == 0 || now.Sub(s.Created) < d.Lifetime)
}

// narrow returns the idle limit that holds for a session on the route, and when
// the route will have no more of it.
func (d Demand) narrow(s *sessionstore.Session) (idle time.Duration, end time.Time) {
	idle, end = s.Idle, s.Expires
	if d.Idle > 0 {
		idle = min(idle, d.Idle)
	}
	if last := s.Created.Add(d.Lifetime); d.Lifetime > 0 && last.Before(end) {
		end = last
	}
	if last := s.Identity.Authn.Instant.Add(d.MaxAge); d.MaxAge > 0 && last.Before(end) {
		end = last
	}
	return idle, end
}

// Met reports whether a sign-in fulfils the demand at this moment.
func (d Demand) Met(a identity.Authn, now time.Time) bool {
	return a.ServiceProvider == d.ServiceProvider &&
		(d.MaxAge == 0 || now.Sub(a.Instant) <= d.MaxAge) &&
		(len(d.Contexts) == 0 || slices.Contains(d.Contexts, a.ContextClass))
}

// unmet is the page that says why a sign-in does not do for the route.
func (d Demand) unmet(a identity.Authn) pages.Code {
	switch {
	case a.ServiceProvider != d.ServiceProvider:
		return pages.SAMLRefused
	case len(d.Contexts) > 0 && !slices.Contains(d.Contexts, a.ContextClass):
		return pages.AuthnContext
	}
	return pages.AuthnTooOld
}

// Hint is what an unverified answer claims. It may choose a pending login, or
// the policy of an identity provider, and nothing else.
type Hint struct {
	RequestID string // InResponseTo; empty when it answers nothing
	IDP       string // configured name of the issuer; empty when there is none
}

// Request is an AuthnRequest on its way (SAML Bindings §3.4 and §3.5).
type Request struct {
	ID     string
	URL    string  // where the browser goes
	Fields []Field // what it posts there; empty: it goes there with a GET
}

// Field is one value of a form.
type Field struct{ Name, Value string }

// Refusal is an answer that proves nothing, or an identity provider that
// cannot be asked.
type Refusal struct {
	Reason string            // enum value, for metrics, audit and log
	Detail string            // for the log; holds no attribute value
	Code   pages.Code        // of the page
	Args   map[string]string // of the page
	Answer *LogoutAnswer     // of a logout request: what to tell the identity provider; nil tells it nothing
}

func (r *Refusal) Error() string { return r.Reason + ": " + r.Detail }

// asRefusal returns the refusal that err is, or nil.
func asRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// Returns judges where a person may be sent back to.
type Returns interface {
	// Check returns the address to send the browser to, absolute or a path on
	// the gateway origin, for what was received as return_to.
	Check(raw string) (url string, ok bool)
}

// Observer counts.
type Observer interface {
	Login(idp, result, reason string)
	// Logout counts one step of a single logout: direction is "sent" where a
	// person signed out here, "received" where the identity provider asked.
	Logout(idp, direction, result string)
	ReturnRefused()
}
