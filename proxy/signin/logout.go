package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// logout ends the session of this browser, everywhere. A GET acts only as a
// navigation that no other site made; anything else is asked once more.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	asked := h.askedTarget(r, v)
	to := asked
	if to == "" {
		to = h.routeTarget(v)
	}
	switch wanted := h.Deliberate(r, v); {
	case !wanted && r.Method == http.MethodPost:
		h.problem(w, r, v, pages.CSRF)
		return
	case !wanted:
		v.Reason = "logout_asked"
		h.Pages.ConfirmLogout(w, r, pages.ConfirmLogout{Action: r.URL.RequestURI(), Targets: append(h.targets(), to)})
		return
	}
	ended, err := h.EndHere(w, r, v)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	onward := h.Depart(w, r, v, ended, asked)
	switch {
	case onward != "":
		Redirect(w, onward)
	case ended == nil && v.Host != h.Host:
		Redirect(w, h.logoutAtOrigin(v, to))
	case to != "":
		Redirect(w, to)
	default:
		h.Pages.SignedOut(w, r, pages.SignedOut{SignIn: h.LoginURL(), Choose: h.chooseURL()})
	}
}

// logoutAtOrigin is where a sign-out goes on that found no session on an app
// host: this browser may have one on the gateway origin all the same, and would
// be back in the app without a password.
func (h *Handler) logoutAtOrigin(v *visit.Visit, to string) string {
	if strings.HasPrefix(to, "/") {
		to = h.originOf(v.Host) + to
	}
	if to == "" {
		return h.origin + h.below("logout")
	}
	return h.origin + h.below("logout") + "?" + url.Values{"return_to": {to}}.Encode()
}

// Deliberate reports whether a request to sign out is one that the person made:
// a POST from a page of this origin, or a navigation of the whole window that no
// other site caused (Fetch Metadata). Without these headers any GET for a page
// counts. A page that the browser fetches ahead was not asked for by anybody.
func (h *Handler) Deliberate(r *http.Request, v *visit.Visit) bool {
	switch {
	case r.Method == http.MethodPost:
		asked := *r
		asked.Host = v.Authority // which a proxy in front may have renamed
		return h.csrf.Check(&asked) == nil
	case r.Method != http.MethodGet || fetchedAhead(r):
		return false
	}
	dest, site := r.Header.Get("Sec-Fetch-Dest"), r.Header.Get("Sec-Fetch-Site")
	if dest == "" && site == "" {
		return pages.IsNavigation(r)
	}
	return (dest == "document" || dest == "") && slices.Contains([]string{"same-origin", "same-site", "none", ""}, site)
}

// fetchedAhead reports whether a browser asks for a page that nobody may ever look at.
func fetchedAhead(r *http.Request) bool {
	return r.Header.Get("Sec-Purpose") != "" || r.Header.Get("Purpose") != ""
}

// EndHere ends the session in this host's cookie and takes away the cookie and
// the app's own. ended is nil when nothing lived. The cookie stays when the
// store is away: the session lives, and the person must be able to end it later.
func (h *Handler) EndHere(w http.ResponseWriter, r *http.Request, v *visit.Visit) (ended *sessionstore.Session, err error) {
	if id, _, ok := h.Jar.Session(r, v.Host); ok {
		// Whoever closes the window at once is signed out all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), endTime)
		defer cancel()
		s, err := h.Sessions.Get(ctx, id)
		if err == nil {
			err = h.Sessions.End(ctx, id, sessionstore.ReasonLogout)
		}
		switch {
		case err == nil:
			ended = s
		case !errors.Is(err, sessionstore.ErrNotFound):
			return nil, err
		}
		v.Session, v.Reason = id.Hash(), "signed_out"
	}
	h.sweep(w, v.Host)
	h.Jar.signedOut(w, r, v.Host)
	return ended, nil
}

// ClearCookies are the app cookies on host that must not outlive a session.
func (h *Handler) ClearCookies(host string) []string {
	var names []string
	for _, p := range h.Places {
		if slices.Contains(p.Hosts, host) {
			names = append(names, p.ClearCookies...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ExpireCookies takes the app cookies of [Handler.ClearCookies] away, at "/" and
// at the route's own path, whether they were set for the host alone or with its
// name as Domain: a browser keeps each of these apart (RFC 6265 §5.3).
func (h *Handler) ExpireCookies(header http.Header, host string) {
	for _, p := range h.Places {
		if !slices.Contains(p.Hosts, host) {
			continue
		}
		for _, name := range p.ClearCookies {
			for _, path := range cookiePaths(p.Path) {
				expire(header, name, path, host)
			}
		}
	}
}

// cookiePaths are the Path attributes that an app at path would choose.
func cookiePaths(path string) []string {
	if path = strings.TrimSuffix(path, "/"); path == "" {
		return []string{"/"}
	}
	return []string{"/", path, path + "/"}
}

func expire(header http.Header, name, path, host string) {
	only := strings.HasPrefix(name, "__Host-")
	if only && path != "/" {
		return
	}
	attributes := "=; Path=" + path + "; Max-Age=0"
	if only || strings.HasPrefix(name, "__Secure-") {
		attributes += "; Secure"
	}
	header.Add("Set-Cookie", name+attributes)
	if !only {
		header.Add("Set-Cookie", name+attributes+"; Domain="+host)
	}
}

// askedTarget is where the request says to go next, if that is a place of ours.
func (h *Handler) askedTarget(r *http.Request, v *visit.Visit) string {
	if raw := r.URL.Query().Get("return_to"); raw != "" {
		if to, ok := h.Returns.Check(raw); ok && !h.signsOut(to, v.Host) {
			return to
		}
		h.Observer.ReturnRefused()
	}
	return ""
}

// routeTarget is where the route says to go next; empty means the signed-out
// page.
func (h *Handler) routeTarget(v *visit.Visit) string {
	if to := h.LogoutURL(v.Host, v.Route); !h.signsOut(to, v.Host) {
		return to
	}
	return ""
}

// signsOut reports whether an address is a sign-out by itself: one that led to
// another would lead there again, without end.
func (h *Handler) signsOut(to, host string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return true
	}
	if u.Host != "" {
		host = u.Hostname()
	}
	return u.Path == h.below("logout") || slices.ContainsFunc(h.Paths.Logout, func(a Alias) bool {
		return a.Path == u.Path && (a.Host == "" || a.Host == host)
	})
}

// LogoutURL is the configured place to go to after a logout on host: the
// route's own, else that of the host's first route with one.
func (h *Handler) LogoutURL(host, route string) string {
	if own := h.places[route].LogoutURL; own != "" {
		return own
	}
	for _, p := range h.Places {
		if p.LogoutURL != "" && slices.Contains(p.Hosts, host) {
			return p.LogoutURL
		}
	}
	return ""
}
