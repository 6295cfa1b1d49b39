package proxy_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"crypto/rand"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/visit"
)

// saml is what stands in for a SAML response: whoever can write JSON is proven.
type saml struct {
	Request, IDP, Email string
	Roles               []string
	Over                bool // SessionNotOnOrAfter has passed
	Instant             time.Time
	Issued              time.Time
	Context             string
	SP                  string // which of our SP identities it is for, as audience, destination and recipient say
	Index               string // SessionIndex
	Persistent          string // NameID of that format
}

func (s saml) encode() string {
	b, _ := json.Marshal(s)
	return string(b)
}

// fakeIDP is a signin.Provider that believes every answer to the right
// question by the right provider, and counts how often it was asked to.
type fakeIDP struct {
	read, verified atomic.Int32
	anew           atomic.Bool // the last request asked for it
}

func (f *fakeIDP) Request(idp, relayState string, d signin.Demand) (signin.Request, error) {
	f.anew.Store(d.Anew)
	id := "_" + rand.Text() + rand.Text()
	return signin.Request{ID: id, URL: "https://" + idp + ".idp.test/sso?id=" + id + "&RelayState=" + relayState + "&sp=" + d.ServiceProvider}, nil
}

func (f *fakeIDP) Hint(response string) (signin.Hint, error) {
	f.read.Add(1)
	var s saml
	if err := json.Unmarshal([]byte(response), &s); err != nil {
		return signin.Hint{}, &signin.Refusal{Reason: "malformed", Detail: "no JSON", Code: pages.SAMLRefused}
	}
	return signin.Hint{RequestID: s.Request, IDP: s.IDP}, nil
}

func (f *fakeIDP) Verify(_ context.Context, response string, asked signin.Asked) (identity.Identity, visit.Report, error) {
	idp, requestID := asked.IDP, asked.RequestID
	f.verified.Add(1)
	var s saml
	if err := json.Unmarshal([]byte(response), &s); err != nil || s.IDP != idp || s.Request != requestID || s.SP != asked.ServiceProvider {
		return identity.Identity{}, visit.Report{Checks: []visit.Check{{Name: "mismatch", Detail: "another question"}}}, &signin.Refusal{Reason: "mismatch", Detail: "another question", Code: pages.SAMLRefused}
	}
	if asked.Demand.Anew && s.Instant.Before(asked.At.Add(-time.Minute)) {
		return identity.Identity{}, visit.Report{}, &signin.Refusal{Reason: "authn_too_old", Detail: "not asked again", Code: pages.SAMLRefused}
	}
	id := identity.Identity{IDP: idp, Email: identity.Email(s.Email), Person: identity.Person(s.Email), FirstName: "Ann", LastName: "Lee", Roles: s.Roles}
	id.Authn.Instant, id.Authn.ContextClass, id.Authn.SessionIndex = s.Instant, s.Context, s.Index
	id.NameID = identity.NameID{Value: "n-" + s.Email, Format: "urn:x"}
	if s.Persistent != "" {
		id.NameID = identity.NameID{Value: s.Persistent, Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"}
	}
	id.Authn.ServiceProvider, id.Authn.Issued = asked.ServiceProvider, s.Issued
	if s.Over {
		id.Authn.NotOnOrAfter = id.Authn.Instant.AddDate(1, 0, 0)
	}
	return id, visit.Report{Checks: []visit.Check{{Name: "mismatch", Passed: true}}, Bytes: len(response), Proven: true, Attributes: []string{"Email"}}, nil
}
