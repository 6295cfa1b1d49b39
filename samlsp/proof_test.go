package samlsp_test

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

const (
	ourEntity = "https://sso.example.com/.samlgate/saml/metadata"
	ourACS    = "https://sso.example.com/.samlgate/saml/acs"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// bench is an identity provider that misbehaves, and what a service provider
// for it is made of.
type bench struct {
	idp  *idptest.IDP
	keys []samlsp.KeyPair
}

func newBench(t testing.TB) *bench {
	t.Helper()
	idp, err := idptest.New(idptest.Config{EntityID: "https://idp.example.com/metadata", BaseURL: "https://idp.example.com/idp", Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{idp: idp}
	var certs []*x509.Certificate
	for _, made := range []func() (idptest.Key, error){
		func() (idptest.Key, error) { return idptest.NewECDSAKey(noon()) }, // signs; the others decrypt
		func() (idptest.Key, error) { return idptest.NewRSAKey(2048, noon()) },
		func() (idptest.Key, error) { return idptest.NewRSAKey(2048, noon()) },
	} {
		k, err := made()
		if err != nil {
			t.Fatal(err)
		}
		b.keys = append(b.keys, samlsp.KeyPair{Certificate: k.Certificate, Key: k.Signer})
		certs = append(certs, k.Certificate)
	}
	idp.AddSP(idptest.SP{EntityID: ourEntity, ACSURL: ourACS, Certificates: certs})
	return b
}

// provider makes a service provider that makes all checks but those.
func (b *bench) provider(t testing.TB, s idptest.Setup, off ...samlsp.Reason) *samlsp.ServiceProvider {
	t.Helper()
	sp, err := samlsp.New(samlsp.Config{
		EntityID: ourEntity, ACSURL: ourACS, ClockSkew: 3 * time.Minute, Now: noon, Keys: b.keys, Replay: &idptest.Replays{},
	}, &samlsp.IdentityProvider{
		Name: "corp", EntityID: b.idp.EntityID(), Certificates: b.idp.Certificates(),
		SSO:       map[samlsp.Binding]string{samlsp.RedirectBinding: b.idp.SSOURL()},
		AllowSHA1: s.AllowSHA1, AllowCBC: s.AllowCBC, Require: samlsp.SignedPart(s.Require), EmailDomains: idptest.Domains(),
		Attributes: samlsp.Mapping{Email: []string{"Email"}, FirstName: []string{"FirstName"}, Roles: []string{"Role"}}, Required: []string{"email"},
	})
	if err != nil {
		t.Fatal(err)
	}
	samlsp.SwitchOff(sp, off...)
	return sp
}

// outcome is what became of one message.
type outcome struct {
	who    identity.Identity
	report samlsp.Report
	reason *samlsp.Reason // nil: accepted
}

// messages are one misbehaviour as it is sent. Making them costs more than
// verifying them: they are made once, and sent to one service provider each time.
type messages struct {
	idptest.Misbehaviour
	first, twin, attack string // first is empty where nothing has to come before
}

func (b *bench) made(t testing.TB, m idptest.Misbehaviour) messages {
	t.Helper()
	r := idptest.Request{ID: "_request", Issuer: ourEntity, ACSURL: ourACS}
	first, _, err := m.First(b.idp, r)
	twin, err2 := m.Twin(b.idp, r)
	attack, err3 := m.Make(b.idp, r)
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	return messages{m, first, twin, attack}
}

// try sends a message, and whatever has to come before it, to a service
// provider that makes all checks but those.
func (b *bench) try(t testing.TB, m messages, message string, off ...samlsp.Reason) outcome {
	t.Helper()
	want := samlsp.Expected{IDP: "corp", RequestID: "_request", MaxAuthAge: m.Setup.MaxAuthAge, AuthnContext: m.Setup.AuthnContext}
	if m.Setup.Unsolicited {
		want.RequestID, want.Unsolicited = "", true
	}
	if m.Setup.Forced {
		want.AuthnNotBefore = noon()
	}
	sp := b.provider(t, m.Setup, off...)
	if m.first != "" {
		if _, err := sp.VerifyResponse(t.Context(), m.first, want); err != nil {
			t.Fatalf("%s: the first message is refused: %v", m.Name, err)
		}
	}
	a, report, err := sp.Examine(t.Context(), message, want)
	o := outcome{report: report}
	if err == nil {
		o.who, err = a.Identity()
		o.report = report.WithPerson(err)
	}
	var refused *samlsp.Rejection
	if errors.As(err, &refused) {
		o.reason = &refused.Reason
	} else if err != nil {
		t.Fatal(err)
	}
	return o
}

// needed returns the checks that must all be off for a misbehaviour to pass,
// found by switching off whatever refuses; nil when it never does.
func (b *bench) needed(t testing.TB, m messages, attack outcome) ([]samlsp.Reason, outcome) {
	t.Helper()
	var off []samlsp.Reason
	for o := attack; ; o = b.try(t, m, m.attack, off...) {
		switch {
		case o.reason == nil:
			return off, o
		case slices.Contains(off, *o.reason):
			return nil, o
		}
		off = append(off, *o.reason)
	}
}

// proofs is what is known of all misbehaviours so far.
type proofs struct {
	mu     sync.Mutex
	ideas  map[string]bool          // ideas that one check alone refuses
	checks map[samlsp.Reason]bool   // checks that do
	oracle map[string]samlsp.Report // reports on changed ciphertexts in AES-CBC, by the misbehaviour
}

// What each check is good for: 120 or more ideas are refused by one check alone.
// Their twins are accepted, they are refused for the right reason, and once that
// check is off they are accepted as well; a forgery then signs in whom it forged.
// Where several checks refuse the same, all of them are listed, and nothing is
// counted.
func TestEachCheckIsNeeded(t *testing.T) {
	b := newBench(t)
	p := &proofs{ideas: map[string]bool{}, checks: map[samlsp.Reason]bool{}, oracle: map[string]samlsp.Report{}}
	t.Run("all", func(t *testing.T) {
		for _, m := range idptest.Misbehaviours() {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				p.add(t, b, b.made(t, m))
			})
		}
	})
	t.Logf("%d ideas need one of %d checks", len(p.ideas), len(p.checks))
	if len(p.ideas) < 120 {
		t.Errorf("%d ideas are too few", len(p.ideas))
	}
	sameReports(t, p.oracle)
}

func (p *proofs) add(t *testing.T, b *bench, m messages) {
	if twin := b.try(t, m, m.twin); twin.reason != nil {
		t.Fatalf("the twin is refused as %v", *twin.reason)
	}
	attack := b.try(t, m, m.attack)
	if attack.reason == nil || attack.reason.String() != m.Want {
		t.Fatalf("not refused as %s", m.Want)
	}
	checkReport(t, m.Misbehaviour, attack.report)
	off, o := b.needed(t, m, attack)
	forged := o.who.NameID.Value == idptest.Mallory || o.who.Email == idptest.Mallory
	if off != nil && !m.Forges && forged {
		t.Error("signs in Mallory and is not known as a forgery")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Want == "decrypt" && m.Setup.AllowCBC {
		p.oracle[m.Name] = attack.report
	}
	switch {
	case off == nil:
		t.Logf("%s, and then %v, which nothing can be put in the place of", m.Want, *o.reason)
	case m.Forges && !forged:
		t.Logf("%s, and the reader is not fooled anyway", names(off))
	case len(off) > 1:
		t.Logf("%s, each of them", names(off))
	default:
		p.ideas[m.Idea], p.checks[off[0]] = true, true
	}
}

func names(reasons []samlsp.Reason) string {
	var all []string
	for _, r := range reasons {
		all = append(all, r.String())
	}
	return strings.Join(all, ", ")
}
