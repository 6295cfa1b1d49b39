package pages

import "net/http"

// EndReason says how a session ended, for the signed-out page.
type EndReason string

// The ways a session ends that a person is told apart.
const (
	EndedByPerson   EndReason = "by_person"
	EndedIdle       EndReason = "idle"
	EndedLifetime   EndReason = "lifetime"
	EndedElsewhere  EndReason = "elsewhere" // displaced by a sign-in in another browser
	EndedByOperator EndReason = "by_operator"
)

var endGlyphs = map[EndReason]glyph{
	EndedByPerson: glyphCheck, EndedIdle: glyphClock, EndedLifetime: glyphClock,
	EndedElsewhere: glyphKey, EndedByOperator: glyphLock,
}

// SignedOut is the content of the page after a session.
type SignedOut struct {
	Reason EndReason // empty or unknown = EndedByPerson
	IDP    string    // display name; given, the page warns that its session may go on
	SignIn string    // where to sign in again; empty = the login page
}

// SignedOut answers 200 with the page that a person sees after signing out.
func (p *Pages) SignedOut(w http.ResponseWriter, r *http.Request, s SignedOut) {
	c := p.pick(r)
	words, ok := c.Ended[s.Reason]
	if !ok {
		s.Reason = EndedByPerson
		words = c.Ended[EndedByPerson]
	}
	if s.SignIn == "" {
		s.SignIn = p.prefix + "/login"
	}
	page := p.page(c, words.Title, endGlyphs[s.Reason])
	page.What, page.Next = c.fill(words.What, nil), c.fill(words.Next, nil)
	if s.IDP != "" && s.Reason == EndedByPerson {
		page.Detail = c.fill(c.Words.SharedDesk, map[string]string{"idp": s.IDP})
	}
	page.offer(c, []Action{{Kind: SignInAgain, URL: s.SignIn}})
	p.write(w, r, c, http.StatusOK, "message", page)
}
