package slo

import (
	"encoding/base64"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// theirs is the other side: an identity provider's logout service, made of the
// same code with the roles exchanged.
func theirs(t testing.TB, at string) *Service {
	t.Helper()
	now := testNow
	sp, err := samlsp.New(samlsp.Config{
		EntityID: corpIDP, ACSURL: "https://corp.example.net/acs", Replay: &idptest.Replays{}, Now: now,
		Keys: []samlsp.KeyPair{{Certificate: testKeys().corp.Certificate, Key: testKeys().corp.Signer}},
	}, &samlsp.IdentityProvider{
		Name: "sp", EntityID: ourEntity, SSO: map[samlsp.Binding]string{samlsp.RedirectBinding: "https://sp.example.com/sso"},
		SLO:          map[samlsp.Binding]string{samlsp.RedirectBinding: ourSLO, samlsp.PostBinding: ourSLO},
		Certificates: testCerts(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{SP: sp, EntityID: corpIDP, URL: at, SOAPURL: at, Replay: &idptest.Replays{}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// arrive takes what a browser carries apart on the other side.
func arrive(t testing.TB, out *Outgoing) *Received {
	t.Helper()
	var in *Received
	var err error
	switch out.Binding {
	case redirect:
		u, perr := url.Parse(out.URL)
		if perr != nil {
			t.Fatal(perr)
		}
		in, err = FromRedirect(u.RawQuery)
	case post:
		form := url.Values{}
		for _, f := range out.Fields {
			form.Add(f.Name, f.Value)
		}
		in, err = FromForm(form)
	default:
		t.Fatalf("binding %q", out.Binding)
	}
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestRequestEchoesTheNameID(t *testing.T) {
	id := identity.NameID{
		Value: " a<n>&\"'ä\t-1\r\n", Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
		NameQualifier: corpIDP + `?a="b"&c`, SPNameQualifier: ourEntity, SPProvidedID: "p'1",
	}
	for _, slo := range []map[samlsp.Binding]string{
		{redirect: corpSLO}, {post: corpSLO}, {redirect: corpSLO, post: "https://corp.example.net/unused"},
	} {
		w := good(requestXML, redirect)
		w.idps[0].SLO = slo
		out, err := w.service(t).NewRequest(Ask{IDP: "corp", NameID: id, SessionIndexes: []string{"s-1", "", "s<2>", "s-1"}}, "token-1")
		if err != nil {
			t.Fatal(err)
		}
		got, err := theirs(t, corpSLO).VerifyRequest(t.Context(), arrive(t, out))
		want := &LogoutRequest{IDP: "sp", Issuer: ourEntity, ID: out.ID, Issued: testNow(), NameID: id, SessionIndexes: []string{"s-1", "s<2>"}, RelayState: "token-1", Binding: out.Binding}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, %v", slo, got, err)
		}
	}
}

func TestRequestNeedsAnAddress(t *testing.T) {
	w := good(requestXML, redirect)
	w.idps[0].SLO = nil
	s := w.service(t)
	ana := identity.NameID{Value: "ana-1"}
	if _, err := s.NewRequest(Ask{IDP: "corp", NameID: ana}, ""); !errors.Is(err, ErrNoAddress) || s.Offers("corp") || !s.Offers("other") || s.Offers("none") {
		t.Errorf("without an address: %v", err)
	}
	for name, bad := range map[string]struct {
		ask   Ask
		relay string
	}{
		"unknown idp":   {Ask{IDP: "none", NameID: ana}, ""},
		"nobody":        {Ask{IDP: "other"}, ""},
		"long token":    {Ask{IDP: "other", NameID: ana}, strings.Repeat("x", 81)},
		"unsafe token":  {Ask{IDP: "other", NameID: ana}, "a b"},
		"foreign token": {Ask{IDP: "other", NameID: ana}, "ä"},
	} {
		if _, err := s.NewRequest(bad.ask, bad.relay); err == nil {
			t.Errorf("%s: a request was written", name)
		}
	}
}

func TestResponseGoesBackTheSameWay(t *testing.T) {
	for _, b := range front() {
		for _, o := range []Outcome{Success, Partial, Failed} {
			w := good(requestXML, b)
			req, _ := allow(t, "request", w)
			out, err := w.service(t).NewResponse(req, o)
			if err != nil || out.Binding != b {
				t.Fatalf("%v by %q", err, out.Binding)
			}
			address := w.idps[0].SLO[b]
			if !strings.HasPrefix(out.URL, address) {
				t.Errorf("sent to %q", out.URL)
			}
			got, err := theirs(t, address).VerifyResponse(arrive(t, out), samlsp.Expected{IDP: "sp", RequestID: "_ask1"})
			if err != nil || got.Outcome != o || got.RelayState != w.relay {
				t.Errorf("%v: %+v, %v", o, got, err)
			}
		}
	}
}

func TestResponseAddress(t *testing.T) {
	w := good(requestXML, redirect)
	w.respond = func(idp string, b samlsp.Binding) string {
		return map[string]string{"corp" + string(redirect): "https://corp.example.net/answers?tenant=1"}[idp+string(b)]
	}
	req, _ := allow(t, "request", w)
	out, err := w.service(t).NewResponse(req, Success)
	if err != nil || !strings.HasPrefix(out.URL, "https://corp.example.net/answers?tenant=1&SAMLResponse=") {
		t.Errorf("its own address for answers: %v, %v", out, err)
	}
	w = good(requestXML, redirect)
	w.idps[0].SLO = map[samlsp.Binding]string{post: corpSLO}
	req, _ = allow(t, "request by a binding without address", w)
	if out, err = w.service(t).NewResponse(req, Success); err != nil || out.Binding != post || out.URL != corpSLO {
		t.Errorf("the other binding: %v, %v", out, err)
	}
	w.idps[0].SLO = nil
	if _, err = w.service(t).NewResponse(req, Success); !errors.Is(err, ErrNoAddress) {
		t.Errorf("no address: %v", err)
	}
}

func TestResponseBySOAP(t *testing.T) {
	w := good(requestXML, SOAPBinding)
	req, _ := allow(t, "request", w)
	out, err := w.service(t).NewResponse(req, Success)
	if err != nil || out.URL != "" || out.Fields != nil {
		t.Fatalf("%+v, %v", out, err)
	}
	m, err := samlsp.ReadMessage(out.Body, openEnvelope)
	if err != nil || strings.Contains(string(out.Body), "Destination") || !strings.Contains(string(out.Body), `InResponseTo="_ask1"`) {
		t.Fatalf("%s: %v", out.Body, err)
	}
	if _, err := theirs(t, corpSLO).cfg.SP.Prove(m); err != nil {
		t.Error(err)
	}
	for _, refused := range []bool{true, false} {
		if _, err := samlsp.ReadMessage(Fault(refused), openEnvelope); err == nil || !strings.Contains(err.Error(), "neither a LogoutRequest") {
			t.Errorf("the fault is no envelope: %v", err)
		}
	}
}

// A request that is refused is answered only if its sender is proven and meant us.
func TestRefusalIsAnsweredToTheProven(t *testing.T) {
	w := good(requestXML, redirect)
	w.replaced(t, at(4*time.Minute), at(-2*time.Minute))
	r := deny(t, "expired", ReasonExpired, w)
	out, ok := w.service(t).Refuse(r)
	if !ok {
		t.Fatal("no answer to an expired request")
	}
	got, err := theirs(t, corpSLO).VerifyResponse(arrive(t, out), samlsp.Expected{IDP: "sp", RequestID: "_ask1"})
	if err != nil || got.Outcome != Failed || got.Status != "Requester" || got.RelayState != w.relay {
		t.Errorf("%+v, %v", got, err)
	}
	for name, bad := range map[string]func(w *world){
		"a stranger":      func(w *world) { w.key = testKeys().stranger },
		"another address": func(w *world) { w.replaced(t, ourSLO, "https://else.example/slo") },
	} {
		w := good(requestXML, redirect)
		bad(w)
		_, _, err := w.deliver(t)
		var r *Rejection
		if !errors.As(err, &r) {
			t.Fatalf("%s: %v", name, err)
		}
		if _, ok := w.service(t).Refuse(r); ok {
			t.Errorf("%s gets an answer", name)
		}
	}
	if _, ok := w.service(t).Refuse(nil); ok {
		t.Error("nothing gets an answer")
	}
}

func TestRequestLivesFiveMinutes(t *testing.T) {
	w := good(requestXML, post)
	w.idps[0].SLO = map[samlsp.Binding]string{post: corpSLO}
	out, err := w.service(t).NewRequest(Ask{IDP: "corp", NameID: identity.NameID{Value: "ana-1"}}, "")
	if err != nil || len(out.Fields) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	xml, err := base64.StdEncoding.DecodeString(out.Fields[0].Value)
	for _, want := range []string{
		`NotOnOrAfter="` + at(5*time.Minute) + `"`, `IssueInstant="` + at(0) + `"`, `Destination="` + corpSLO + `"`, `<saml:NameID>ana-1</saml:NameID>`,
	} {
		if err != nil || !strings.Contains(string(xml), want) {
			t.Errorf("%s lacks %s (%v)", xml, want, err)
		}
	}
}

func TestNewWantsEverything(t *testing.T) {
	w := good(requestXML, redirect)
	full := w.service(t).cfg
	for name, edit := range map[string]func(*Config){
		"provider":  func(c *Config) { c.SP = nil },
		"entity id": func(c *Config) { c.EntityID = "" },
		"address":   func(c *Config) { c.URL = "" },
		"replay":    func(c *Config) { c.Replay = nil },
		"clock":     func(c *Config) { c.Now = nil },
		"skew":      func(c *Config) { c.ClockSkew = -1 },
	} {
		c := full
		edit(&c)
		if _, err := New(c); err == nil {
			t.Errorf("without %s", name)
		}
	}
}
