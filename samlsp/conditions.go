package samlsp

import (
	"strings"
	"time"

	"github.com/samlgate/samlgate/identity"
)

const (
	maxAge       = time.Hour // of an assertion by its IssueInstant, whatever it says of itself
	formatEntity = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
	bearer       = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

// checker holds one proven response against one pending login.
type checker struct {
	*trial
	sp   *Config
	idp  *IdentityProvider
	want Expected
	now  time.Time

	issued    time.Time // IssueInstant of the assertion
	confirmed time.Time // latest NotOnOrAfter of a confirmation that fits
	authn     identity.Authn
}

// response checks what the envelope says (Core §3.2.2, Profiles §4.1.4.2).
func (c *checker) response(p *proof) *Rejection {
	n := p.envelope
	if n.value("Version") != "2.0" && c.makes(ReasonVersion) {
		return reject(ReasonVersion, "the response is not of version 2.0")
	}
	issued, r := c.required(n, "IssueInstant")
	if r != nil {
		return r
	}
	if p.envelopeSigned {
		c.measured(issued)
	}
	if c.future(issued) && c.makes(ReasonIssuedInFuture) {
		return rejectTime(ReasonIssuedInFuture, c.now, issued, "the response was issued at %s", stamp(issued))
	}
	// Bindings §3.5.5.2: a signed message names its destination, which is us.
	destination, ok := n.attr("Destination")
	if (!ok && p.envelopeSigned || ok && destination != c.sp.ACSURL) && c.makes(ReasonDestination) {
		return reject(ReasonDestination, "the response is meant for another address")
	}
	issuer := n.child(nsAssertion, "Issuer")
	if (issuer == nil && p.envelopeSigned || issuer != nil && !c.isIssuer(issuer)) && c.makes(ReasonResponseIssuer) {
		return reject(ReasonResponseIssuer, "the response is not from idp %q", c.idp.Name)
	}
	c.pass(ReasonVersion, ReasonTimeFormat, ReasonIssuedInFuture, ReasonDestination, ReasonResponseIssuer)
	r = c.answers(n, ReasonInResponseTo, "the response answers another request, or none")
	if r == nil && c.want.Unsolicited {
		c.pass(ReasonUnsolicitedInResponseTo)
	} else if r == nil {
		c.pass(ReasonInResponseTo)
	}
	return r
}

// answers wants InResponseTo of an element to be the request that is pending.
// Without one there may be none, not even an empty one: a response to somebody
// else's request is not turned into one that nobody asked for (Profiles §4.1.5).
func (c *checker) answers(n *node, otherwise Reason, detail string) *Rejection {
	id, given := n.attr("InResponseTo")
	switch {
	case c.want.Unsolicited && given && c.makes(ReasonUnsolicitedInResponseTo):
		return reject(ReasonUnsolicitedInResponseTo, "%s answers a request, though nobody asked", n.local)
	case !c.want.Unsolicited && id != c.want.RequestID && c.makes(otherwise):
		return reject(otherwise, "%s", detail)
	}
	return nil
}

// assertion checks what the assertion says (Core §2.3.3, Profiles §4.1.4.3).
func (c *checker) assertion(a *node) *Rejection {
	for _, check := range []func(*node) *Rejection{
		c.origin, c.conditions, c.audiences, c.subject, c.statements,
	} {
		if r := check(a); r != nil {
			return r
		}
	}
	return nil
}

func (c *checker) origin(a *node) *Rejection {
	if a.value("Version") != "2.0" && c.makes(ReasonVersion) {
		return reject(ReasonVersion, "the assertion is not of version 2.0")
	}
	if !c.isIssuer(a.child(nsAssertion, "Issuer")) && c.makes(ReasonAssertionIssuer) {
		return reject(ReasonAssertionIssuer, "the assertion is not from idp %q", c.idp.Name)
	}
	issued, r := c.required(a, "IssueInstant")
	if r != nil {
		return r
	}
	c.measured(issued)
	if c.future(issued) && c.makes(ReasonIssuedInFuture) {
		return rejectTime(ReasonIssuedInFuture, c.now, issued, "the assertion was issued at %s", stamp(issued))
	}
	if c.past(issued.Add(maxAge)) && c.makes(ReasonTooOld) {
		return rejectTime(ReasonTooOld, c.now, issued, "the assertion was issued at %s", stamp(issued))
	}
	c.pass(ReasonAssertionIssuer, ReasonTooOld)
	c.issued = issued
	return nil
}

// isIssuer compares an issuer with the identity provider that was asked
// (Core §2.2.5, §8.3.6).
func (c *checker) isIssuer(n *node) bool {
	format, ok := n.attr("Format")
	return n.text() == c.idp.EntityID && len(n.kids) == 0 && (!ok || format == formatEntity)
}

// conditions must all hold, and one that we do not know cannot (Core §2.5.1).
func (c *checker) conditions(a *node) *Rejection {
	n := a.child(nsAssertion, "Conditions")
	if n == nil {
		return c.stands(reject(ReasonNoConditions, "the assertion has no conditions"))
	}
	once := make(map[string]bool)
	for _, k := range n.kids {
		switch {
		case k.is(nsAssertion, "AudienceRestriction"):
		case k.is(nsAssertion, "OneTimeUse"), k.is(nsAssertion, "ProxyRestriction"):
			// Every assertion is used once here, and none is passed on.
			if once[k.local] && c.makes(ReasonUnknownCondition) {
				return reject(ReasonUnknownCondition, "%s stands twice", k.local)
			}
			once[k.local] = true
		default:
			if r := c.stands(reject(ReasonUnknownCondition, "a condition that is not known here")); r != nil {
				return r
			}
		}
	}
	c.pass(ReasonNoConditions, ReasonUnknownCondition)
	r := c.window(n, ReasonNotYetValid, ReasonExpired)
	if r == nil {
		c.pass(ReasonNotYetValid, ReasonExpired)
	}
	return r
}

// window checks NotBefore and NotOnOrAfter of an element, where they are given.
func (c *checker) window(n *node, early, late Reason) *Rejection {
	if from, given, r := c.instant(n, "NotBefore"); r != nil {
		return r
	} else if given && c.future(from) && c.makes(early) {
		return rejectTime(early, c.now, from, "not valid before %s", stamp(from))
	}
	if until, given, r := c.instant(n, "NotOnOrAfter"); r != nil {
		return r
	} else if given && c.past(until) && c.makes(late) {
		return rejectTime(late, c.now, c.issued, "valid until %s", stamp(until))
	}
	return nil
}

// audiences: we must be in every restriction; within one, any audience will do
// (Core §2.5.1.4).
func (c *checker) audiences(a *node) *Rejection {
	restrictions := a.child(nsAssertion, "Conditions").all(nsAssertion, "AudienceRestriction")
	if len(restrictions) == 0 && c.makes(ReasonNoAudience) {
		return reject(ReasonNoAudience, "the assertion is for nobody in particular")
	}
	for _, r := range restrictions {
		found := false
		for _, k := range r.kids {
			// xs:anyURI: white space around it is layout
			found = found || k.is(nsAssertion, "Audience") && len(k.kids) == 0 && strings.Trim(k.text(), " \t\r\n") == c.sp.EntityID
		}
		if !found && c.makes(ReasonAudience) {
			return reject(ReasonAudience, "the assertion is for another service provider")
		}
	}
	c.pass(ReasonNoAudience, ReasonAudience)
	return nil
}

// future and past allow for the clocks of both sides (IIP-G01).
func (c *checker) future(t time.Time) bool { return t.After(c.now.Add(c.sp.ClockSkew)) }

func (c *checker) past(end time.Time) bool { return !c.now.Before(end.Add(c.sp.ClockSkew)) }

func (c *checker) required(n *node, attr string) (time.Time, *Rejection) {
	t, given, r := c.instant(n, attr)
	if r == nil && !given {
		r = c.stands(reject(ReasonTimeFormat, "%s has no %s", n.local, attr))
	}
	return t, r
}

// instant reads a time, as the function does.
func (c *checker) instant(n *node, attr string) (time.Time, bool, *Rejection) {
	t, given, r := instant(n, attr)
	return t, given && r == nil, c.stands(r)
}

// measured notes what the sender believed the time to be.
func (c *checker) measured(issued time.Time) {
	c.report.Issued, c.report.ClockOff = issued, issued.Sub(c.now).Round(time.Second)
}

// instant reads a time (Core §1.3.3). One without a zone is no instant.
func instant(n *node, attr string) (t time.Time, given bool, r *Rejection) {
	text, given := n.attr(attr)
	if !given {
		return time.Time{}, false, nil
	}
	t, err := time.Parse(time.RFC3339, strings.Trim(text, " \t\r\n"))
	t = t.UTC()
	if err != nil || t.Year() < 1970 || t.Year() > 9999 { // an offset leads out of the years that can be written
		return time.Time{}, true, reject(ReasonTimeFormat, "%s of %s is no time in UTC", attr, n.local)
	}
	return t, true, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
