package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// browser is one browser of one person. Each of its requests may go to another
// gateway.
type browser struct {
	house  *house
	person idptest.Person
	jar    http.CookieJar
}

func (h *house) browser(p idptest.Person) *browser {
	jar, err := cookiejar.New(nil)
	h.must(err)
	return &browser{h, p, jar}
}

// answer is what a gateway says to somebody who wants to see the app.
type answer int

const (
	served  answer = iota
	nobody         // no session: a login begins, or a page says why
	away           // 503, to be asked again after a while
	silence        // no answer at all, of a gateway that is not well
	odd            // anything else, which is always wrong
)

func (a answer) String() string {
	return [...]string{"served", "no session", "503", "no answer", "odd"}[a]
}

var (
	errSilent = errors.New("no answer")
	errBusy   = errors.New("503, to be asked again")
)

// client returns a client of this browser at a gateway, which stops where the
// identity provider would begin.
func (b *browser) client(g *gateway) *http.Client {
	return &http.Client{Transport: g.road, Jar: b.jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), idpOrigin) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// page is an answer with its body.
type page struct {
	*http.Response
	body string
}

// send sends a request as a browser that navigates does.
func send(ctx context.Context, c *http.Client, method, address string, form url.Values, site string) (page, error) {
	if _, patient := ctx.Deadline(); !patient {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, hurry)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, err
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	req.Header.Set("Sec-Fetch-Site", site)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.Do(req)
	if err != nil {
		return page{}, fmt.Errorf("%w: %w", errSilent, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return page{}, fmt.Errorf("%w: %w", errSilent, err)
	}
	return page{res, string(body)}, nil
}

func (b *browser) wiki() string { return b.house.site.App("wiki") + "/" }

// arriving is a sign-in up to the form that the identity provider sends back.
type arriving struct {
	acs  string
	form url.Values
}

// begin asks a gateway for the app and has the identity provider answer.
func (b *browser) begin(ctx context.Context, g *gateway, opts ...idptest.Option) (arriving, error) {
	p, err := send(ctx, b.client(g), http.MethodGet, b.wiki(), nil, "none")
	if err != nil {
		return arriving{}, err
	}
	if judge(p, b.person) == away {
		return arriving{}, errBusy
	}
	to, err := p.Location()
	if err != nil {
		return arriving{}, fmt.Errorf("no login begins: status %d at %s", p.StatusCode, p.Request.URL)
	}
	req, err := http.NewRequest(http.MethodGet, to.String(), nil)
	if err != nil {
		return arriving{}, err
	}
	q, err := b.house.idp.ParseRequest(req)
	if err != nil {
		return arriving{}, err
	}
	value, err := b.house.idp.Response(q, b.person.Subject(), opts...)
	return arriving{q.ACSURL, url.Values{"SAMLResponse": {value}, "RelayState": {q.RelayState}}}, err
}

// arrive brings the form to a gateway and follows to the app. It returns the last page.
func (b *browser) arrive(ctx context.Context, g *gateway, a arriving) (page, error) {
	return send(ctx, b.client(g), http.MethodPost, a.acs, a.form, "cross-site")
}

// signIn signs the person in at a gateway: nil when the app has greeted them.
func (b *browser) signIn(ctx context.Context, g *gateway, opts ...idptest.Option) error {
	a, err := b.begin(ctx, g, opts...)
	if err != nil {
		return err
	}
	p, err := b.arrive(ctx, g, a)
	if err != nil {
		return err
	}
	if judge(p, b.person) != served {
		return fmt.Errorf("not signed in: status %d at %s", p.StatusCode, p.Request.URL)
	}
	return nil
}

// use asks for the app.
func (b *browser) use(ctx context.Context, g *gateway) (answer, page) {
	c := b.client(g)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = readOnly{b.jar}
	p, err := send(ctx, c, http.MethodGet, b.wiki(), nil, "same-origin")
	if err != nil {
		return silence, p
	}
	return judge(p, b.person), p
}

// readOnly keeps a login that begins for somebody without a session from touching
// the cookies: what the session's cookie is good for is asked again and again.
type readOnly struct{ http.CookieJar }

func (readOnly) SetCookies(*url.URL, []*http.Cookie) {}

func judge(p page, who idptest.Person) answer {
	switch p.StatusCode {
	case http.StatusOK:
		if p.body == appSays+who.Email {
			return served
		}
	case http.StatusFound, http.StatusSeeOther, http.StatusUnauthorized:
		return nobody
	case http.StatusServiceUnavailable:
		if p.Header.Get("Retry-After") != "" {
			return away
		}
	}
	return odd
}

// signOut ends the session of this browser: nil when the gateway says so.
func (b *browser) signOut(ctx context.Context, g *gateway) error {
	c := b.client(g)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = readOnly{b.jar}
	p, err := send(ctx, c, http.MethodPost, b.wiki()+".samlgate/logout", nil, "same-origin")
	if err == nil && p.StatusCode >= 400 {
		err = fmt.Errorf("not signed out: status %d", p.StatusCode)
	}
	return err
}

// operate asks the admin API of a gateway.
func (g *gateway) operate(ctx context.Context, method, path string) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, hurry)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+g.admin+"/api/v1/"+path, nil)
	if err != nil {
		return page{}, err
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return page{}, fmt.Errorf("%w: %w", errSilent, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %s", path, res.StatusCode, body)
	}
	return page{res, string(body)}, err
}
