package signin

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// Rate says whether one more request of this address is welcome.
type Rate interface {
	Allow(addr netip.Addr) (ok bool, retryAfter time.Duration)
}

// Patience is a Rate for requests that are counted once it is known what they
// are worth: Peek is Allow, but counts nothing.
type Patience interface {
	Rate
	Peek(addr netip.Addr) (ok bool, retryAfter time.Duration)
}

// limited answers 429 where the address asks too often; no rate is no limit.
func (h *Handler) limited(rate Rate, next endpoint) endpoint {
	if rate == nil {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
		if ok, after := rate.Allow(v.Addr); !ok {
			h.show(w, r, v, pages.Problem{Code: pages.TooMany, RetryAfter: after})
			return
		}
		next(w, r, v)
	}
}

// method answers 405 unless the request uses one of these methods.
func (h *Handler) method(w http.ResponseWriter, r *http.Request, v *visit.Visit, allowed ...string) bool {
	if slices.Contains(allowed, r.Method) {
		return true
	}
	h.show(w, r, v, pages.Problem{Code: pages.Method, Allow: allowed})
	return false
}

func (h *Handler) problem(w http.ResponseWriter, r *http.Request, v *visit.Visit, code pages.Code, actions ...pages.Action) {
	h.show(w, r, v, pages.Problem{Code: code, Actions: actions})
}

// show writes the page and notes its reason for the log.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, v *visit.Visit, p pages.Problem) {
	if v.Reason == "" {
		v.Reason = string(p.Code)
	}
	p.RequestID = v.ID
	h.Pages.Error(w, r, p)
}

// unavailable answers while the session store is away: never a login, never a
// pass.
func (h *Handler) unavailable(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	v.Err = err
	h.show(w, r, v, pages.Problem{Code: pages.StoreDown, RetryAfter: storeRetry})
}

// storeRetry is when to ask again after the store was away.
const storeRetry = 5 * time.Second

// failed answers what should not have happened.
func (h *Handler) failed(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	v.Err = err
	h.problem(w, r, v, pages.Internal)
}

// Redirect sends the browser on and keeps the answer out of every cache.
func Redirect(w http.ResponseWriter, url string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", url)
	w.WriteHeader(http.StatusSeeOther)
}

// startAgain links to a proper login, with the SP identity that was visited.
func (h *Handler) startAgain(v *visit.Visit) pages.Action {
	a := pages.Action{Kind: pages.StartAgain, URL: h.LoginURL()}
	if home := h.home(v.ServiceProvider); home != "" {
		a.URL += "?" + url.Values{"return_to": {home}}.Encode()
	}
	return a
}

// signOutAction is a button that ends the session.
func (h *Handler) signOutAction() pages.Action {
	return pages.Action{Kind: pages.SignInOther, URL: h.below("logout"), Post: true, Targets: h.targets()}
}

// signOutButton ends the session, for somebody who wanted just that.
func (h *Handler) signOutButton() pages.Action {
	a := h.signOutAction()
	a.Kind = pages.SignOut
	return a
}

// targets are the origins that a sign-out may lead to.
func (h *Handler) targets() []string {
	all := []string{h.origin}
	for _, p := range h.Places {
		if p.LogoutURL != "" {
			all = append(all, p.LogoutURL)
		}
	}
	return all
}
