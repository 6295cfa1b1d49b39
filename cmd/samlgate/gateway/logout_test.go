package gateway_test

import (
	"context"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
	"github.com/samlgate/samlgate/samlsp/slo"
)

// theirs speaks single logout as the identity provider of a site does: the
// protocol is the same from both sides.
func (s *site) theirs(key idptest.Key, entityID string, binding samlsp.Binding, to string) *slo.Service {
	s.Helper()
	keys, err := once()
	s.must(err)
	sp, err := samlsp.New(samlsp.Config{
		EntityID: entityID, ACSURL: s.idp.URL + "/unused", Replay: fresh{}, Now: time.Now, ClockSkew: time.Minute,
		Keys: []samlsp.KeyPair{{Certificate: key.Certificate, Key: key.Signer}},
	}, &samlsp.IdentityProvider{
		Name: "gate", EntityID: s.url("sso", "/.samlgate/saml/metadata"), Certificates: idptest.Certs(keys.sp),
		SSO: map[samlsp.Binding]string{samlsp.RedirectBinding: s.url("sso", "/unused")}, SLO: map[samlsp.Binding]string{binding: to},
	})
	s.must(err)
	service, err := slo.New(slo.Config{
		SP: sp, EntityID: entityID, URL: s.idp.URL + "/idp/logout", ClockSkew: time.Minute, Replay: fresh{}, Now: time.Now,
	})
	s.must(err)
	return service
}

const corpEntity = "https://idp.example.com/metadata"

func (s *site) corp(binding samlsp.Binding) *slo.Service {
	keys, err := once()
	s.must(err)
	return s.theirs(keys.idp, corpEntity, binding, s.url("sso", "/.samlgate/saml/slo"))
}

// stranger makes s an identity provider with a key of its own that nobody here
// knows, under the name of corp.
func (s *site) stranger(binding samlsp.Binding) *slo.Service {
	key, err := idptest.NewECDSAKey(time.Now())
	s.must(err)
	return s.theirs(key, corpEntity, binding, s.url("sso", "/.samlgate/saml/slo"))
}

var onward = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]*)"`)

// leaves signs out at the wiki and goes on to the identity provider, who believes
// the request.
func (s *site) leaves() *slo.LogoutRequest {
	s.Helper()
	page := s.get(s.url("wiki", "/.samlgate/logout"))
	m := onward.FindStringSubmatch(page.body)
	if m == nil {
		s.Fatalf("%s does not lead on: %s\n%s", page.url, page.body, s.log)
	}
	end, err := url.Parse(s.get(html.UnescapeString(m[1])).url)
	s.must(err)
	if end.Scheme+"://"+end.Host+end.Path != s.idp.URL+"/idp/logout" {
		s.Fatalf("ends at %s\n%s", end, s.log)
	}
	in, err := slo.FromRedirect(end.RawQuery)
	s.must(err)
	req, err := s.corp(samlsp.RedirectBinding).VerifyRequest(s.Context(), in)
	s.must(err)
	return req
}

// send brings a message to the gateway and returns its answer.
func (s *site) send(c *http.Client, out *slo.Outgoing) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, out.URL, nil)
	if len(out.Fields) > 0 {
		form := url.Values{}
		for _, f := range out.Fields {
			form.Set(f.Name, f.Value)
		}
		r, err = http.NewRequestWithContext(s.Context(), http.MethodPost, out.URL, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	s.must(err)
	r.Header.Set("Accept", "text/html")
	return s.do(c, r)
}

// Signing out tells the identity provider whom it means, in its own words, and
// believes what it has signed.
func TestSingleLogoutFromHere(t *testing.T) {
	s := start(t)
	for _, binding := range []samlsp.Binding{samlsp.RedirectBinding, samlsp.PostBinding} {
		for outcome, says := range map[slo.Outcome]string{
			slo.Success: "has signed you out as well", slo.Partial: "not of every other application", slo.Failed: "is not known",
		} {
			s.client = testenv.NewClient(t)
			s.signIn()
			req := s.leaves()
			if req.NameID.Value != "ana@example.com" || len(req.SessionIndexes) != 1 || s.in() {
				t.Fatalf("asked %+v", req)
			}
			req.Binding = binding
			forged, err := s.stranger(binding).NewResponse(req, slo.Success)
			s.must(err)
			if a := s.send(s.client, forged); !strings.Contains(a.body, "is not known") {
				t.Errorf("%s, forged: %d\n%s", binding, a.status, a.body)
			}
			out, err := s.corp(binding).NewResponse(req, outcome)
			s.must(err)
			if a := s.send(testenv.NewClient(t), out); a.status != 200 || !strings.Contains(a.body, "is not known") {
				t.Errorf("%s, in another browser: %d\n%s", binding, a.status, a.body)
			}
			if a := s.send(s.client, out); a.status != 200 || !strings.Contains(a.body, says) {
				t.Errorf("%s, %s: %d\n%s\n%s", binding, outcome, a.status, a.body, s.log)
			}
		}
	}
}

// believed reads the answer of the gateway as the identity provider does.
func (s *site) believed(a answer, binding samlsp.Binding, request string) *slo.LogoutResponse {
	s.Helper()
	var in *slo.Received
	var err error
	if binding == samlsp.RedirectBinding {
		u, _ := url.Parse(a.url)
		in, err = slo.FromRedirect(u.RawQuery)
	} else {
		form := url.Values{}
		for _, m := range hidden.FindAllStringSubmatch(a.body, -1) {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
		in, err = slo.FromForm(form)
	}
	if err != nil {
		s.Fatalf("%s, %d at %s: %v\n%s", binding, a.status, a.url, err, s.log)
	}
	res, err := s.corp(binding).VerifyResponse(in, samlsp.Expected{IDP: "gate", RequestID: request})
	s.must(err)
	return res
}

// An identity provider ends sessions without the browser that has them.
func TestSingleLogoutFromThere(t *testing.T) {
	s := start(t)
	s.signIn()
	ana := s.leaves().NameID // as the identity provider calls her
	deny := func(name string, a answer) {
		t.Helper()
		if !s.in() || strings.Contains(a.body, "SAMLResponse") || strings.Contains(a.url, "SAMLResponse") {
			t.Errorf("%s: the session has ended, or somebody was told so: %d at %s", name, a.status, a.url)
		}
	}
	for _, binding := range []samlsp.Binding{samlsp.RedirectBinding, samlsp.PostBinding} {
		s.client = testenv.NewClient(t)
		s.signIn()
		ask := slo.Ask{IDP: "gate", NameID: ana}
		forged, err := s.stranger(binding).NewRequest(ask, "")
		s.must(err)
		deny("forged", s.send(testenv.NewClient(t), forged))
		out, err := s.corp(binding).NewRequest(ask, "token")
		s.must(err)
		tampered := *out
		if tampered.URL = strings.Replace(out.URL, "RelayState=token", "RelayState=tokem", 1); binding == samlsp.RedirectBinding {
			deny("tampered", s.send(testenv.NewClient(t), &tampered))
		}
		ask.SessionIndexes = []string{"_of-somebody-else"}
		other, err := s.corp(binding).NewRequest(ask, "")
		s.must(err)
		if res := s.believed(s.send(testenv.NewClient(t), other), binding, other.ID); res.Outcome != slo.Success || !s.in() {
			t.Errorf("%s: another SessionIndex: %+v", binding, res)
		}
		res := s.believed(s.send(testenv.NewClient(t), out), binding, out.ID)
		if res.Outcome != slo.Success || res.RelayState != "token" || s.in() {
			t.Errorf("%s: %+v", binding, res)
		}
		s.client = testenv.NewClient(t)
		s.signIn()
		if res := s.believed(s.send(testenv.NewClient(t), out), binding, out.ID); res.Outcome != slo.Failed || !s.in() {
			t.Errorf("%s: a replay: %+v", binding, res)
		}
	}
}

// envelope sends a request by SOAP.
func (s *site) envelope(out *slo.Outgoing) answer {
	s.Helper()
	message, err := base64.StdEncoding.DecodeString(out.Fields[0].Value)
	s.must(err)
	body := `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>` + string(message) + `</S:Body></S:Envelope>`
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url("sso", "/.samlgate/saml/soap"), strings.NewReader(body))
	s.must(err)
	r.Header.Set("Content-Type", "text/xml")
	return s.do(testenv.NewClient(s), r)
}

func TestSingleLogoutBySOAP(t *testing.T) {
	s := start(t)
	s.signIn()
	ana := s.leaves().NameID // as the identity provider calls her
	s.signIn()
	keys, err := once()
	s.must(err)
	ask := slo.Ask{IDP: "gate", NameID: ana}
	browsers, err := s.corp(samlsp.PostBinding).NewRequest(ask, "")
	s.must(err)
	if a := s.envelope(browsers); a.status != 500 || !strings.Contains(a.body, "Fault") || !s.in() {
		t.Errorf("a request for another address: %d %s", a.status, a.body)
	}
	out, err := s.theirs(keys.idp, corpEntity, samlsp.PostBinding, s.url("sso", "/.samlgate/saml/soap")).NewRequest(ask, "")
	s.must(err)
	a := s.envelope(out)
	if a.status != 200 || !strings.Contains(a.body, `InResponseTo="`+out.ID+`"`) || !strings.Contains(a.body, "status:Success") || s.in() {
		t.Errorf("%d %s\n%s", a.status, a.body, s.log)
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/xml") || !strings.Contains(a.body, "SignatureValue") {
		t.Errorf("%s, signed: %t", got, strings.Contains(a.body, "SignatureValue"))
	}
}

// All of an identity provider's logouts come from one address. However many there
// are, none is lost; noise from the same address is answered 429 soon.
func TestManyLogoutsBySOAP(t *testing.T) {
	s := prepare(t)
	s.change("session:", "  rate_limits: {acs: 4/m}\nsession:").run()
	keys, err := once()
	s.must(err)
	corp := s.theirs(keys.idp, corpEntity, samlsp.PostBinding, s.url("sso", "/.samlgate/saml/soap"))
	s.signIn()
	ask := slo.Ask{IDP: "gate", NameID: s.leaves().NameID}
	ask.NameID.Format = "" // some leave it out, though they wrote it at the sign-in
	send := func(by *slo.Service) answer {
		out, err := by.NewRequest(ask, "")
		s.must(err)
		return s.envelope(out)
	}
	s.signIn()
	for i := range 20 {
		if a := send(corp); a.status != 200 || !strings.Contains(a.body, "status:Success") || s.in() {
			t.Fatalf("logout %d: %d %s\n%s", i, a.status, a.body, s.log)
		}
	}
	stranger, err := idptest.NewECDSAKey(time.Now())
	s.must(err)
	forger := s.theirs(stranger, corpEntity, samlsp.PostBinding, s.url("sso", "/.samlgate/saml/soap"))
	for i := range 6 {
		if a, want := send(forger), map[bool]int{true: 500, false: 429}[i < 4]; a.status != want {
			t.Errorf("forgery %d: %d, want %d", i, a.status, want)
		}
	}
}

// The metadata names every address of the logout service.
func TestLogoutServicesInMetadata(t *testing.T) {
	s := prepare(t)
	s.change("saml:\n", "saml:\n  paths: {slo: /Shibboleth.sso/SLO, soap: /Shibboleth.sso/SLO/SOAP}\n").run()
	doc := s.get(s.url("sso", "/.samlgate/saml/metadata")).body
	for _, place := range []string{"HTTP-Redirect\" Location=\"" + s.url("sso", "/Shibboleth.sso/SLO\""), "HTTP-POST\" Location=\"" + s.url("sso", "/Shibboleth.sso/SLO\""),
		"SOAP\" Location=\"" + s.url("sso", "/Shibboleth.sso/SLO/SOAP\"")} {
		if !strings.Contains(doc, place) {
			t.Errorf("no %s in\n%s", place, doc)
		}
	}
	if a := s.get(s.url("sso", "/Shibboleth.sso/SLO")); a.status != 403 {
		t.Errorf("the known address answers %d", a.status)
	}
}

// fresh is a replay cache that remembers nothing.
type fresh struct{}

func (fresh) Claim(context.Context, string, time.Time) (bool, error) { return true, nil }
func (fresh) Claimed(context.Context, string) (bool, error)          { return false, nil }
