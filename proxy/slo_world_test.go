package proxy_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/sessionstore"
)

// fakeLogouts is a signin.Logouts whose messages are JSON: whoever writes
// Signed is believed.
type fakeLogouts struct {
	addresses map[string]string // :: idp → where a browser signs out
	mu        sync.Mutex
	offers    map[string]string // :: idp → "redirect" or "post"
	asked     []signin.Departed
	used      map[string]bool // ids of requests
	mute      bool            // the identity provider has no address for answers
	down      bool            // the replay cache is away

	proven   func() // called while a request is judged
	spendErr error  // it goes away before a request can be spent
}

// offer makes an identity provider take part, by a binding.
func (w *world) offer(idp, binding string) {
	w.slo.mu.Lock()
	defer w.slo.mu.Unlock()
	w.slo.offers[idp] = binding
}

// note is a logout message of an identity provider.
type note struct {
	ID, IDP string
	Signed  bool
	Known   bool // proven and meant for us, whatever else is wrong

	Name    string   // request: NameID
	Indexes []string // and SessionIndexes
	Expired bool
	Issued  time.Time

	Answers, Status string // response
}

func (n note) field() string {
	if n.Status != "" {
		return "SAMLResponse"
	}
	return "SAMLRequest"
}

func (n note) encode() string {
	b, _ := json.Marshal(n)
	return string(b)
}

func (f *fakeLogouts) Offers(_, idp string) bool { return f.offers[idp] != "" }
func (f *fakeLogouts) Address(idp string) string { return f.addresses[idp] }
func (f *fakeLogouts) Fault(refused bool) []byte {
	return fmt.Appendf(nil, "<fault refused=%t>", refused)
}

func (f *fakeLogouts) Request(d signin.Departed, relay string) (signin.Request, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, d)
	r := signin.Request{ID: "_" + rand.Text() + rand.Text(), URL: "https://" + d.IDP + ".idp.test/slo"}
	if f.offers[d.IDP] == "post" {
		r.Fields = []signin.Field{{Name: "SAMLRequest", Value: r.ID}, {Name: "RelayState", Value: relay}}
		return r, nil
	}
	r.URL += "?id=" + r.ID + "&RelayState=" + relay
	return r, nil
}

func (f *fakeLogouts) Read(_ string, in signin.Received) (signin.LogoutMessage, error) {
	m := &fakeMessage{f: f, soap: in.SOAP != nil, post: in.Form != nil}
	text := string(in.SOAP)
	if in.Form != nil {
		text = in.Form.Get("SAMLRequest") + in.Form.Get("SAMLResponse")
	} else if q, err := url.ParseQuery(in.Query); in.SOAP == nil && err == nil {
		text = q.Get("SAMLRequest") + q.Get("SAMLResponse")
	}
	if err := json.Unmarshal([]byte(text), &m.n); err != nil {
		return nil, &signin.Refusal{Reason: "malformed", Detail: "no JSON", Code: pages.SLORefused}
	}
	return m, nil
}

type fakeMessage struct {
	f          *fakeLogouts
	n          note
	soap, post bool
}

func (m *fakeMessage) Answers() (string, bool) { return m.n.Answers, m.n.Status != "" }

func (m *fakeMessage) Request(context.Context) (signin.LogoutRequest, error) {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	if m.f.proven != nil {
		m.f.proven()
	}
	refused := &signin.Refusal{Reason: "no_signature", Detail: "forged", Code: pages.SLORefused}
	switch {
	case m.f.down:
		return signin.LogoutRequest{}, errors.New("replay cache is away")
	case !m.n.Signed:
		return signin.LogoutRequest{}, refused
	case m.n.Expired || m.f.used[m.n.ID]:
		refused.Reason, refused.Answer = "replay", m.answer("refused")
		return signin.LogoutRequest{}, refused
	}
	return signin.LogoutRequest{
		Spend: m.spend,
		Named: sessionstore.Named{IDP: m.n.IDP, NameID: identity.NameID{Value: m.n.Name, Format: "urn:x"}, Indexes: m.n.Indexes, Issued: m.n.Issued},
		Done:  func() (*signin.LogoutAnswer, error) { return m.answer("success"), nil },
	}, nil
}

func (m *fakeMessage) spend(context.Context) error {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	m.f.used[m.n.ID] = true
	return m.f.spendErr
}

func (m *fakeMessage) answer(status string) *signin.LogoutAnswer {
	home := "https://" + m.n.IDP + ".idp.test"
	a := &signin.LogoutAnswer{IDP: m.n.IDP, URL: home + "/done?status=" + status + "&to=" + m.n.ID}
	switch {
	case m.f.mute:
		return nil
	case m.soap:
		a.URL, a.Body = "", []byte("<"+status+" to="+m.n.ID+">")
	case m.post:
		a.URL, a.Fields, a.Frames = home+"/done", []signin.Field{{Name: "SAMLResponse", Value: status}}, []string{home + "/sso"}
	}
	return a
}

func (m *fakeMessage) Outcome(idp, request string) (signin.LogoutOutcome, error) {
	if !m.n.Signed || m.n.IDP != idp || m.n.Answers != request {
		return "", &signin.Refusal{Reason: "no_signature", Detail: "forged", Code: pages.SLORefused}
	}
	return signin.LogoutOutcome(m.n.Status), nil
}

const slo = sso + "/.samlgate/saml/slo"

// tell brings a message to the logout service as a browser does that comes from
// the identity provider's page.
func (b *browser) tell(n note, post bool, kind string) *answer {
	b.t.Helper()
	value := url.Values{n.field(): {n.encode()}, "RelayState": {"https://evil.example/"}}.Encode()
	if post {
		return b.do(slo, ask{method: "POST", site: "cross-site", kind: kind, body: value})
	}
	return b.do(slo+"?"+value, ask{site: "cross-site", kind: kind})
}

// onward goes where pages that go on by themselves lead, up to what is asked of
// the identity provider.
func (b *browser) onward(a *answer) *answer {
	b.t.Helper()
	for range 5 {
		a = b.follow(a)
		to := a.goesOn()
		if to == "" {
			return a
		}
		a = b.do(to, ask{site: "same-site"})
	}
	b.t.Fatalf("pages without end at %s", a.at)
	return nil
}

var goesOn = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]*)"`)

// goesOn is where a page leads by itself, if it does.
func (a *answer) goesOn() string {
	if m := goesOn.FindStringSubmatch(a.text); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// signInAs signs in with a SessionIndex.
func (b *browser) signInAs(address, email, index string) {
	b.t.Helper()
	idp, request := b.open(address).asked()
	b.follow(b.reply(saml{Request: request, IDP: idp, Email: email, Index: index})).is(200)
}

// logouts are what was counted so far.
func (w *world) logouts() (all []string) {
	w.observer.note(func() { all = slices.Clone(w.observer.logouts) })
	return all
}

func (w *world) counted(t testing.TB, want ...string) {
	t.Helper()
	if got := w.logouts(); !slices.Equal(got, want) {
		t.Errorf("counted %q, want %q", got, want)
	}
}
