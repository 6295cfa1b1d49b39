package gateway_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// The identity provider may be down when the gateway starts, or at a reload.
func TestMetadataLater(t *testing.T) {
	s := prepare(t)
	var up atomic.Bool
	var fetched atomic.Int32
	document := s.read("corp.xml")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		if !up.Load() {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(document))
	}))
	t.Cleanup(server.Close)
	s.change("metadata_file: corp.xml", "metadata_url: "+server.URL+"/metadata").run()
	testenv.Eventually(t, "the first fetch", func() bool { return fetched.Load() > 0 })
	if a := s.get(s.url("wiki", "/")); a.status != 503 {
		t.Errorf("a login before the metadata: %d", a.status)
	}
	if a := s.get(s.adminURL("/metrics")); !strings.Contains(a.body, `samlgate_idp_ready{idp="corp"} 0`) {
		t.Error("the metrics do not tell that the identity provider is not ready")
	}
	up.Store(true)
	s.reloads("configuration reloaded") // fetches at once
	testenv.Eventually(t, "the metadata", func() bool { return strings.Contains(s.log.String(), "metadata loaded") })
	s.signIn()
	up.Store(false)
	before := fetched.Load()
	s.reloads("configuration reloaded")
	testenv.Eventually(t, "another fetch", func() bool { return fetched.Load() > before })
	s.client = testenv.NewClient(t)
	s.signIn() // with the copy that the tree before the reload had
	if a := s.get(s.adminURL("/metrics")); !strings.Contains(a.body, `samlgate_idp_ready{idp="corp"} 1`) {
		t.Error("the metrics do not tell that the identity provider is ready")
	}
}

// Two gateways on one Redis know the same sessions; without Redis the pages say
// that it is away, and the log of the start as well.
func TestTwoGatewaysOneRedis(t *testing.T) {
	redis := testenv.StartRedis(t)
	one := prepare(t)
	one.change("audit:", "store: {driver: redis, redis: {addresses: [\""+redis.Addr+"\"]}}\naudit:").run()
	two := prepare(t)
	text := one.read("config.yaml")
	two.write("config.yaml", strings.NewReplacer("listen: 127.0.0.1:"+one.port, "listen: 127.0.0.1:"+two.port, one.admin, two.admin).Replace(text))
	for _, name := range []string{"sp.crt", "sp.key", "signing.key", "corp.xml"} {
		two.write(name, one.read(name))
	}
	two.run()
	one.signIn()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+two.port+"/", nil)
	one.must(err)
	r.Host = "wiki.localhost"
	first, err := http.NewRequestWithContext(t.Context(), http.MethodGet, one.url("wiki", "/"), nil)
	one.must(err)
	for _, c := range one.client.Jar.Cookies(first.URL) {
		r.AddCookie(c)
	}
	if a := two.do(two.client, r); a.body != "hello ana@example.com" {
		t.Errorf("the second gateway: %d %s", a.status, a.body)
	}
	if strings.Contains(one.log.String(), "in memory") {
		t.Errorf("the log speaks of memory:\n%s", one.log)
	}
	redis.Kill()
	if a := one.get(one.url("wiki", "/")); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("without Redis: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if a := one.get(one.adminURL("/livez")); a.status != 200 {
		t.Errorf("livez without Redis: %d", a.status)
	}
	redis.Start(t)
	testenv.Eventually(t, "the session to come back", one.in)
}

// A Redis that may throw sessions away is said to be unfit, and /readyz is red.
func TestUnfitRedis(t *testing.T) {
	redis := testenv.StartRedis(t)
	tell(t, redis.Addr, "CONFIG SET maxmemory-policy allkeys-lru")
	tell(t, redis.Addr, "CONFIG SET maxmemory 64mb")
	s := prepare(t)
	s.change("audit:", "store: {driver: redis, redis: {addresses: [\""+redis.Addr+"\"]}}\naudit:").run()
	if a := s.get(s.adminURL("/readyz")); a.status != 503 || !strings.Contains(a.body, "not fit") {
		t.Errorf("readyz on a Redis that evicts: %d %s", a.status, a.body)
	}
	tell(t, redis.Addr, "CONFIG SET maxmemory-policy noeviction")
	s.reloads("configuration reloaded")
	if a := s.get(s.adminURL("/readyz")); a.status != 200 {
		t.Errorf("readyz after it was mended: %d %s", a.status, a.body)
	}
}

// tell sends an inline command.
func tell(t *testing.T, addr, command string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte(command + "\r\n"))
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "+OK\r\n" {
		t.Fatalf("%s: %q, %v", command, line, err)
	}
}

// /livez answers before the store does.
func TestStartWithoutRedis(t *testing.T) {
	s := prepare(t)
	s.change("audit:", "store: {driver: redis, redis: {addresses: [\"127.0.0.1:"+testenv.FreePort(t)+"\"]}}\naudit:").run()
	if a := s.get(s.adminURL("/livez")); a.status != 200 {
		t.Errorf("livez: %d", a.status)
	}
	if a := s.get(s.url("wiki", "/about")); a.status != 200 {
		t.Errorf("a public page needs no store: %d", a.status)
	}
	if !strings.Contains(s.log.String(), "does not answer") {
		t.Errorf("the log does not tell:\n%s", s.log)
	}
}
