package gateway_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// A Redis that wants client certificates gets ours, and only the server that our
// authority vouches for gets our password.
func TestRedisTLS(t *testing.T) {
	certs := storetest.NewCertificates(t)
	server := storetest.NewRedisTLS(t, certs, "--requirepass", "sesame")
	client := fmt.Sprintf("cert_file: %s, key_file: %s", certs.ClientCert, certs.ClientKey)
	for name, row := range map[string]struct{ tls, want string }{
		"all is well":            {fmt.Sprintf("ca_file: %s, %s", certs.CA, client), ""},
		"by name":                {fmt.Sprintf("ca_file: %s, %s, server_name: redis.example.com", certs.CA, client), ""},
		"no client certificate":  {"ca_file: " + certs.CA, "certificate required"},
		"another authority":      {fmt.Sprintf("ca_file: %s, %s", storetest.NewCertificates(t).CA, client), "unknown authority"},
		"the system's own roots": {client, "unknown authority"},
		"another server":         {fmt.Sprintf("ca_file: %s, %s, server_name: db.example.com", certs.CA, client), "not db.example.com"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			s := prepare(t)
			s.change("audit:", fmt.Sprintf("store: {driver: redis, redis: {addresses: [%q], password: sesame, tls: {%s}}}\naudit:", server.Addr, row.tls)).run()
			if row.want == "" {
				s.signIn()
				return
			}
			if a := s.get(s.url("wiki", "/")); a.status == 200 && strings.HasPrefix(a.body, "hello") {
				t.Errorf("answered %d", a.status)
			}
			if log := s.log.String(); !strings.Contains(log, row.want) || strings.Contains(log, "sesame") {
				t.Errorf("the log lacks %q, or says too much:\n%s", row.want, log)
			}
		})
	}
}

// While sentinels agree on another master, people with a session get 503 with
// Retry-After, and no login; then they go on, and who had signed out is out.
func TestSentinelFailoverForBrowsers(t *testing.T) {
	sentinels := storetest.NewSentinels(t, nil)
	s := prepare(t)
	s.change("audit:", fmt.Sprintf("store: {driver: redis, redis: {mode: sentinel, master_name: %s, addresses: [%q, %q]}}\naudit:",
		sentinels.MasterName, sentinels.Addrs[0], sentinels.Addrs[1])).run()
	s.signIn()
	ana := s.client
	s.client = testenv.NewClient(t)
	s.signIn()
	wiki, err := url.Parse(s.url("wiki", "/"))
	s.must(err)
	out := testenv.NewClient(t) // with the cookies from before the logout
	out.Jar.SetCookies(wiki, s.client.Jar.Cookies(wiki))
	s.get(s.url("wiki", "/.samlgate/logout"))
	s.client = ana

	sentinels.Servers[0].Kill(t)
	away := 0
	storetest.Eventually(t, 20*time.Second, "Ana goes on", func() bool {
		switch a := s.get(s.url("wiki", "/")); {
		case a.status == 503 && a.header.Get("Retry-After") != "":
			away++
			return false
		case a.body != "hello ana@example.com":
			t.Fatalf("Ana is answered %d at %s", a.status, a.url)
		}
		return away > 0
	})
	s.client = out
	if s.in() {
		t.Error("who had signed out is in again")
	}
	s.client = testenv.NewClient(t)
	s.signIn()
}
