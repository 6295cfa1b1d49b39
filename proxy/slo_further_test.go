package proxy_test

import (
	"net/url"
	"testing"
)

// A further SP identity takes part by its own address, on the host that its
// predecessor had.
func TestLogoutOfAFurtherIdentity(t *testing.T) {
	w := newWorld(t, furtherIdentities, func(s *setup) {
		s.further[0].SLOPath, s.further[0].SOAPPath = "/mellon/logout", "/mellon/soap"
	})
	w.offer("corp", "redirect")
	b := w.browser()
	b.signInAt(wiki+"/", oldACS, "old", ann)
	request := b.sent(wiki+"/.samlgate/logout", ask{})
	if got := w.slo.asked; len(got) != 1 || got[0].ServiceProvider != "old" || w.live(ann) != 0 {
		t.Errorf("asked %+v", got)
	}
	at := func(n note) string { return wiki + "/mellon/logout?" + url.Values{n.field(): {n.encode()}}.Encode() }
	good := note{IDP: "corp", Signed: true, Answers: request, Status: "success"}
	b.tell(good, false, "").is(200, unconfirmed) // our own address has nothing to do with it
	b.do(at(good), ask{site: "cross-site"}).is(200, everywhere)

	b.signInAt(wiki+"/", oldACS, "old", ann)
	b.do(at(ended(ann)), ask{site: "cross-site"}).leads("https://corp.idp.test/done?status=success")
	if w.live(ann) != 0 || b.jar["wiki.example.com"]["__Host-samlgate"] != nil {
		t.Error("the session lives on")
	}
	w.browser().do(wiki+"/mellon/soap", ask{method: "POST", kind: "api", body: ended(bob).encode(), header: []string{"Content-Type: text/xml"}}).is(200, "<refused")
	if w.app.count() > 2 {
		t.Errorf("the app sees %d requests", w.app.count())
	}
}
