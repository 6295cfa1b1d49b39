package signin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// Federation knows those who take part in the Identity Provider Discovery
// Service Protocol (OASIS, 2008) by their entity ids. The protocol has two
// sides, and the gateway is on both.
//
// As a service provider it publishes its login page as the address to come back
// to: whoever a discovery service, or a portal, sends there with an entityID
// goes on at that identity provider, as login/{idp} does. As a discovery service
// it answers its own SP identities alone, at their published address alone.
type Federation interface {
	// Ours reports whether a service provider of ours has that entity id.
	Ours(entityID string) bool
	// IDPNamed returns the configured name of an identity provider; "" = unknown.
	IDPNamed(entityID string) string
	// EntityID returns that of an identity provider by its configured name; "" =
	// its metadata has not arrived.
	EntityID(idp string) string
}

// policySingle is the one policy there is: return at most one identity provider
// (Identity Provider Discovery §2.4.1).
const policySingle = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol:single"

// Bounds of a discovery request.
const (
	maxReturn = 4096
	maxParam  = 64
)

// discoveryRequest is a request to the discovery service (§2.4.1).
type discoveryRequest struct {
	service string // entity id of the service provider that asks
	back    string // where the answer goes
	param   string // in which parameter
	passive bool   // nothing may be shown
}

// answer is the address that tells the service provider who was chosen
// (§2.4.3). Nobody chosen is told by leaving the parameter out.
func (d discoveryRequest) answer(entityID string) string {
	if entityID == "" {
		return d.back
	}
	mark := "?"
	if strings.Contains(d.back, mark) {
		mark = "&"
	}
	return d.back + mark + url.QueryEscape(d.param) + "=" + url.QueryEscape(entityID)
}

// The reasons why a discovery request is refused. None of them is answered at
// the return address: it is not believed by then.
var (
	errService = errors.New("the discovery request names no service provider of ours")
	errReturn  = errors.New("the discovery request wants its answer at an address that is not published")
	errPolicy  = errors.New("the discovery request wants an unknown policy")
	errForm    = errors.New("the discovery request has a parameter twice, or one that makes no sense")
)

// discoveryRequest reads and judges a request. Doubt is refused: an answer at
// an unchecked address would make an open redirect of us.
func (h *Handler) discoveryRequest(q url.Values) (discoveryRequest, error) {
	for _, name := range []string{"entityID", "return", "policy", "returnIDParam", "isPassive"} {
		if len(q[name]) > 1 {
			return discoveryRequest{}, errForm
		}
	}
	d := discoveryRequest{service: q.Get("entityID"), back: q.Get("return"), param: q.Get("returnIDParam"), passive: q.Get("isPassive") == "true"}
	if d.param == "" {
		d.param = "entityID"
	}
	if d.back == "" {
		d.back = h.LoginURL() // §2.5: the published one
	}
	passive := q.Get("isPassive")
	switch {
	case !h.Federation.Ours(d.service):
		return d, errService
	case q.Get("policy") != "" && q.Get("policy") != policySingle:
		return d, errPolicy
	case passive != "" && passive != "true" && passive != "false", !plainName(d.param):
		return d, errForm
	case !h.publishes(d.back, d.param):
		return d, errReturn
	}
	return d, nil
}

// plainName: a parameter's name that needs no quoting anywhere.
func plainName(s string) bool {
	return len(s) <= maxParam && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._:", r))
	})
}

// publishes reports whether back is the address in our metadata, byte for byte,
// with whatever query (§2.5), but no fragment, and without the parameter that
// will carry the answer (§2.4.1).
func (h *Handler) publishes(back, param string) bool {
	at, query, _ := strings.Cut(back, "?")
	if at != h.LoginURL() || len(back) > maxReturn || strings.ContainsFunc(query, notInQuery) {
		return false
	}
	values, err := url.ParseQuery(query)
	return err == nil && !values.Has(param)
}

// notInQuery: what may not stand in a query (RFC 3986 §3.4), of what browsers
// let through or read as something else.
func notInQuery(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("#\\\"<>", r) }

// discover answers as a discovery service.
func (h *Handler) discover(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !pages.IsNavigation(r) {
		h.show(w, r, v, pages.Problem{Code: pages.NotSignedIn, LoginURL: h.LoginURL()})
		return
	}
	query := r.URL.Query()
	d, err := h.discoveryRequest(query)
	if err != nil {
		h.refuseDiscovery(w, r, v, err)
		return
	}
	q := h.discovering(d)
	if query.Has("choose") {
		h.Jar.dropChoice(w, r)
	}
	kept, ok := h.kept(r, q)
	switch {
	case len(q.choices) == 1:
		h.tell(w, v, q, q.choices[0])
	case ok && !query.Has("choose"):
		h.tell(w, v, q, kept)
	case d.passive || len(q.choices) == 0: // §2.4.1: show nothing, and say at once that nobody is known
		v.Reason = "discovery_nobody"
		Redirect(w, d.back)
	default:
		h.choose(w, r, v, q, false)
	}
}

func (h *Handler) tell(w http.ResponseWriter, v *visit.Visit, q question, idp IDP) {
	v.IDP, v.Reason = idp.Name, "discovery"
	Redirect(w, q.to(idp))
}

// discovering is the question of a discovery request: who can be named, and may
// sign in for the route in the return address.
func (h *Handler) discovering(d discoveryRequest) question {
	_, query, _ := strings.Cut(d.back, "?")
	values, _ := url.ParseQuery(query) // was parsed once
	route := values.Get("route")
	choices := slices.DeleteFunc(h.choices(route), func(i IDP) bool { return h.Federation.EntityID(i.Name) == "" })
	self := url.Values{"entityID": {d.service}, "return": {d.back}, "returnIDParam": {d.param}}
	return question{
		route: route, choices: choices,
		to:    func(i IDP) string { return d.answer(h.Federation.EntityID(i.Name)) },
		again: h.below("discovery") + "?" + self.Encode() + "&choose=1",
		fields: []pages.Field{
			{Name: "entityID", Value: d.service}, {Name: "return", Value: d.back}, {Name: "returnIDParam", Value: d.param},
		},
	}
}

func (h *Handler) refuseDiscovery(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	v.Reason, v.Err = "discovery_refused", err
	if errors.Is(err, errReturn) {
		h.Observer.ReturnRefused()
	}
	h.problem(w, r, v, pages.BadRequest, h.startAgain(v))
}
