package idptest

import (
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// maxForm is enough for a request of 64 KiB in base64, and its RelayState.
const maxForm = 128 << 10

// ServeHTTP answers below the path of the base URL: sso, logout and metadata.
// None of it needs JavaScript.
func (p *IDP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	path, below := strings.CutPrefix(r.URL.Path, p.base.Path)
	switch {
	case !below:
		p.problem(w, http.StatusNotFound, "there is no such page")
	case path != "/sso" && path != "/logout" && path != "/metadata":
		p.problem(w, http.StatusNotFound, "there is no such page")
	case r.Method != http.MethodGet && r.Method != http.MethodHead && (r.Method != http.MethodPost || path == "/metadata"):
		p.problem(w, http.StatusMethodNotAllowed, "this page is not asked in this way")
	case path == "/sso":
		p.sso(w, r)
	case path == "/logout":
		p.forget(w)
		p.page(w, http.StatusOK, view{Title: "Signed out", Text: "This identity provider has forgotten who you were."})
	default:
		p.serveMetadata(w)
	}
}

// sso answers a request: at once for somebody it remembers, else with the
// page to choose from, whose form carries the request along.
func (p *IDP) sso(w http.ResponseWriter, r *http.Request) {
	q, err := p.ParseRequest(r)
	if err != nil {
		p.problem(w, http.StatusBadRequest, err.Error())
		return
	}
	if r.PostFormValue("person") != "" {
		p.chosen(w, r, q)
		return
	}
	if s, ok := p.remembered(r); ok && !q.ForceAuthn { // SAML Core §3.4.1: ForceAuthn asks again
		p.answer(w, q, s)
		return
	}
	if q.Passive { // SAML Core §3.4.1: not one page is shown
		p.send(w, q, Subject{}, Status(statusResponder, statusPassive))
		return
	}
	p.page(w, http.StatusOK, chooser(p, r, q))
}

// chosen signs somebody in. Another site may not choose for the visitor.
func (p *IDP) chosen(w http.ResponseWriter, r *http.Request, q Request) {
	if new(http.CrossOriginProtection).Check(r) != nil {
		p.problem(w, http.StatusForbidden, "another site tried to choose for you")
		return
	}
	who, err := p.person(r.PostFormValue("person"))
	if err != nil {
		p.problem(w, http.StatusBadRequest, err.Error())
		return
	}
	p.answer(w, q, p.remember(w, who))
}

func (p *IDP) person(email string) (Person, error) {
	i := slices.IndexFunc(p.people, func(h Person) bool { return h.Email == email })
	if i < 0 {
		return Person{}, errors.New("there is no such person here")
	}
	return p.people[i], nil
}

func (p *IDP) answer(w http.ResponseWriter, q Request, s session) {
	p.send(w, q, p.named(q, s.person.Subject()), Sign(true, true), SignedIn(s.since), SessionIndex(s.index()))
}

// named gives the subject the kind of NameID that was asked for (SAML Core
// §3.4.1.1, §8.3.7, §8.3.8); a persistent one differs between service providers.
func (p *IDP) named(q Request, s Subject) Subject {
	switch q.NameIDFormat {
	case NameIDPersistent:
		s.NameID = hex.EncodeToString(mac(p.secret, q.Issuer+"|"+s.NameID))
	case NameIDTransient:
		s.NameID = newID()
	case NameIDUnspecified:
	default:
		return s
	}
	s.Format = q.NameIDFormat
	return s
}

// send posts a Response to the ACS of a known SP (Bindings §3.5).
func (p *IDP) send(w http.ResponseWriter, q Request, s Subject, opts ...Option) {
	value, err := p.Response(q, s, opts...)
	if err != nil {
		p.problem(w, http.StatusInternalServerError, "the answer could not be signed")
		return
	}
	p.page(w, http.StatusOK, view{
		Title: "Signing you in", Text: "If nothing happens, press the button.",
		Action: q.ACSURL, Hidden: fields("SAMLResponse", value, "RelayState", q.RelayState), Continue: true,
	})
}

func (p *IDP) serveMetadata(w http.ResponseWriter) {
	b, err := p.Metadata()
	if err != nil {
		p.problem(w, http.StatusInternalServerError, "the metadata could not be written")
		return
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(b)
}
