package samlsp

import (
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// subject: who it is about, and that the bearer may present it here and now
// (Core §2.4, Profiles §4.1.4.2).
func (c *checker) subject(a *node) *Rejection {
	s := a.child(nsAssertion, "Subject")
	if s == nil {
		return c.stands(reject(ReasonNoSubject, "the assertion is about nobody"))
	}
	if len(s.all(nsAssertion, "NameID")) > 1 && c.makes(ReasonSeveralNameIDs) {
		return reject(ReasonSeveralNameIDs, "several NameIDs")
	}
	c.pass(ReasonNoSubject, ReasonSeveralNameIDs)
	if r := c.stands(checkOrder(s, []place{
		{nsAssertion, []string{"NameID", "BaseID"}, 0, 1}, {nsAssertion, []string{"SubjectConfirmation"}, 0, many},
	})); r != nil {
		return r
	}
	if id := s.child(nsAssertion, "NameID"); id != nil && len(id.kids) > 0 && c.makes(ReasonChildOrder) {
		return reject(ReasonChildOrder, "NameID holds more than text")
	}
	all := s.all(nsAssertion, "SubjectConfirmation")
	if c.want.Unsolicited {
		if r := c.noneAnswers(all); r != nil {
			return r
		}
	}
	return c.confirmations(all)
}

// noneAnswers wants no confirmation, whatever its method, that belongs to a
// request: one that fits does not make up for it.
func (c *checker) noneAnswers(confirmations []*node) *Rejection {
	for _, n := range confirmations {
		for _, data := range n.all(nsAssertion, "SubjectConfirmationData") {
			if r := c.answers(data, ReasonUnsolicitedInResponseTo, ""); r != nil {
				return r
			}
		}
	}
	return nil
}

// confirmations wants one bearer confirmation that fits; others do not matter.
// The refusal tells of the one that came furthest.
func (c *checker) confirmations(all []*node) *Rejection {
	var best *Rejection
	for _, n := range all {
		if n.value("Method") != bearer { // holder-of-key proves a key that no browser shows us
			continue
		}
		until, r := c.confirmation(n)
		switch {
		case r != nil && (best == nil || r.Reason > best.Reason):
			best = r
		case r == nil && until.After(c.confirmed):
			c.confirmed = until
		}
	}
	switch {
	case !c.confirmed.IsZero():
		c.pass(ReasonNoConfirmation, ReasonRecipient, ReasonConfirmationRequest, ReasonConfirmationNoExpiry,
			ReasonConfirmationNotYet, ReasonConfirmationExpired)
		return nil
	case best != nil:
		return c.stands(best)
	}
	return c.stands(reject(ReasonNoConfirmation, "no bearer confirmation"))
}

// confirmation checks one bearer confirmation (Profiles §4.1.4.3) in the order
// of the reasons, so that the furthest has the greatest.
func (c *checker) confirmation(n *node) (until time.Time, r *Rejection) {
	all := n.all(nsAssertion, "SubjectConfirmationData")
	if len(all) != 1 {
		return until, reject(ReasonNoConfirmation, "a bearer confirmation with %d SubjectConfirmationData", len(all))
	}
	data := all[0]
	if data.value("Recipient") != c.sp.ACSURL && c.makes(ReasonRecipient) {
		return until, reject(ReasonRecipient, "the recipient is another address, or none")
	}
	if r := c.answers(data, ReasonConfirmationRequest, "the confirmation is for another request, or none"); r != nil {
		return until, r
	}
	until, given, r := c.instant(data, "NotOnOrAfter")
	if r != nil {
		return until, r
	}
	if !given && c.makes(ReasonConfirmationNoExpiry) {
		return until, reject(ReasonConfirmationNoExpiry, "the confirmation has no NotOnOrAfter")
	}
	// Profiles §4.1.4.2 knows no NotBefore here; one that is there holds.
	return until, c.window(data, ReasonConfirmationNotYet, ReasonConfirmationExpired)
}

// statements wants a sign-in, not long past its end and not in the future
// (Core §2.7.2, Profiles §4.1.4.2).
func (c *checker) statements(a *node) *Rejection {
	for i, n := range a.all(nsAssertion, "AuthnStatement") {
		at, r := c.required(n, "AuthnInstant")
		if r != nil {
			return r
		}
		if c.future(at) && c.makes(ReasonAuthnInFuture) {
			return rejectTime(ReasonAuthnInFuture, c.now, at, "the person signed in at %s", stamp(at))
		}
		end, given, r := c.instant(n, "SessionNotOnOrAfter")
		if r != nil {
			return r
		}
		if given && !c.now.Before(end) && c.makes(ReasonSessionExpired) { // no skew: the session would be over as it begins
			return rejectTime(ReasonSessionExpired, c.now, c.issued, "the session at the idp ended at %s", stamp(end))
		}
		if i == 0 {
			c.authn = identity.Authn{Instant: at, SessionIndex: n.value("SessionIndex"), ContextClass: contextClass(n), Issued: c.issued}
		}
		if given && (c.authn.NotOnOrAfter.IsZero() || end.Before(c.authn.NotOnOrAfter)) {
			c.authn.NotOnOrAfter = end
		}
	}
	if c.authn.Instant.IsZero() && c.makes(ReasonNoAuthnStatement) {
		return reject(ReasonNoAuthnStatement, "the assertion tells of no sign-in")
	}
	c.pass(ReasonNoAuthnStatement, ReasonAuthnInFuture, ReasonSessionExpired)
	return c.fresh()
}

// freshLogin is how long ago a person may have signed in at an identity provider
// with ForceAuthn when nobody says when the request was sent: as long as a
// login may be under way.
const freshLogin = 10 * time.Minute

// fresh holds the sign-in against what the login asked for: not too long ago,
// after the request that forced it, and in a way that will do.
func (c *checker) fresh() *Rejection {
	earliest := c.want.AuthnNotBefore
	if earliest.IsZero() && c.idp.ForceAuthn {
		earliest = c.now.Add(-freshLogin)
	}
	if age := c.want.MaxAuthAge; age > 0 && c.now.Add(-age).After(earliest) {
		earliest = c.now.Add(-age)
	}
	if c.authn.Instant.Before(earliest.Add(-c.sp.ClockSkew)) && c.makes(ReasonAuthnTooOld) {
		return reject(ReasonAuthnTooOld, "the person signed in at %s, and should have after %s", stamp(c.authn.Instant), stamp(earliest))
	}
	allowed := contexts(c.want.AuthnContext, c.idp)
	if len(allowed) > 0 && !slices.Contains(allowed, c.authn.ContextClass) && c.makes(ReasonAuthnContext) {
		return reject(ReasonAuthnContext, "the person signed in another way than one of %q", allowed)
	}
	c.pass(ReasonAuthnTooOld, ReasonAuthnContext)
	return nil
}

func contextClass(statement *node) string {
	context := statement.child(nsAssertion, "AuthnContext")
	if context == nil {
		return ""
	}
	class := context.child(nsAssertion, "AuthnContextClassRef")
	if class == nil || len(class.kids) > 0 {
		return ""
	}
	return class.text()
}

// read makes the Assertion of a checked element.
func (c *checker) read(a *node) *Assertion {
	out := &Assertion{idp: c.idp, authn: c.authn, off: c.off}
	if id := a.child(nsAssertion, "Subject").child(nsAssertion, "NameID"); id != nil {
		out.nameID = identity.NameID{
			Value: id.text(), Format: id.value("Format"), NameQualifier: id.value("NameQualifier"),
			SPNameQualifier: id.value("SPNameQualifier"), SPProvidedID: id.value("SPProvidedID"),
		}
	}
	for _, statement := range a.all(nsAssertion, "AttributeStatement") {
		for _, n := range statement.all(nsAssertion, "Attribute") {
			if name := n.value("Name"); name != "" {
				out.attributes = append(out.attributes, attribute{name, attributeValues(n)})
			}
		}
	}
	return out
}

// attributeValues returns the texts of an attribute's values exactly as written
// (Core §2.7.3.1). A nil value, an empty one and a tree of elements are none,
// but for a NameID alone, which is how eduPersonTargetedID comes.
func attributeValues(n *node) []string {
	values := n.all(nsAssertion, "AttributeValue")
	texts := make([]string, 0, len(values))
	for _, v := range values {
		if len(v.kids) == 1 && v.kids[0].is(nsAssertion, "NameID") && v.blank() {
			v = v.kids[0]
		}
		isNil := slices.ContainsFunc(v.attrs, func(a nodeAttr) bool {
			return a.space == nsXSI && a.local == "nil" && slices.Contains([]string{"true", "1"}, strings.TrimSpace(a.value))
		})
		if v.text() != "" && len(v.kids) == 0 && !isNil {
			texts = append(texts, v.text())
		}
	}
	return texts
}
