package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// asking is a proven identity at the limit of its sessions, which waits until the
// person has chosen one to end.
type asking struct {
	Identity identity.Identity   `json:"i"` // as it was proven
	Epochs   sessionstore.Epochs `json:"e"` // then: whoever is signed out since stays signed out
	Pending  pending             `json:"p"`
	Login    visit.Login         `json:"l"`
	Until    time.Time           `json:"u"` // of the first code and of those that replace it
}

// choice is what a person at the limit chose.
type choice struct {
	frees sessionstore.ID // the session to end; empty = none
	until time.Time       // how long they may still choose; zero = they were not asked yet
}

const (
	askingKind = "limit"
	askingLife = 5 * time.Minute
	askingMost = 5 // identities of one person that wait within askingLife
)

// atLimit answers a sign-in that found all places taken: it asks which session to
// end where the limits say so, and else tells where they are.
func (h *Handler) atLimit(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait asking, l sessionstore.Limits, began logins) {
	if l.OnLimit != sessionstore.Ask {
		h.tellPlaces(w, r, v, wait, l)
		return
	}
	if wait.Until.IsZero() {
		wait.Until = h.Now().Add(askingLife)
		switch free, err := h.reserve(r.Context(), wait); {
		case err != nil:
			h.undecided(w, r, v, err)
			return
		case !free:
			h.tellPlaces(w, r, v, wait, l)
			return
		}
	}
	code, ok := h.putAsking(w, r, v, wait, began)
	if !ok {
		return
	}
	v.Reason = "limit_asked"
	Redirect(w, h.origin+h.below("limit")+"?"+url.Values{"code": {code}}.Encode())
}

// reserve takes one of the few places in which identities of a person may wait.
func (h *Handler) reserve(ctx context.Context, wait asking) (bool, error) {
	for n := range askingMost {
		key := fmt.Sprintf("limit\x00%d\x00%s", n, wait.Identity.Person)
		if free, err := h.Sessions.Claim(ctx, key, wait.Until); free || err != nil {
			return free, err
		}
	}
	return false, nil
}

// putAsking keeps wait under a code that is good once and in this browser alone:
// its login cookie remembers the hash. False means that the request was answered.
func (h *Handler) putAsking(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait asking, began logins) (code string, ok bool) {
	value, err := json.Marshal(wait)
	if err != nil {
		h.failed(w, r, v, err)
		return "", false
	}
	left := wait.Until.Sub(h.Now())
	if left < time.Millisecond {
		h.problem(w, r, v, pages.LoginExpired, h.startAgain(v))
		return "", false
	}
	code = nonce()
	began.await(stateOf(code))
	if err := h.Jar.writeLogins(w, h.Host, began); err != nil {
		h.failed(w, r, v, err)
		return "", false
	}
	if err := h.Sessions.PutOnce(r.Context(), askingKind, code, value, left); err != nil {
		h.undecided(w, r, v, err)
		return "", false
	}
	return code, true
}

// limit is the page on which a person at the limit chooses, and what their choice
// is posted to.
func (h *Handler) limit(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodPost) {
		return
	}
	if r.Method == http.MethodPost {
		if !h.Deliberate(r, v) {
			h.problem(w, r, v, pages.CSRF)
			return
		}
		h.freed(w, r, v)
		return
	}
	code := r.URL.Query().Get("code")
	began, _ := h.Jar.readLogins(r, h.Host)
	if !slices.Contains(began.Waiting, stateOf(code)) {
		h.problem(w, r, v, pages.LoginExpired, h.startAgain(v))
		return
	}
	value, err := h.Sessions.PeekOnce(r.Context(), askingKind, code)
	wait, err := h.askingOf(value, err)
	if err != nil {
		h.askingLost(w, r, v, err)
		return
	}
	h.showLimit(w, r, v, wait, code)
}

// askingOf reads what a code stands for.
func (h *Handler) askingOf(value []byte, err error) (wait asking, _ error) {
	if err == nil {
		err = json.Unmarshal(value, &wait)
	}
	if err == nil && !h.Now().Before(wait.Until) {
		err = sessionstore.ErrNotFound
	}
	return wait, err
}

func (h *Handler) askingLost(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	if errors.Is(err, sessionstore.ErrNotFound) {
		h.problem(w, r, v, pages.LoginExpired, h.startAgain(v))
		return
	}
	h.unavailable(w, r, v, err)
}

func (h *Handler) showLimit(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait asking, code string) {
	all, err := h.Sessions.List(r.Context(), wait.Identity.Person)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	v.IDP, v.Reason = wait.Identity.IDP, "limit_shown"
	places := make([]pages.SignedInPlace, 0, len(all))
	for _, s := range all {
		places = append(places, pages.SignedInPlace{ID: s.ID.Hash(), Device: s.Client.Agent, Addr: s.Client.Addr, Since: s.Created, LastUse: s.LastSeen})
	}
	h.Pages.Limit(w, r, pages.Limit{
		Places: places, Action: h.below("limit"), Fields: []pages.Field{{Name: "code", Value: code}},
		Actions: []pages.Action{h.otherAction()}, Targets: h.appOrigins(), RequestID: v.ID,
	})
}

// freed signs in who has chosen. Ending the one session and starting the other
// is one step of the store, so that however many choose at once the limit holds.
func (h *Handler) freed(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	code, end := r.PostFormValue("code"), r.PostFormValue("end")
	began, _ := h.Jar.readLogins(r, h.Host)
	if !began.arrive(stateOf(code)) { // another browser, or a code of another kind
		h.problem(w, r, v, pages.LoginExpired, h.startAgain(v))
		return
	}
	value, err := h.Sessions.TakeOnce(r.Context(), askingKind, code)
	wait, err := h.askingOf(value, err)
	if err != nil {
		h.askingLost(w, r, v, err)
		return
	}
	v.IDP, v.Login = wait.Identity.IDP, wait.Login
	if _, known := h.idps[v.IDP]; !known { // a reload took it away meanwhile
		h.problem(w, r, v, pages.UnknownIDP)
		return
	}
	all, err := h.Sessions.List(r.Context(), wait.Identity.Person)
	if err != nil {
		h.undecided(w, r, v, err)
		return
	}
	c := choice{until: wait.Until}
	if i := slices.IndexFunc(all, func(s *sessionstore.Session) bool { return s.ID.Hash() == end }); i >= 0 {
		c.frees = all[i].ID
	}
	epochs, err := h.Sessions.Epochs(r.Context(), wait.Identity.Person)
	switch {
	case err != nil:
		h.undecided(w, r, v, err)
	case epochs.Person != wait.Epochs.Person || epochs.Bucket != wait.Epochs.Bucket:
		h.denyLogin(w, r, v, wait.Identity, "ended_meanwhile", pages.LoginExpired)
	default:
		h.admitWith(w, r, v, wait.Identity, epochs, wait.Pending, began, c)
	}
}

// tellPlaces refuses a sign-in and says where the person is signed in, and since
// when: no more, since whoever stole a password reads it too.
func (h *Handler) tellPlaces(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait asking, l sessionstore.Limits) {
	all, err := h.Sessions.List(r.Context(), wait.Identity.Person)
	if err != nil {
		h.undecided(w, r, v, err)
		return
	}
	places := make([]pages.SignedInPlace, 0, len(all))
	for _, s := range all {
		places = append(places, pages.SignedInPlace{Device: s.Client.Agent, Since: s.Created})
	}
	h.noteDenial(v, wait.Identity, "limit_reached")
	h.Pages.LimitReached(w, r, pages.LimitReachedPage{Max: l.MaxConcurrent, Places: places,
		Actions: []pages.Action{h.retryAction(wait.Pending), h.otherAction()}, RequestID: v.ID})
}

// retryAction leads back to where a sign-in was meant to lead, which begins another.
func (h *Handler) retryAction(p pending) pages.Action {
	place, known := h.places[p.Route]
	if !known || p.Host == "" {
		return pages.Action{Kind: pages.Retry, URL: h.LoginURL()}
	}
	return pages.Action{Kind: pages.Retry, URL: h.originOf(p.Host) + place.Path}
}
