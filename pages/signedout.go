package pages

import (
	"net/http"
	"time"
)

// EndReason says how a session ended, for the signed-out page.
type EndReason string

// The ways a session ends that a person is told apart.
const (
	EndedByPerson   EndReason = "by_person"
	EndedIdle       EndReason = "idle"
	EndedLifetime   EndReason = "lifetime"
	EndedElsewhere  EndReason = "elsewhere" // displaced by a sign-in in another browser
	EndedByOperator EndReason = "by_operator"

	EndedEverywhere  EndReason = "everywhere"  // at the identity provider, too
	EndedPartly      EndReason = "partly"      // there too, but not in all of its applications
	EndedUnconfirmed EndReason = "unconfirmed" // here; what the identity provider did is not known
	EndedByIDP       EndReason = "by_idp"      // which asked for it

	EndedByRole  EndReason = "by_role"  // a role was taken away
	EndedFromFar EndReason = "from_far" // by the person, in another browser
)

var endGlyphs = map[EndReason]glyph{
	EndedByPerson: glyphCheck, EndedIdle: glyphClock, EndedLifetime: glyphClock,
	EndedElsewhere: glyphKey, EndedByOperator: glyphLock,
	EndedEverywhere: glyphCheck, EndedPartly: glyphShield, EndedUnconfirmed: glyphQuestion, EndedByIDP: glyphCheck,
	EndedByRole: glyphKey, EndedFromFar: glyphKey,
}

// SignedOut is the content of the page after a session.
type SignedOut struct {
	Reason EndReason // empty or unknown = EndedByPerson
	IDP    string    // display name; given with EndedByPerson, the page warns that its session may go on
	SignIn string    // where to sign in again; empty = the login page
	Next   string    // where else to go on; empty = no such link
	Choose string    // where to choose another identity provider; empty = not offered

	Agent  string    // the browser in which the person has signed in since; empty = not known
	At     time.Time // when
	Status int       // 401 where the page stands in place of another; 0 = 200
}

// SignedOut answers 200, or the Status given, with the page that a person sees after signing out.
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
	args := idpArgs(s.IDP)
	page.What, page.Next = c.fill(words.What, args), c.fill(words.Next, args)
	if s.IDP != "" && s.Reason == EndedByPerson {
		page.Detail = c.fill(c.Words.SharedDesk, map[string]string{"idp": s.IDP})
	}
	if s.Agent != "" && !s.At.IsZero() {
		page.Detail = c.fill(c.Words.SignedInSince, map[string]string{"device": s.Agent, "time": c.exact(s.At.In(p.location))})
	}
	if s.Status == 0 {
		s.Status = http.StatusOK
	}
	errorHeaders(w.Header(), Problem{Status: s.Status})
	page.offer(c, []Action{{Kind: SignInAgain, URL: s.SignIn}, {Kind: Continue, URL: s.Next}, {Kind: ChooseOther, URL: s.Choose}})
	p.write(w, r, c, s.Status, "message", page)
}
