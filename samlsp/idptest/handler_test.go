package idptest

import (
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp"
)

// desk is a visitor's browser in front of a served IDP.
type desk struct {
	*testing.T
	idp    *IDP
	sp     *samlsp.ServiceProvider
	client *http.Client
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.idp.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	key := newIDP(t).key
	p, err := New(Config{
		EntityID: idpEntity, BaseURL: srv.URL + "/demo-idp", Now: noon, Key: &key,
		SPs: []SP{{EntityID: spEntity, ACSURL: acsURL, Certificates: spCertificates(t)}},
		People: []Person{
			{Email: "ana@example.com", First: "Ana", Last: "Doe", Roles: []string{"staff", "wiki"}},
			{Email: "bob@example.com", First: "Bob", Last: "<b>Roe</b>"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.idp, d.sp, d.client = p, newSP(t, p), &http.Client{Jar: jar}
	return d
}

// ask begins a login at the SP.
func (d *desk) ask(force bool, change ...func(*samlsp.IdentityProvider)) *samlsp.AuthnRequest {
	d.Helper()
	d.sp = newSP(d, d.idp, change...)
	q, err := d.sp.NewRequest("corp", "state&1", samlsp.RequestOptions{ForceAuthn: force})
	if err != nil {
		d.Fatal(err)
	}
	return q
}

// open follows the request to the IDP and returns its page.
func (d *desk) open(q *samlsp.AuthnRequest) (status int, page string) {
	d.Helper()
	if q.Binding == samlsp.RedirectBinding {
		return d.read(d.client.Get(q.URL))
	}
	form := url.Values{}
	for _, f := range q.Fields {
		form.Set(f.Name, f.Value)
	}
	return d.read(d.client.PostForm(q.URL, form))
}

func (d *desk) read(res *http.Response, err error) (int, string) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func find1(page, pattern string) string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// choose presses somebody's button.
func (d *desk) choose(page, email string) string {
	d.Helper()
	form := url.Values{"person": {email}}
	for _, m := range regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	to := d.idp.base.Scheme + "://" + d.idp.base.Host + find1(page, `<form method="post" action="([^"]*)"`)
	status, answer := d.read(d.client.PostForm(to, form))
	if status != 200 {
		d.Fatalf("choosing gave %d: %s", status, answer)
	}
	return answer
}

// arrives checks that the page posts a login of that person to the ACS.
func (d *desk) arrives(q *samlsp.AuthnRequest, page, email string) {
	d.Helper()
	if to := find1(page, `<form method="post" action="([^"]*)"`); to != acsURL {
		d.Fatalf("the page posts to %q: %s", to, page)
	}
	if state := find1(page, `name="RelayState" value="([^"]*)"`); state != "state&1" {
		d.Errorf("RelayState %q", state)
	}
	who, err := signIn(d.sp, Request{ID: q.ID}, find1(page, `name="SAMLResponse" value="([^"]*)"`))
	if err != nil || string(who.Email) != email {
		d.Errorf("signed in %q, %v; want %q", who.Email, err, email)
	}
}

// A person chooses, goes straight through the next time, is asked again where
// the SP insists or after signing out.
func TestJourney(t *testing.T) {
	for _, binding := range []samlsp.Binding{samlsp.RedirectBinding, samlsp.PostBinding} {
		t.Run(string(binding), func(t *testing.T) {
			d := newDesk(t)
			by := func(idp *samlsp.IdentityProvider) { idp.RequestBinding = binding }
			q := d.ask(false, by)
			_, page := d.open(q)
			for _, want := range []string{"Demo identity provider: everyone may sign in as anyone", "ana@example.com", "staff, wiki", "&lt;b&gt;Roe"} {
				if !strings.Contains(page, want) {
					t.Errorf("%q is not on the page: %s", want, page)
				}
			}
			d.arrives(q, d.choose(page, "ana@example.com"), "ana@example.com")

			q = d.ask(false, by)
			_, page = d.open(q)
			d.arrives(q, page, "ana@example.com")

			q = d.ask(true, by)
			_, page = d.open(q)
			d.arrives(q, d.choose(page, "bob@example.com"), "bob@example.com")

			d.read(d.client.Get(d.idp.LogoutURL()))
			if _, page = d.open(d.ask(false, by)); !strings.Contains(page, "Who would you like to be?") {
				t.Errorf("after signing out: %s", page)
			}
		})
	}
}

// The NameID is of the kind that the SP asked for; a persistent one stays.
func TestNameIDFormats(t *testing.T) {
	for format, stays := range map[string]bool{NameIDEmail: true, NameIDPersistent: true, NameIDUnspecified: true, NameIDTransient: false} {
		d := newDesk(t)
		var ids []string
		for range 2 {
			q := d.ask(true, func(idp *samlsp.IdentityProvider) { idp.NameIDFormat = format })
			_, page := d.open(q)
			page = d.choose(page, "ana@example.com")
			who, err := signIn(d.sp, Request{ID: q.ID}, find1(page, `name="SAMLResponse" value="([^"]*)"`))
			if err != nil || who.NameID.Format != format {
				t.Fatalf("%s: %+v, %v", format, who.NameID, err)
			}
			ids = append(ids, who.NameID.Value)
		}
		if (ids[0] == ids[1]) != stays {
			t.Errorf("%s: %q", format, ids)
		}
	}
}

// Requests that were not signed, were changed or come from strangers get no page of people.
func TestRequestsRefused(t *testing.T) {
	d := newDesk(t)
	q := d.ask(false)
	deny := func(name, address string) {
		t.Helper()
		if status, page := d.read(d.client.Get(address)); status != http.StatusBadRequest || strings.Contains(page, "ana@") {
			t.Errorf("%s: %d", name, status)
		}
	}
	deny("no request", d.idp.SSOURL())
	deny("no signature", regexp.MustCompile(`&Signature=.*`).ReplaceAllString(q.URL, ""))
	deny("another RelayState", strings.Replace(q.URL, "state", "other", 1))
	deny("RelayState taken away", regexp.MustCompile(`&RelayState=[^&]*`).ReplaceAllString(q.URL, ""))
	deny("a parameter twice", q.URL+"&RelayState=x")
	deny("SHA-1 claimed", strings.Replace(q.URL, "sha256", "sha1", 1))
	deny("not base64", d.idp.SSOURL()+"?SAMLRequest=%25")
	d.idp.AddSP(SP{EntityID: spEntity, ACSURL: elsewhere, Certificates: spCertificates(t)})
	deny("another ACS", q.URL)
	d.idp.sps = map[string]SP{}
	deny("a stranger", q.URL)
}

// A POSTed request counts by its XML signature.
func TestPostedRequestsRefused(t *testing.T) {
	d := newDesk(t)
	q := d.ask(false, func(idp *samlsp.IdentityProvider) { idp.RequestBinding = samlsp.PostBinding })
	if status, _ := d.open(q); status != http.StatusOK {
		t.Fatalf("the twin: %d", status)
	}
	deny := func(name, old, by string) {
		t.Helper()
		raw, err := base64.StdEncoding.DecodeString(q.Fields[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		changed := regexp.MustCompile(old).ReplaceAllString(string(raw), by)
		if changed == string(raw) {
			t.Fatalf("%s: nothing to change in %s", name, raw)
		}
		form := url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(changed))}}
		if status, page := d.read(d.client.PostForm(q.URL, form)); status != http.StatusBadRequest || strings.Contains(page, "ana@") {
			t.Errorf("%s: %d", name, status)
		}
	}
	deny("signature stripped", `(?s)<ds:Signature .*</ds:Signature>`, "")
	deny("another ID", ` ID="_`, ` ID="_x`)
	deny("another time", `IssueInstant="2026`, `IssueInstant="2025`)
}

// Another site cannot choose who its visitor is.
func TestChoiceIsSameOrigin(t *testing.T) {
	d := newDesk(t)
	q := d.ask(false)
	r, err := http.NewRequest(http.MethodPost, q.URL, strings.NewReader("person=ana@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _ := d.read(d.client.Do(r)); status != http.StatusForbidden {
		t.Errorf("cross-site choice: %d", status)
	}
}

// The cookie keeps to the IDP's path, and only ours counts.
func TestCookie(t *testing.T) {
	d := newDesk(t)
	_, page := d.open(d.ask(false))
	d.choose(page, "ana@example.com")
	u, _ := url.Parse(d.idp.SSOURL())
	if n := len(d.client.Jar.Cookies(u)); n != 1 {
		t.Errorf("%d cookies for the IDP", n)
	}
	if n := len(d.client.Jar.Cookies(u.JoinPath("../../"))); n != 0 {
		t.Errorf("%d cookies for its neighbours", n)
	}
	for _, value := range []string{"", "x", "YQ.YQ", seal(make([]byte, 32), "1767268800|n|ana@example.com")} {
		r := httptest.NewRequest(http.MethodGet, d.idp.SSOURL(), nil)
		r.AddCookie(&http.Cookie{Name: cookieName, Value: value})
		if _, ok := d.idp.remembered(r); ok {
			t.Errorf("cookie %q counts", value)
		}
	}
}

// A forgetful IDP asks whoever comes back as if for the first time.
func TestForgetful(t *testing.T) {
	d := newDesk(t)
	d.idp.forgets = true
	for range 2 {
		q := d.ask(false)
		_, page := d.open(q)
		d.arrives(q, d.choose(page, "ana@example.com"), "ana@example.com")
	}
}

// The policy names the hashes of exactly the style and script that are sent.
func TestContentSecurityPolicy(t *testing.T) {
	d := newDesk(t)
	q := d.ask(false)
	check := func(res *http.Response, err error) string {
		t.Helper()
		_, page := d.read(res, err)
		policy := res.Header.Get("Content-Security-Policy")
		for _, tag := range []string{"style", "script"} {
			if text := regexp.MustCompile(`(?s)<` + tag + `>(.*)</` + tag + `>`).FindStringSubmatch(page); text != nil && !strings.Contains(policy, tag+"-src "+hashSource(text[1])) {
				t.Errorf("%s is not in %q", tag, policy)
			}
		}
		return page
	}
	page := check(d.client.Get(q.URL))
	form := url.Values{"person": {"ana@example.com"}}
	if page = check(d.client.PostForm(d.idp.base.Scheme+"://"+d.idp.base.Host+find1(page, `action="([^"]*)"`), form)); !strings.Contains(page, "<button class=\"continue\">") {
		t.Errorf("no button for people without JavaScript: %s", page)
	}
}

func TestPaths(t *testing.T) {
	d := newDesk(t)
	for path, want := range map[string]int{"/demo-idp/metadata": 200, "/demo-idp/logout": 200, "/demo-idp/sso": 400, "/demo-idp/": 404, "/sso": 404} {
		if status, _ := d.read(d.client.Get(d.idp.base.Scheme + "://" + d.idp.base.Host + path)); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

// A passive request is answered without a page, by a status that says so; a
// service provider without certificates need not sign it.
func TestPassive(t *testing.T) {
	d := newDesk(t)
	d.sp = newSP(t, d.idp)
	d.idp.AddSP(SP{EntityID: "urn:unsigned", ACSURL: acsURL})
	_, page := d.read(d.client.Get(passive(d.idp, "urn:unsigned")))
	raw := find1(page, `name="SAMLResponse" value="([^"]*)"`)
	if _, err := signIn(d.sp, Request{ID: "_passive"}, raw); reasonOf(err) != "status" {
		t.Errorf("a passive request gave %v", err)
	}
}

func passive(p *IDP, sp string) string {
	xml := `<p:AuthnRequest xmlns:p="` + protocolNS + `" ID="_passive" Version="2.0" IsPassive="true">` +
		`<a:Issuer xmlns:a="` + assertionNS + `">` + sp + `</a:Issuer></p:AuthnRequest>`
	return p.SSOURL() + "?SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(deflate([]byte(xml))))
}
