package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// The endpoints of keep.js (session.keep_js), on every host:
//
//	keep.js        the script
//	keep           GET: how long the session lives, which is no use of it. POST: stay signed in
//	keep/sign-in   a sign-in in a window of its own, which ends here
//
// Each takes ?for=, the path of the app's page: a route may be stricter than the
// session.
func (h *Handler) mountKeep() {
	h.hosts[h.below("keep.js")] = h.plain(h.Pages.Keep())
	h.hosts[h.below("keep")] = h.keep
	h.hosts[h.below("keep/sign-in")] = h.keepSignIn
}

// keep answers a script of this origin. What other sites' pages ask is refused
// before any session is looked at, so that they cannot even tell whether there is
// one.
func (h *Handler) keep(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	if !h.asksForItself(r, v) {
		h.problem(w, r, v, pages.CSRF)
		return
	}
	left, err := h.left(r, v, h.placeFor(r, v))
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		h.show(w, r, v, pages.Problem{Code: pages.NotSignedIn, LoginURL: h.LoginFor(v, "/"), Reason: h.EndReason(r, v)})
	case err != nil:
		h.unavailable(w, r, v, err)
	default:
		v.Reason = "keep"
		h.Pages.Remaining(w, r, left)
	}
}

// asksForItself reports whether a request comes from a page of this origin, from
// nobody's page, or from a client that does not say (Fetch Metadata).
func (h *Handler) asksForItself(r *http.Request, v *visit.Visit) bool {
	if r.Method == http.MethodPost {
		return h.Deliberate(r, v)
	}
	return slices.Contains([]string{"same-origin", "none", ""}, r.Header.Get("Sec-Fetch-Site"))
}

// left is what is left of the session of this browser for a route, or
// [sessionstore.ErrNotFound]. A POST is a use of it.
func (h *Handler) left(r *http.Request, v *visit.Visit, place Place) (pages.Remaining, error) {
	s, err := h.fitting(r, v, place)
	if s == nil && err == nil {
		err = sessionstore.ErrNotFound
	}
	if err == nil && r.Method == http.MethodPost {
		err = h.Touch(r.Context(), v, s)
	}
	if err != nil {
		return pages.Remaining{}, err
	}
	v.Session = s.ID.Hash()
	return h.remaining(r.Context(), v, s, place.Demand)
}

// placeFor is the route of the page that asks, else some route of its host.
func (h *Handler) placeFor(r *http.Request, v *visit.Visit) Place {
	place, found := h.placeAt(v.Host, r.URL.Query().Get("for"))
	if !found {
		if i := slices.IndexFunc(h.Places, func(p Place) bool { return slices.Contains(p.Hosts, v.Host) }); i >= 0 {
			place = h.Places[i]
		}
	}
	v.Route = place.Name
	return place
}

// fitting is the session of this browser, if it will do for a route.
func (h *Handler) fitting(r *http.Request, v *visit.Visit, place Place) (*sessionstore.Session, error) {
	s, _, err := h.Session(r, v)
	if err != nil || s == nil || len(place.IDPs) > 0 && !slices.Contains(place.IDPs, s.Identity.IDP) || place.Name != "" && !place.Demand.Takes(s, h.Now()) {
		return nil, err
	}
	return s, nil
}

// remaining is what is left of a session. It may have been used at another
// gateway, of which the store knows, or here, of which it may not know yet.
func (h *Handler) remaining(ctx context.Context, v *visit.Visit, s *sessionstore.Session, d Demand) (pages.Remaining, error) {
	stored, err := h.Sessions.Get(ctx, s.ID)
	switch {
	case err == nil:
	case h.Hot.Tolerates(err, s):
		stored = s
	default:
		return pages.Remaining{}, err
	}
	now, used := h.Now(), stored.LastUse()
	if here := s.LastUse(); here.After(used) {
		used = here
	}
	idle, end := d.narrow(stored)
	return pages.Remaining{
		IdleEndsIn: wholeSeconds(used.Add(idle).Sub(now)), EndsIn: wholeSeconds(end.Sub(now)), IdleTimeout: wholeSeconds(idle),
		Person: h.Jar.pseudonyms(v.Host, s.Identity.Person),
	}, nil
}

func wholeSeconds(d time.Duration) int64 { return int64(max(d, 0) / time.Second) }

// pseudonyms name a person to the scripts of one host, which may compare them and
// learn nothing from them: they are others at every other host. There is one for
// each key, newest first. Two answers about one person have one in common, also
// while keys change.
func (j *Jar) pseudonyms(host string, p identity.Person) (all []string) {
	for _, key := range j.pseudonymKeys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(host + "\x00" + string(p)))
		all = append(all, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12]))
	}
	return all
}

// keepSignIn is the window in which somebody signs in again while their page
// stays as it is. It leads to the login, comes back here, and tells the pages of
// its origin; it takes no address to go to from anybody.
func (h *Handler) keepSignIn(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet) {
		return
	}
	place := h.placeFor(r, v)
	if !pages.IsNavigation(r) {
		h.show(w, r, v, pages.Problem{Code: pages.NotSignedIn, LoginURL: h.LoginFor(v, "/")})
		return
	}
	s, err := h.fitting(r, v, place)
	switch {
	case err != nil:
		h.unavailable(w, r, v, err)
	case s != nil:
		v.Session, v.Reason = s.ID.Hash(), "resumed"
		h.Pages.Resumed(w, r, h.originOf(v.Host)+place.Path)
	default:
		back := h.below("keep/sign-in") + "?" + url.Values{"for": {place.Path}}.Encode()
		h.Begin(w, r, v, back)
	}
}
