package proxy_test

import (
	"net/url"
	"testing"

	"github.com/samlgate/samlgate/proxy/signin"
)

// A sign-out never leads to a sign-out: between an app host and the gateway
// origin that would go on for ever.
func TestSignOutsComeToAnEnd(t *testing.T) {
	w := newWorld(t, func(s *setup) {
		s.aliases.Logout = []signin.Alias{{Path: "/signout"}, {Host: "hr.example.com", Path: "/bye"}}
		s.returnTo["hr"], s.returnTo["desk"] = hr+"/bye", "/signout"
	})
	for _, start := range []string{
		wiki + "/signout", hr + "/bye", hr + "/signout", sso + "/signout",
		wiki + "/signout?return_to=" + url.QueryEscape(hr+"/%62ye"),
		sso + "/.samlgate/logout?return_to=/signout",
	} {
		for _, signedIn := range []bool{false, true} {
			b := w.browser()
			if signedIn {
				b.signIn(wiki+"/", ann)
			}
			end := b.follow(b.do(start, ask{site: "same-origin"})).is(200)
			if end.at != sso+"/.samlgate/logout" && end.at != start {
				t.Errorf("%s ends at %s", start, end.at)
			}
			if n := w.live(ann); n != 0 {
				t.Errorf("%s: %d sessions", start, n)
			}
		}
	}
	b := w.browser()
	b.follow(b.do(wiki+"/signout?return_to="+url.QueryEscape(wiki+"/bye"), ask{site: "same-origin"})).asked() // a page of another host
}
