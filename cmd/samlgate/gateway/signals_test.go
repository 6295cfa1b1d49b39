package gateway_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// slow makes the app answer once released, and reports when it was asked.
func (s *site) slow() (asked chan struct{}, release chan struct{}) {
	asked, release = make(chan struct{}, 1), make(chan struct{})
	s.app = func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-release:
			_, _ = io.WriteString(w, "done at last")
		case <-r.Context().Done():
		}
	}
	return asked, release
}

// late asks for a slow page in the background.
func (s *site) late() <-chan string {
	answers := make(chan string, 1)
	go func() { // ends with the answer
		res, err := s.client.Get(s.url("wiki", "/about"))
		if err != nil {
			answers <- "cut"
			return
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			answers <- "cut"
			return
		}
		answers <- string(b)
	}()
	return answers
}

// A request that is being answered finishes; meanwhile the load balancer hears
// that no more should come.
func TestDrain(t *testing.T) {
	s := prepare(t)
	asked, release := s.slow()
	s.run()
	if a := s.get(s.adminURL("/readyz")); a.status != 200 {
		t.Fatalf("readyz before: %d %s", a.status, a.body)
	}
	answer := s.late()
	<-asked
	s.terminate()
	testenv.Eventually(t, "readyz to say draining", func() bool {
		a := s.get(s.adminURL("/readyz"))
		return a.status == 503 && strings.Contains(a.body, "draining")
	})
	if a := s.get(s.adminURL("/livez")); a.status != 200 {
		t.Errorf("livez while draining: %d", a.status)
	}
	close(release)
	if got := <-answer; got != "done at last" {
		t.Errorf("the request in flight got %q", got)
	}
	s.ends()
	if !strings.Contains(s.audit.String(), "gateway_stopped") {
		t.Errorf("the audit does not tell of the end: %s", s.audit)
	}
}

// During drain.delay new requests are still answered: the load balancer has
// not heard yet.
func TestDrainDelay(t *testing.T) {
	s := prepare(t).change("delay: 50ms", "delay: 1h").run()
	s.terminate()
	testenv.Eventually(t, "readyz to turn red", func() bool { return s.get(s.adminURL("/readyz")).status == 503 })
	if a := s.get(s.url("wiki", "/about")); a.status != 200 {
		t.Errorf("a request during the delay: %d", a.status)
	}
	s.terminate()
	s.ends()
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := prepare(t).change("timeout: 5s", "timeout: 1h")
	asked, _ := s.slow()
	s.run()
	answer := s.late()
	<-asked
	s.terminate()
	testenv.Eventually(t, "readyz to turn red", func() bool { return s.get(s.adminURL("/readyz")).status == 503 })
	s.terminate()
	s.ends()
	if got := <-answer; got != "cut" {
		t.Errorf("the request in flight got %q", got)
	}
}

// A WebSocket is cut when drain.timeout ends and not before.
func TestDrainWaitsForStreams(t *testing.T) {
	s := prepare(t)
	s.app = func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n') // the last word of the browser
		_, _ = c.Write([]byte("echo " + line))
	}
	s.run()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url("wiki", "/about"), nil)
	s.must(err)
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Origin": s.url("wiki", ""),
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(name, value)
	}
	res, err := s.client.Transport.RoundTrip(r)
	s.must(err)
	stream, ok := res.Body.(io.ReadWriteCloser)
	if !ok {
		t.Fatalf("no WebSocket but %d", res.StatusCode)
	}
	s.terminate()
	testenv.Eventually(t, "the public listener to close", func() bool {
		res, err := http.Get("http://127.0.0.1:" + s.port)
		if err == nil {
			res.Body.Close()
		}
		return err != nil
	})
	_, err = io.WriteString(stream, "bye\n")
	s.must(err)
	if got, err := io.ReadAll(stream); string(got) != "echo bye\n" {
		t.Errorf("the stream said %q, %v", got, err)
	}
	s.must(stream.Close())
	s.ends()
}

func TestInterrupt(t *testing.T) {
	s := start(t)
	s.interrupt()
	s.ends()
}

func TestReload(t *testing.T) {
	s := prepare(t).change("audit: {stdout: true}", "audit: {stdout: false, file: audit.log}").run()
	s.signIn()
	s.must(os.Rename(s.path("audit.log"), s.path("audit.log.1")))
	s.change("routes:\n", "routes:\n  - {name: new, host: new.localhost, upstream: "+s.idp.URL+", public: [/idp/metadata]}\n")
	if a := s.get(s.url("new", "/idp/metadata")); a.status != 404 && a.status != 421 {
		t.Errorf("the new route before: %d", a.status)
	}
	s.reloads("configuration reloaded")
	if a := s.get(s.url("new", "/idp/metadata")); a.status != 200 || !strings.Contains(a.body, "EntityDescriptor") {
		t.Errorf("the new route: %d", a.status)
	}
	if !s.in() {
		t.Error("the reload ended the session")
	}
	if !strings.Contains(s.read("audit.log"), "gateway_reloaded") || strings.Contains(s.read("audit.log.1"), "gateway_reloaded") {
		t.Errorf("the audit file was not opened again:\n%s", s.read("audit.log"))
	}
}

// A broken file changes nothing, and every mistake is told.
func TestReloadBroken(t *testing.T) {
	s := start(t)
	s.signIn()
	good := s.read("config.yaml")
	s.change("routes:\n", "nonsense: true\nroutes:\n  - {name: new, host: new.localhost}\n")
	s.reloads("the old one stays")
	for _, want := range []string{"nonsense", "upstream"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log does not tell of %s:\n%s", want, s.log)
		}
	}
	s.write("config.yaml", good)
	s.write("corp.xml", "garbage")
	s.reloads("metadata_file")
	if !s.in() {
		t.Error("the broken file ended the session")
	}
}

// What a process cannot change while it runs is said; a token that was taken
// away opens nothing any more.
func TestReloadNeedsRestart(t *testing.T) {
	s := start(t)
	bearer := []string{"Authorization", "Bearer " + adminToken}
	if a := s.get(s.adminURL("/api/v1/sessions"), bearer...); a.status == 401 {
		t.Errorf("the token is refused: %d", a.status)
	}
	s.change("listen: 127.0.0.1:"+s.port, "listen: 127.0.0.1:1").change("token: "+adminToken, "token: fedcba9876543210fedcba9876543210")
	s.reloads(`keys=server.listen`)
	if a := s.get(s.adminURL("/api/v1/sessions"), bearer...); a.status != 401 {
		t.Errorf("the old token still opens: %d", a.status)
	}
}
