package signin

import (
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// asksForSame: a fresh sign-in of whoever is signed in.
func asksForSame(q url.Values) bool { return q.Get("as") == "same" && !q.Has("state") }

// confirmSelf asks the identity provider behind s to have its person prove once
// more who they are (SAML Core §3.4.1, ForceAuthn). The answer takes the place of
// s, if it is about the same person and from after this request.
func (h *Handler) confirmSelf(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	a, ok := h.aim(w, r, v, false)
	if !ok {
		return
	}
	a.route, a.same = "", s
	h.ask(w, r, v, a, h.idps[s.Identity.IDP])
}

// personMark tells in a login cookie who is expected, without the address.
func personMark(p identity.Person) string {
	sum := p.Hash()
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// otherPerson refuses a fresh sign-in by somebody else. The session there was
// goes on.
func (h *Handler) otherPerson(w http.ResponseWriter, r *http.Request, v *visit.Visit, id identity.Identity) {
	h.noteDenial(v, id, "other_person")
	h.problem(w, r, v, pages.OtherPerson, h.accountAction())
}
