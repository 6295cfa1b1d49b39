package e2e

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

func (h house) logoutFromIDP(t *testing.T) {
	o, b := h.open(t, "redirect"), testenv.NewBrowser(t)
	bindings := []string{testenv.ByRedirect, testenv.ByPost}
	for _, binding := range bindings {
		t.Run(binding, func(t *testing.T) { o.isEnded(t, b, binding) })
	}
	t.Run("post over TLS", func(t *testing.T) { h.openTLS(t, "redirect").isEnded(t, b, testenv.ByPost) })
	b.NoProblems(h.idp.Origin())
	if _, ok := h.idp.(*testenv.PySAML2); ok { // SimpleSAMLphp sends nothing without a browser
		bindings = append(bindings, testenv.BySOAP)
		t.Run("soap", func(t *testing.T) { o.isEndedElsewhere(t, testenv.BySOAP) })
	}
	for _, binding := range bindings {
		t.Run("only the session named by "+binding, func(t *testing.T) { o.endsOne(t, binding) })
	}
	t.Run("without cookies", func(t *testing.T) { o.isEndedElsewhere(t, testenv.ByRedirect) })
	t.Run("NameID formats", o.endsByAnyName)
	t.Run("encrypted NameID", o.endsByEncryptedName)
	t.Run("answer still on its way", o.endsNobody)
	t.Run("another replica", h.endsElsewhere)
	if slices.Contains(bindings, testenv.BySOAP) {
		t.Run("all sessions", o.endsAll)
	}
}

// endAt signs a client out at the identity provider, and expects that it is told
// of the end here.
func (o office) endAt(t *testing.T, c *http.Client, address string) {
	t.Helper()
	before := o.idp.LogoutAnswers(t)
	expectPage(t, testenv.Follow(t, c, testenv.Navigate(t, c, address)), o.idp.SignedOutText())
	o.expectTold(t, before)
}

func (o office) expectTold(t *testing.T, before []string) {
	t.Helper()
	if answers := o.idp.LogoutAnswers(t)[len(before):]; !slices.Equal(answers, []string{"success"}) {
		t.Errorf("the identity provider hears %q", answers)
	}
}

// isEnded is signed out by the identity provider, in a browser.
func (o office) isEnded(t *testing.T, b *testenv.Browser, binding string) {
	o.idp.LogoutBy(t, o.entityID(), binding)
	wiki, before := o.site.App("wiki"), o.idp.LogoutAnswers(t)
	signInAt(b, o.idp, wiki+"/", testenv.Ana)
	b.WaitText("Legacy app wiki")
	stolen := b.CookiesOf("wiki.localhost")
	b.Open(o.idp.LogoutURL())
	b.WaitText(o.idp.SignedOutText())
	o.expectTold(t, before)
	expectRefused(t, wiki, stolen)
	b.Open(wiki + "/")
	b.WaitText("You are signed out") // told once
	b.Open(wiki + "/")
	b.WaitURL(o.idp.Origin())
	expectNothingOf(t, b, testenv.Ana, "after the logout")
}

// isEndedElsewhere is signed out by a message that brings no cookie of ours.
func (o office) isEndedElsewhere(t *testing.T, binding string) {
	o.idp.LogoutBy(t, o.entityID(), binding)
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	o.expectSignedIn(t, c, testenv.Ana)
	anonymous := *c
	anonymous.Jar = cookiesOf{c.Jar, o.idp.Origin()}
	o.endAt(t, &anonymous, o.idp.LogoutURL())
	o.expectSignedOut(t, c)
}

// cookiesOf shows the cookies of one origin only.
type cookiesOf struct {
	http.CookieJar
	origin string
}

func (j cookiesOf) Cookies(u *url.URL) []*http.Cookie {
	if u.Scheme+"://"+u.Host != j.origin {
		return nil
	}
	return j.CookieJar.Cookies(u)
}

// endsOne signs a person out in one of two browsers.
func (o office) endsOne(t *testing.T, binding string) {
	o.idp.LogoutBy(t, o.entityID(), binding)
	one, two, bob := testenv.NewClient(t), testenv.NewClient(t), testenv.NewClient(t)
	o.arrive(t, one, testenv.Ana)
	o.arrive(t, two, testenv.Ana)
	o.arrive(t, bob, testenv.Bob)
	o.endAt(t, one, o.idp.LogoutURL())
	o.expectSignedOut(t, one)
	o.expectSignedIn(t, two, testenv.Ana)
	o.expectSignedIn(t, bob, testenv.Bob)
	o.endAt(t, two, o.idp.LogoutURL())
	o.expectSignedOut(t, two)
	o.expectSignedIn(t, bob, testenv.Bob)
}

// endsAll names no session (SAML Core §3.7.1): all of that NameID end, and nobody
// else's. Each binding has a NameID of its own, since one cannot be signed in
// again in the second of its logout: nobody could tell which came first.
func (o office) endsAll(t *testing.T) {
	for _, c := range []struct {
		binding    string
		leaves     testenv.PersonInfo
		known      string
		unaffected testenv.PersonInfo
	}{
		{testenv.ByRedirect, testenv.Ana, testenv.Persistent, testenv.Bob},
		{testenv.ByPost, testenv.Ana, testenv.EmailID, testenv.Bob},
		{testenv.BySOAP, testenv.Bob, testenv.Persistent, testenv.Ana},
	} {
		o.idp.LogoutBy(t, o.entityID(), c.binding)
		o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true, NameIDFormat: c.known})
		one, two, other := testenv.NewClient(t), testenv.NewClient(t), testenv.NewClient(t)
		o.arrive(t, one, c.leaves)
		o.arrive(t, two, c.leaves)
		o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true, NameIDFormat: testenv.Transient})
		o.arrive(t, other, c.unaffected)
		o.endAt(t, one, o.idp.(*testenv.PySAML2).LogoutAllURL())
		o.expectSignedOut(t, one)
		o.expectSignedOut(t, two)
		o.expectSignedIn(t, other, c.unaffected)
	}
	o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true})
}

func (o office) endsByAnyName(t *testing.T) {
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	for _, format := range []string{testenv.Transient, testenv.EmailID, testenv.Persistent} {
		o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true, NameIDFormat: format})
		o.comesAndGoes(t)
	}
}

// endsByEncryptedName was signed in by an encrypted assertion. SimpleSAMLphp
// encrypts the NameID of its LogoutRequest as well.
func (o office) endsByEncryptedName(t *testing.T) {
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true, Encrypt: testenv.AES256GCM})
	o.comesAndGoes(t)
	o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true})
}

func (o office) comesAndGoes(t *testing.T) {
	t.Helper()
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	o.expectSignedIn(t, c, testenv.Ana)
	o.endAt(t, c, o.idp.LogoutURL())
	o.expectSignedOut(t, c)
}

// endsNobody asks for the end of a session that has not begun here, because the
// browser has not brought the assertion yet. It must not begin any more (SAML
// Core §3.7.3.2).
func (o office) endsNobody(t *testing.T) {
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	c := testenv.NewClient(t)
	late := o.idp.Login(t, c, o.site.App("wiki")+"/", testenv.Ana)
	o.endAt(t, c, o.idp.LogoutURL())
	o.expectRefusal(t, c, submit(t, c, late), "")
}

// endsElsewhere tells one replica of the end of a session that lives in the
// memory of another one.
func (h house) endsElsewhere(t *testing.T) {
	o, turn := h.openReplicas(t, "redirect")
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	o.expectSignedIn(t, c, testenv.Ana)
	cut := o.listen(t, c)
	turn(1)
	select {
	case <-cut:
		t.Error("the stream ended by itself")
	default:
	}
	o.endAt(t, c, o.idp.LogoutURL())
	ended := time.Now()
	turn(0)
	testenv.Eventually(t, "the first replica hears of the end", func() bool {
		status, _, _ := ask(t, c, o.site.App("wiki")+"/echo", nil)
		return status == http.StatusUnauthorized
	})
	if after := time.Since(ended); after > 2*time.Second {
		t.Errorf("the first replica served the session for another %v", after)
	}
	select {
	case <-cut:
	case <-time.After(2 * time.Second):
		t.Error("the open stream goes on")
	}
}

// listen opens a stream of the app and waits for its first line. The channel
// closes when the stream ends.
func (o office) listen(t *testing.T, c *http.Client) <-chan struct{} {
	t.Helper()
	res := open(t, c, o.site.App("wiki")+testenv.StreamPath)
	lines := bufio.NewReader(res.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "data: here\n" {
		t.Fatalf("the stream begins with %q, status %d, %v", line, res.StatusCode, err)
	}
	cut := make(chan struct{})
	go func() { // ended by the end of the stream, which the test's cleanup closes
		_, _ = io.Copy(io.Discard, lines)
		close(cut)
	}()
	return cut
}
