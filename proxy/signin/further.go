package signin

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// ServiceProvider is a further SP identity: the name and the addresses that
// another service provider had before us at an identity provider.
//
// Its ACS is on an app host, where the app's own scripts can read what arrives
// (a service worker sees every navigation). So a sign-in with it opens the
// routes of this identity and no others; what could be stolen there is what the
// app could be made to do anyway.
type ServiceProvider struct {
	Name string // slug
	Host string // canonical; the gateway's own or that of a route

	// Exact paths on Host, which nothing but the gateway answers; empty = none.
	MetadataPath, ACSPath, SLOPath, SOAPPath string
	Metadata                                 http.Handler // serves its metadata
}

// mountFurther writes down the paths of one further SP identity. Whatever
// arrives at its ACS on an app host comes in by a door of its own on the gateway
// origin, where the login cookie is.
func (h *Handler) mountFurther(sp ServiceProvider) {
	acs, door := h.as(sp.Name, h.acs), h.doorOf(sp.Name)
	h.gateway[door] = acs
	if sp.Host != h.Host {
		acs = h.as(sp.Name, h.limited(h.RelayRate, h.relay))
	}
	at := func(path string, serve endpoint) {
		if path != "" {
			h.exact[Alias{sp.Host, path}] = serve
		}
	}
	at(sp.MetadataPath, h.as(sp.Name, h.plain(sp.Metadata)))
	at(sp.ACSPath, acs)
	at(sp.SOAPPath, h.as(sp.Name, h.soap))
	at(sp.SLOPath, h.as(sp.Name, h.logoutAddress(sp.SOAPPath == sp.SLOPath))) // has the last word where they are one
}

// doorOf is the path on the gateway origin at which the answers to one further
// SP identity arrive.
func (h *Handler) doorOf(sp string) string { return h.below("saml/" + sp + "/acs") }

// as notes at which SP identity a request has arrived.
func (h *Handler) as(sp string, serve endpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
		v.ServiceProvider = sp
		serve(w, r, v)
	}
}

const maxRelayState = 2048 // bytes that may be a return address of ours

// relay answers an IdP's POST to an ACS on an app host with a page that posts
// the same to the gateway origin. Nothing is verified here, and nothing is
// believed because of it: at the door everything is checked against the SP
// identity that the door belongs to, and anybody could have posted there.
func (h *Handler) relay(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if r.Method != http.MethodPost {
		h.acs(w, r, v) // the page that says so
		return
	}
	response, ok := h.receive(w, r, v)
	if !ok {
		return
	}
	fields := []pages.Field{{Name: "SAMLResponse", Value: response}}
	if state := r.PostForm["RelayState"]; len(state) == 1 && len(state[0]) <= maxRelayState {
		fields = append(fields, pages.Field{Name: "RelayState", Value: state[0]})
	}
	v.Reason = "relayed"
	h.Pages.Relay(w, r, h.origin+h.doorOf(v.ServiceProvider), fields, h.External.Host)
}

// home is the address of the first route that signs in with a further SP
// identity; empty for our own, and where no route does.
func (h *Handler) home(sp string) string {
	for _, p := range h.Places {
		if sp != "" && p.Demand.ServiceProvider == sp && len(p.Hosts) > 0 {
			return h.originOf(p.Hosts[0]) + "/" + strings.TrimPrefix(p.Path, "/")
		}
	}
	return ""
}

// pinned is the route of a return address that signs in with a further SP
// identity. An identity provider that knows only that one would refuse a login
// with our own, which is what a login for no route would be.
func (h *Handler) pinned(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	host := h.Host
	if u.IsAbs() {
		host = u.Hostname()
	}
	if place, found := h.placeAt(host, u.Path); found && place.Demand.ServiceProvider != "" {
		return place.Name
	}
	return ""
}

// replaced is the session that a new sign-in takes the place of: the one this
// browser had, unless that is one with another SP identity. Those are sessions
// apart (SDP-SP36): people go back and forth between apps that have one each.
func (h *Handler) replaced(ctx context.Context, a identity.Authn, id sessionstore.ID) (sessionstore.ID, error) {
	if len(h.Further) == 0 || id == "" {
		return id, nil
	}
	s, err := h.live(ctx, id)
	if err != nil {
		return "", err
	}
	if s != nil && s.Identity.Authn.ServiceProvider != a.ServiceProvider {
		return "", nil
	}
	return id, nil
}

// supersede ends the session that this browser has on an app host, where s
// takes its place and the gateway origin has forgotten it over one with another
// SP identity. If it is somebody else's the person is asked: any page can bring
// a sign-in here. False means that the request was answered.
func (h *Handler) supersede(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session, target string) bool {
	old, err := h.forgotten(r, v, s)
	if err == nil && old != nil {
		if old.Identity.Person != s.Identity.Person {
			h.confirmHere(w, r, v, old, s, target)
			return false
		}
		err = h.Sessions.End(r.Context(), old.ID, sessionstore.ReasonReplaced)
	}
	if err != nil {
		h.unavailable(w, r, v, err)
	}
	return err == nil
}

// forgotten is the live session of this browser on an app host, if it is
// another than s with the same SP identity.
func (h *Handler) forgotten(r *http.Request, v *visit.Visit, s *sessionstore.Session) (*sessionstore.Session, error) {
	if len(h.Further) == 0 {
		return nil, nil
	}
	id, _, ok := h.Jar.Session(r, v.Host)
	if !ok || id == s.ID {
		return nil, nil
	}
	old, err := h.live(r.Context(), id)
	if err != nil || old == nil || old.Identity.Authn.ServiceProvider != s.Identity.Authn.ServiceProvider {
		return nil, err
	}
	return old, nil
}

// confirmHere asks on an app host before next takes the place of somebody else's
// session there. Who agrees signs out as that person, and comes back to target.
func (h *Handler) confirmHere(w http.ResponseWriter, r *http.Request, v *visit.Visit, now, next *sessionstore.Session, target string) {
	v.Session, v.Reason = now.ID.Hash(), "change_of_person_asked"
	h.Pages.ConfirmPerson(w, r, pages.ConfirmPerson{
		Now: string(now.Identity.Email), Next: string(next.Identity.Email),
		Action: h.below("logout") + "?" + url.Values{"return_to": {target}}.Encode(), Cancel: target,
		Targets: []string{h.origin, h.originOf(v.Host)},
	})
}
