package demo

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/cmd/samlgate/adminclient"
	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// visitor is somebody who started the demo and reads what it prints.
type visitor struct {
	*testing.T
	*http.Client
	port string
	stop context.CancelFunc
	done chan error

	mu  sync.Mutex
	out bytes.Buffer // guarded by mu
}

func (v *visitor) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.out.Write(p)
}

func (v *visitor) read() string { v.mu.Lock(); defer v.mu.Unlock(); return v.out.String() }

// visit starts the demo on a host, and a browser that finds *.localhost there.
func visit(t *testing.T, host string) *visitor {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	v := &visitor{T: t, Client: testenv.NewClient(t), port: testenv.FreePort(t), stop: cancel, done: make(chan error, 1)}
	v.Transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(host, v.port))
	}}
	ended := make(chan struct{})
	go func() { // ends with ctx
		defer close(ended)
		v.done <- Run(ctx, Config{Listen: net.JoinHostPort(host, v.port), Version: "test", Out: v, Log: slog.New(slog.DiscardHandler)})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	testenv.Eventually(t, "the greeting", func() bool { return strings.Contains(v.read(), "Ctrl-C") || len(v.done) > 0 })
	if len(v.done) > 0 {
		t.Fatalf("the demo ended: %v", <-v.done)
	}
	return v
}

func (v *visitor) open(r *http.Request, err error) (*http.Response, string) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
	res, err := v.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.Fatal(err)
	}
	return res, string(b)
}

// get opens a page as a browser does.
func (v *visitor) get(u string) (*http.Response, string) {
	v.Helper()
	r, err := http.NewRequest(http.MethodGet, u, nil)
	if err == nil {
		r.Header.Set("Accept", "text/html")
	}
	return v.open(r, err)
}

var (
	action = regexp.MustCompile(`action="([^"]*)"`)
	hidden = regexp.MustCompile(`name="(SAMLRequest|SAMLResponse|RelayState|SigAlg|Signature)" value="([^"]*)"`)
)

func (v *visitor) post(from *http.Response, page string, person string) (*http.Response, string) {
	v.Helper()
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	if person != "" {
		form.Set("person", person)
	}
	m := action.FindStringSubmatch(page)
	if m == nil {
		v.Fatalf("%s holds no form:\n%s", from.Request.URL, page)
	}
	to, err := from.Request.URL.Parse(html.UnescapeString(m[1]))
	if err != nil {
		v.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "text/html")
	}
	return v.open(r, err)
}

// be opens a page and is somebody there.
func (v *visitor) be(person, u string) (*http.Response, string) {
	v.Helper()
	res, page := v.get(u)
	if !strings.Contains(page, person) {
		v.Fatalf("%s does not ask who one is:\n%s", res.Request.URL, page)
	}
	res, page = v.post(res, page, person)
	return v.post(res, page, "")
}

func (v *visitor) app(name string) string { return "http://" + name + ".localhost:" + v.port }

func TestDemo(t *testing.T) {
	v := visit(t, "127.0.0.1")
	for line := range strings.Lines(v.read()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	_, page := v.be("ana.souza@example.com", v.app("wiki")+"/")
	for _, want := range []string{"Hello, Ana Souza", "signature verifies", "<dt>X-Auth-User</dt><dd>ana</dd>", "<dt>X-Auth-Email</dt><dd>ana.souza@example.com</dd>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the wiki lacks %q:\n%s", want, page)
		}
	}
	if id, other := strings.Index(page, "X-Auth-Email"), strings.Index(page, "Accept-Encoding"); id < 0 || id > other && other > 0 {
		t.Error("who one is comes after the other headers")
	}
	if _, page = v.get(v.app("hr") + "/"); !strings.Contains(page, "Hello, Ana Souza") {
		t.Errorf("HR asks again:\n%s", page)
	}
	v.stop()
	if err := <-v.done; err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if !strings.Contains(v.read(), "Stopped") {
		t.Errorf("the demo does not say that it stopped: %s", v.read())
	}
}

// The three who try the door, one after the other in one browser: signing out
// at the gateway is enough to be asked again.
func TestThreePeople(t *testing.T) {
	v := visit(t, "127.0.0.1")
	if _, page := v.be("juergen.gross@example.com", v.app("wiki")+"/"); !strings.Contains(page, "Hello, Jürgen Groß") {
		t.Errorf("the contractor at the wiki:\n%s", page)
	}
	if res, _ := v.get(v.app("hr") + "/"); res.StatusCode != 403 {
		t.Errorf("the contractor at HR: %d", res.StatusCode)
	}
	v.get(v.app("wiki") + "/logout")
	if res, page := v.be("mallory@example.com", v.app("wiki")+"/"); res.StatusCode != 403 || strings.Contains(page, "Hello") {
		t.Errorf("the restricted one: %d", res.StatusCode)
	}
	if _, page := v.be("ana.souza@example.com", v.app("wiki")+"/"); !strings.Contains(page, "Hello, Ana Souza") {
		t.Errorf("after her:\n%s", page)
	}
}

var curl = regexp.MustCompile(`(?m)^ *curl (.*?) *(http://\S+)$`)

// The curl lines do what the demo says they do.
func TestCurlLines(t *testing.T) {
	v := visit(t, "127.0.0.1")
	lines := curl.FindAllStringSubmatch(v.read(), -1)
	if len(lines) != 2 {
		t.Fatalf("the demo prints %d curl lines:\n%s", len(lines), v.read())
	}
	forge, err := http.NewRequest(http.MethodGet, lines[0][2], nil)
	if err == nil {
		name, value, _ := strings.Cut(strings.Trim(strings.TrimPrefix(lines[0][1], "-H "), "'"), ": ")
		forge.Header.Set(name, value)
	}
	if res, page := v.open(forge, err); res.StatusCode != 200 || strings.Contains(page, "boss@") || !strings.Contains(page, "Not one identity header") {
		t.Errorf("the forged header: %d\n%s", res.StatusCode, page)
	}
	program, err := http.NewRequest(http.MethodGet, lines[1][2], nil)
	if err == nil {
		program.Header.Set("Accept", "*/*")
	}
	if res, body := v.open(program, err); res.StatusCode != 401 || !strings.Contains(body, "login_url") {
		t.Errorf("a program: %d\n%s", res.StatusCode, body)
	}
	for _, name := range []string{"wiki.localhost", "hr.localhost", "localhost"} {
		if want := fmt.Sprintf("--resolve %s:%s:127.0.0.1\n", name, v.port); !strings.Contains(v.read(), want) {
			t.Errorf("the demo does not print %q", want)
		}
	}
}

var operator = regexp.MustCompile(`(?s)SAMLGATE_ADMIN_TOKEN=(\w+)\n.*logins list --admin (http://127\.0\.0\.1:\d+)\n.*try idp demo --admin (http://\S+)\n`)

// The operator's lines hold a token and an address that open the operator's door,
// which is shut for everybody else.
func TestOperatorLines(t *testing.T) {
	v := visit(t, "127.0.0.1")
	m := operator.FindStringSubmatch(v.read())
	if m == nil || m[2] != m[3] {
		t.Fatalf("the demo does not say how to be the operator:\n%s", v.read())
	}
	v.be("mallory@example.com", v.app("wiki")+"/")
	ask := func(token string) ([]logins.Attempt, error) {
		var list struct {
			Logins []logins.Attempt `json:"logins"`
		}
		c, err := adminclient.New(adminclient.Config{URL: m[2], Token: token})
		if err == nil {
			err = c.Get(t.Context(), "/api/v1/logins", nil, &list)
		}
		return list.Logins, err
	}
	if all, err := ask(m[1]); err != nil || len(all) != 1 || all[0].IDP != "demo" || all[0].Reason != "role_denied" {
		t.Errorf("the operator sees %+v, %v", all, err)
	}
	if all, err := ask(strings.Repeat("0", len(m[1]))); err == nil {
		t.Errorf("another token shows %+v", all)
	}
	if other := operator.FindStringSubmatch(visit(t, "127.0.0.1").read()); other == nil || other[1] == m[1] {
		t.Error("two demos have one token")
	}
}

func TestIPv6(t *testing.T) {
	v := visit(t, "::1")
	if _, page := v.be("ana.souza@example.com", v.app("wiki")+"/"); !strings.Contains(page, "signature verifies") {
		t.Errorf("the wiki over IPv6:\n%s", page)
	}
	if want := "--resolve localhost:" + v.port + ":[::1]\n"; !strings.Contains(v.read(), want) {
		t.Errorf("the demo does not print %q:\n%s", want, v.read())
	}
}

// Everyone may be anyone there: it must not be reached from elsewhere.
func TestListen(t *testing.T) {
	for listen, want := range map[string]string{
		"0.0.0.0:8080": "loopback only", ":8080": "loopback only", "10.0.0.1:8080": "loopback only", "[::]:8080": "loopback only",
		"example.com:8080": "loopback only", "evil.localhost:80": "loopback only", "127.0.0.2:8080": "loopback only",
		"127.0.0.1": "write it as", "8080": "write it as",
		"127.0.0.1:0": "needs a port", "127.0.0.1:": "needs a port", "127.0.0.1:http": "needs a port", "127.0.0.1:99999": "needs a port",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := Run(ctx, Config{Listen: listen, Out: io.Discard, Log: slog.New(slog.DiscardHandler)})
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", listen, err, want)
		}
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = Run(t.Context(), Config{Listen: l.Addr().String(), Out: io.Discard, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "another program listens on "+l.Addr().String()) {
		t.Errorf("got %v", err)
	}
}
