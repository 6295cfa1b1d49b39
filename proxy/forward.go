package proxy

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/proxy/upstream"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// passage is one request on its way to an app.
type passage struct {
	route   *Route
	public  bool
	session *sessionstore.Session // nil: nobody in particular
	first   bool                  // of this session on this host
	logout  bool                  // the app's own sign-out
	page    bool                  // its answer is for a person's eyes
	onward  string                // where it goes on, to tell the identity provider; empty = nowhere

	identity http.Header // what we say about the person
	conn     *live.Conn  // nil without a session
}

// forward hands a request that may pass to the app.
func (g *Gateway) forward(w http.ResponseWriter, r *http.Request, v *visit.Visit, p passage) {
	if g.logsOut(r, v, p.route) {
		ended, err := g.SignIn.EndHere(w, r, v)
		if err != nil {
			g.unavailable(w, r, v, err)
			return
		}
		p.logout, p.page, p.onward = true, readsPage(r), g.SignIn.Depart(w, r, v, ended, "")
	}
	if err := g.describe(&p, v); err != nil {
		g.tooLarge(w, r, v, p, err)
		return
	}
	if p.first && !p.logout {
		if err := g.greet(w, v, p.session); err != nil {
			v.Err = err
			g.problem(w, r, v, pages.Internal)
			return
		}
	}
	if p.route.MaxBody > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, p.route.MaxBody)
	}
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		defer settle(w, r.Body)
	}
	if p.session != nil && !p.logout {
		conn, writer := g.begin(w, r, v, p)
		defer conn.Done()
		if err := g.verify(r, conn, p); err != nil {
			g.cutOff(w, r, v, err)
			return
		}
		w, r, p.conn = writer, r.WithContext(conn.Context()), conn
		r.Body = conn.Sent(r.Body)
	}
	p.route.Upstream.Forward(w, r, upstream.Exchange{
		Path: v.Path.Escaped(), Client: v.Addr, Proto: v.Proto, Host: v.Authority,
		Prepare: func(out *http.Request) error { return g.prepare(out, v, p) },
		Modify: func(res *http.Response) error {
			if g.modify(res, v, p); p.conn != nil {
				p.conn.Answer(res)
			}
			return nil
		},
		Fail: func(w http.ResponseWriter, r *http.Request, err *upstream.Error) { g.fail(w, r, v, p, err) },
	})
}

// settle takes what the app left of a request's body, after the answer is out
// and before the handler ends. The server would do it too, but on a connection
// in full duplex (see upstream.Forward) only after it has stopped watching the
// connection: at the body's end it starts to watch again, stumbles over its own
// read for the next request, panics and closes the connection.
func settle(w http.ResponseWriter, body io.Closer) {
	_ = http.NewResponseController(w).Flush()
	_ = body.Close()
}

// describe makes the identity headers before the request leaves, so that a
// value no header can hold is a page and not half a request.
func (g *Gateway) describe(p *passage, v *visit.Visit) error {
	p.identity = http.Header{}
	names := p.route.Names
	var values headers.Values
	if p.session != nil {
		values = valuesOf(p.session)
	}
	report, err := headers.Apply(p.identity, names, values)
	if err != nil {
		return err
	}
	if n := report.Total(); n > 0 && p.session != nil {
		g.noteDropped(v, p.session, n)
	}
	if p.session == nil || p.route.Signer == nil || p.route.Signer.Binds() {
		return nil
	}
	token, err := p.route.Signer.Sign(p.route.Audience, names.Limit(values))
	if err != nil {
		return err
	}
	p.identity.Set(names.JWT, token)
	return nil
}

func valuesOf(s *sessionstore.Session) headers.Values {
	id := s.Identity
	return headers.Values{
		Subject: id.Person.Subject(), Email: string(id.Email), FirstName: id.FirstName, LastName: id.LastName,
		Username: id.Username, EmployeeID: id.EmployeeID, IDP: id.IDP, SessionID: s.ID.Hash(),
		Roles: id.Roles, Attributes: id.Attributes, AuthTime: id.Authn.Instant,
	}
}

// greet begins a session on a host: the cookies that the app gave the person
// before are taken away.
func (g *Gateway) greet(w http.ResponseWriter, v *visit.Visit, s *sessionstore.Session) error {
	g.SignIn.ExpireCookies(w.Header(), v.Host)
	return g.Jar.Seen(w, v.Host, s, g.Now())
}

// prepare strips, then sets, then signs, in this order, on every route. What
// speaks for nobody is not signed: an app takes a signature for an identity.
func (g *Gateway) prepare(out *http.Request, v *visit.Visit, p passage) error {
	if n := g.Managed.Strip(out.Header, p.route.KeepHeaders); n.Total() > 0 {
		g.noteStripped(v, p.session, n)
	}
	var stale []string
	if p.first {
		stale = g.SignIn.ClearCookies(v.Host)
	}
	upstream.CutCookies(out.Header, func(name string) bool { return g.Jar.Ours(name) || slices.Contains(stale, name) })
	for name, values := range p.identity {
		out.Header[name] = values
	}
	if p.session == nil {
		return nil
	}
	if s := p.route.Signer; s != nil && s.Binds() {
		token, err := s.SignRequest(out, v.Proto, p.route.Audience, p.route.Names.Limit(valuesOf(p.session)))
		if err != nil {
			return err
		}
		out.Header.Set(p.route.Names.JWT, token)
	}
	if p.route.Message == nil {
		return nil
	}
	return p.route.Message.Sign(out, g.Managed, p.route.Audience)
}

// modify takes from an answer what an app may not say to a browser here.
func (g *Gateway) modify(res *http.Response, v *visit.Visit, p passage) {
	if n := upstream.DropSetCookie(res.Header, g.Jar.Ours); n > 0 {
		g.Observer.CookiesDropped(v.Route, n)
		g.Audit.Record(audit.Event{Type: audit.SetCookieDropped, Route: v.Route, RequestID: v.ID})
	}
	personal := (!p.public || p.session != nil) && !p.route.SharedCache
	if personal || p.first || p.logout { // no cache may give our Set-Cookie to others
		upstream.PrivateCaching(res.Header)
		upstream.AskAgain(res.Header)
	}
	if p.logout && p.page {
		g.leave(res, v, p.onward)
	}
}

// leave turns the app's answer to its own sign-out into the way onward, by
// default to our signed-out page, and keeps the cookies it sets or expires.
func (g *Gateway) leave(res *http.Response, v *visit.Visit, to string) {
	if to == "" {
		to = g.SignIn.LogoutURL(v.Host, v.Route)
	}
	if to == "" {
		to = g.SignIn.SignedOutPath()
	}
	_ = res.Body.Close()
	res.Body, res.ContentLength, res.Trailer = http.NoBody, 0, nil
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Refresh"} {
		res.Header.Del(name)
	}
	res.Header.Set("Location", to)
	res.Header.Set("Cache-Control", "no-store")
	res.StatusCode, res.Status = http.StatusSeeOther, ""
}

// readsPage reports whether a person will look at the answer, of a form's POST
// too: browsers without Fetch Metadata tell by Accept alone.
func readsPage(r *http.Request) bool {
	asGet := *r
	asGet.Method = http.MethodGet
	return pages.IsNavigation(&asGet)
}

// tooLarge tells that no header or token can hold what the app is to know.
func (g *Gateway) tooLarge(w http.ResponseWriter, r *http.Request, v *visit.Visit, p passage, err error) {
	v.Err = err
	g.noteTooLarge(v, p.session)
	g.show(w, r, v, pages.Problem{Code: pages.ValueTooLarge, Args: map[string]string{"route": v.Route}})
}

// fail shows why the app could not answer.
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, v *visit.Visit, p passage, err *upstream.Error) {
	switch {
	case errors.Is(err, live.ErrEnded) || errors.Is(err, live.ErrLost):
		g.cutOff(w, r, v, err)
		return
	case errors.Is(err, headers.ErrTooLarge): // a token that was made for this request
		g.tooLarge(w, r, v, p, err)
		return
	}
	v.Err, v.Reason = err, "upstream_"+err.Kind.String()
	code := pages.UpstreamDown
	switch err.Kind {
	case upstream.Timeout:
		code = pages.UpstreamSlow
	case upstream.TooLarge:
		code = pages.TooLarge
	case upstream.BadRequest:
		code = pages.BadRequest
	case upstream.Refused:
		code = pages.Internal
	}
	g.show(w, r, v, pages.Problem{Code: code, Args: map[string]string{"route": v.Route}})
}
