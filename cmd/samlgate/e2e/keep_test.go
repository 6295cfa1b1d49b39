package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

const dialog = "#samlgate-keep" // of keep.js

// openKeeping starts two gateways whose sessions are used up within seconds.
func openKeeping(t *testing.T, idle, life time.Duration) (o office, turn func(int)) {
	t.Helper()
	h := house{testenv.StartPySAML2(t), testenv.StartRedis(t)}
	return h.openReplicas(t, "redirect", fmt.Sprintf(", idle_timeout: %v, max_lifetime: %v, keep_js: true, on_idle: page, ignore_paths: [/echo]", idle, life))
}

// TestKeepJS leaves a page alone until it warns, stays, leaves it alone until the
// end, and signs in again without leaving the page.
func TestKeepJS(t *testing.T) {
	t.Parallel()
	o, turn := openKeeping(t, 20*time.Second, time.Hour)
	page := o.site.App("wiki") + testenv.KeptPath
	b := testenv.NewBrowser(t)
	signInAt(b, o.idp, page, testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.Fill("#work", "half a sentence")
	other := b.Tab()
	other.Open(page + "other")

	b.WaitInside(dialog, "h2", "Are you still there?")
	b.WaitInside(dialog, "p", "signed out in")
	b.Screenshot("warns")
	other.WaitInside(dialog, "h2", "Are you still there?")
	turn(1) // at the other gateway, in one tab, for both
	b.ClickInside(dialog, "button.first")
	b.WaitNotInside(dialog, "h2")
	other.WaitNotInside(dialog, "h2")

	b.WaitInside(dialog, "h2", "You were signed out")
	other.WaitInside(dialog, "h2", "You were signed out")
	b.Screenshot("ended")
	for _, dark := range []bool{false, true} {
		b.Phone(dark)
		b.Screenshot(map[bool]string{false: "ended-phone", true: "ended-phone-dark"}[dark])
	}
	b.Tab().Open(o.idp.ForgetURL())
	window := b.Popup(func() { b.ClickInside(dialog, "button.first") })
	fillIn(window, o.idp, testenv.Ana)
	b.WaitNotInside(dialog, "h2")
	other.WaitNotInside(dialog, "h2")
	if got := b.Value("#work"); got != "half a sentence" {
		t.Errorf("the page holds %q", got)
	}
	testenv.Eventually(t, "the window closes", func() bool { return b.Windows() == 3 })
	b.NoProblems(o.idp.Origin())
	other.NoProblems(o.idp.Origin())
}

// TestKeepJSSeesAnotherPerson: what one person wrote is not for the next one.
func TestKeepJSSeesAnotherPerson(t *testing.T) {
	t.Parallel()
	o, _ := openKeeping(t, 8*time.Second, time.Hour)
	b := testenv.NewBrowser(t)
	signInAt(b, o.idp, o.site.App("wiki")+testenv.KeptPath, testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.Fill("#work", "Ana's letter")
	b.WaitInside(dialog, "h2", "You were signed out")
	b.Tab().Open(o.idp.ForgetURL())
	window := b.Popup(func() { b.ClickInside(dialog, "button.first") })
	fillIn(window, o.idp, testenv.Bob)
	b.WaitText(testenv.Bob.Email)
	if got := b.Value("#work"); got != "" {
		t.Errorf("Bob reads %q", got)
	}
}

// TestKeepJSBeforeTheAbsoluteEnd warns of an end that nobody can move, to somebody
// who has the keyboard alone.
func TestKeepJSBeforeTheAbsoluteEnd(t *testing.T) {
	t.Parallel()
	o, _ := openKeeping(t, 16*time.Second, 16*time.Second)
	b := testenv.NewBrowser(t)
	signInAt(b, o.idp, o.site.App("wiki")+testenv.KeptPath, testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.WaitInside(dialog, "h2", "Your session is about to end")
	if b.Inside(dialog, "button.first") != "" || b.Inside(dialog, "[role=alertdialog][aria-labelledby=title][aria-describedby=what]") == "" {
		t.Error("the dialog offers to stay, or has no name")
	}
	b.Press(kb.Escape)
	b.WaitNotInside(dialog, "h2")
	b.WaitInside(dialog, "h2", "You were signed out")
	b.Press(kb.Tab)
	b.Press(kb.Enter) // the identity provider remembers her
	b.WaitNotInside(dialog, "h2")
	b.NoProblems(o.idp.Origin())
}

// TestKeepJSInAFrame: a sibling below the same domain frames a page of the app,
// which gets its cookies there, to have people click on what they do not see. The
// script does not even ask.
func TestKeepJSInAFrame(t *testing.T) {
	t.Parallel()
	h := house{testenv.StartPySAML2(t), testenv.StartRedis(t)}
	site := testenv.NewSite(t)
	site.Domain = "corp.localhost"
	o := office{site: site, idp: h.idp, session: ", idle_timeout: 4s, keep_js: true"}
	site.Keygen(t)
	o.serve(t, site, site.Port, h.store(t), "redirect")
	h.idp.TrustURL(t, o.entityID())
	page := site.App("wiki") + testenv.KeptPath
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<title>evil</title><iframe src=%q></iframe>`, page)
	}))
	t.Cleanup(evil.Close)

	b := testenv.NewBrowser(t)
	signInAt(b, o.idp, page, testenv.Ana)
	b.WaitText("Legacy app wiki")
	frame := b.Tab()
	frame.Open(strings.Replace(evil.URL, "127.0.0.1", "evil.corp.localhost", 1))
	testenv.Eventually(t, "the framed page loads the script", func() bool { return frame.Asked(site.App("wiki")+"/.samlgate/keep.js") > 0 })
	b.WaitInside(dialog, "h2", "You were signed out") // where the person can see it
	if n := frame.Asked(site.App("wiki") + "/.samlgate/keep?"); n > 0 {
		t.Errorf("the framed page asked %d times", n)
	}
}

// TestKeepJSWindowTellsNobodyElse: another site opens the window of a sign-in, which
// it cannot read, and waits whether it closes by itself: then there is a session.
func TestKeepJSWindowTellsNobodyElse(t *testing.T) {
	t.Parallel()
	o, _ := openKeeping(t, time.Minute, time.Hour)
	wiki := o.site.App("wiki")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<title>evil</title><button>Win</button><p>waits</p><script>
const seen = document.querySelector("p");
document.querySelector("button").onclick = () => {
	const w = open();
	w.opener = null;
	w.location = %q;
	setInterval(() => { if (w.closed) seen.textContent = "is signed in"; }, 20);
};</script>`, wiki+"/.samlgate/keep/sign-in?for=/")
	}))
	t.Cleanup(evil.Close)
	b := testenv.NewBrowser(t)
	signInAt(b, o.idp, wiki+testenv.KeptPath, testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.Open(evil.URL)
	window := b.Popup(func() { b.Click("button") })
	window.WaitText("You are signed in")
	if !b.Shows("waits") {
		t.Error("the other site knows")
	}
}

// fillIn fills in the login page of the identity provider, if it asks.
func fillIn(b *testenv.Browser, idp peer, p testenv.PersonInfo) {
	b.WaitURL(idp.Origin())
	b.Fill("#username", p.Login)
	b.Fill("#password", p.Password)
	b.Click("#submit_button button, button[type=submit], input[type=submit]")
}

// TestPollingAtTwoGateways: a session that is polled at both of two gateways, in
// all the ways there are, ends; one that is used lives on.
func TestPollingAtTwoGateways(t *testing.T) {
	t.Parallel()
	o, turn := openKeeping(t, 3*time.Second, time.Hour)
	polls, works := testenv.NewClient(t), testenv.NewClient(t)
	o.arrive(t, polls, testenv.Ana)
	o.arrive(t, works, testenv.Bob)
	wiki, n := o.site.App("wiki"), 0
	testenv.Eventually(t, "the session that only polls ends", func() bool {
		turn(n % 2)
		n++
		if status, _, _ := ask(t, works, wiki+"/x", nil); status != http.StatusOK {
			t.Fatalf("the session that works: %d", status)
		}
		passive, _, _ := ask(t, polls, wiki+"/x", http.Header{"X-Samlgate-Passive": {"1"}})
		ignored, _, _ := ask(t, polls, wiki+"/echo", nil)
		left, _, _ := ask(t, polls, wiki+"/.samlgate/keep", nil)
		return passive+ignored+left == 3*http.StatusUnauthorized
	})
	if _, _, body := ask(t, polls, wiki+"/x", nil); !strings.Contains(string(body), `"reason":"idle"`) {
		t.Errorf("a program hears %s", body)
	}
	res := testenv.Navigate(t, polls, wiki+"/echo")
	if page, _ := io.ReadAll(res.Body); !strings.Contains(string(page), "Nothing happened for a while") {
		t.Errorf("a person sees %d %s", res.StatusCode, page)
	}
}
