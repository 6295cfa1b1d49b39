package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// live is a configuration with a store, metadata and an app that are there.
type live struct {
	testing.TB
	file, app string
}

func newLive(t *testing.T, store string) *live {
	t.Helper()
	app := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(app.Close)
	l := &live{t, initIn(t, folder(t)), app.URL}
	change(t, l.file, "http://127.0.0.1:8081", app.URL)
	change(t, l.file, "session:\n", store+"session:\n")
	return l
}

func redisAt(addr, more string) string {
	return fmt.Sprintf("store:\n  driver: redis\n  redis:\n    addresses: [%q]\n%s", addr, more)
}

func (l *live) check(code int) *said {
	l.Helper()
	s := samlgate(l, "check", "--live", "--config", l.file).exits(code)
	for _, secret := range []string{"PASSWORD", "sesame"} {
		if strings.Contains(s.out+s.err, secret) {
			l.Errorf("%s prints a secret:\n%s%s", s.line, s.out, s.err)
		}
	}
	return s
}

// dead is an address at which nobody listens.
func dead(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestCheckLive(t *testing.T) {
	l := newLive(t, redisAt(storetest.StartRedis(t), ""))
	l.check(exitOK).prints("ok      store: redis 127.0.0.1:", "does all that sessions need", "ok      route ", "answers with status 404")
	// Twice, since the first trial must not stand in the way of the next.
	l.check(exitOK)
	// The app is gone: its line says so, and the others do not suffer.
	change(t, l.file, l.app, "http://"+dead(t))
	l.check(exitConfig).prints("ok      store", "FAILED  route ", "connection refused", "correct routes[].upstream").complains("1 of 2 things failed")
	samlgate(t, "check", "--live", "--no-files", "--config", l.file).exits(exitFailed).complains("--live needs the files")
}

// What is wrong with a Redis is said with the key to change, and never a password.
func TestCheckLiveRedis(t *testing.T) {
	plain := storetest.StartRedis(t)
	admin := func(addr string, args ...any) {
		t.Helper()
		c := goredis.NewClient(&goredis.Options{Addr: addr})
		defer c.Close()
		if err := c.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	rights := aclLine(t)
	acl := func(without string) string {
		t.Helper()
		addr := storetest.StartRedis(t)
		args := []any{"ACL", "SETUSER"}
		for _, word := range rights {
			if word != without {
				args = append(args, word)
			}
		}
		admin(addr, args...)
		return addr
	}
	as := "    username: samlgate\n    password: PASSWORD\n"
	replica := storetest.StartRedis(t)
	admin(replica, "REPLICAOF", "127.0.0.1", plain[strings.Index(plain, ":")+1:])
	cluster := storetest.NewCluster(t, 0)
	certs := storetest.NewCertificates(t)
	tls := storetest.NewRedisTLS(t, certs)
	sentinels := storetest.NewSentinels(t, nil)
	full := storetest.StartRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	for name, c := range map[string]struct {
		store, want string
		code        int
	}{
		"least rights":          {redisAt(acl(""), as), "does all that sessions need", exitOK},
		"a right is missing":    {redisAt(acl("+getdel"), as), "trying to use a code up: ", exitConfig},
		"no publishing":         {redisAt(acl("&samlgate:*"), as), "lacks a right", exitConfig},
		"a wrong password":      {redisAt(acl(""), "    username: samlgate\n    password: sesame\n"), "are not those of a user", exitConfig},
		"a read-only replica":   {redisAt(replica, ""), "this redis is a replica: sessions need the master", exitConfig},
		"an eviction policy":    {redisAt(full, ""), "set it to noeviction", exitConfig},
		"nobody there":          {redisAt(dead(t), ""), "nothing listens there; start it, or correct store.redis.addresses", exitConfig},
		"a node of a cluster":   {redisAt(cluster.Addrs()[0], ""), "set store.redis.mode to cluster", exitConfig},
		"a cluster":             {redisAt(cluster.Addrs()[0], "    mode: cluster\n"), "does all that sessions need", exitOK},
		"no cluster":            {redisAt(plain, "    mode: cluster\n"), "set store.redis.mode to standalone", exitConfig},
		"no sentinel":           {redisAt(plain, "    mode: sentinel\n    master_name: main\n"), "no sentinel answered with a master", exitConfig},
		"TLS unasked":           {redisAt(tls.Addr, ""), "where it speaks TLS, set store.redis.tls", exitConfig},
		"no TLS":                {redisAt(plain, "    tls: {}\n"), "where it speaks no TLS, remove store.redis.tls", exitConfig},
		"no client certificate": {redisAt(tls.Addr, "    tls: {ca_file: "+certs.CA+"}\n"), "it wants a client certificate that it trusts; set store.redis.tls.cert_file", exitConfig},
		"a client certificate":  {redisAt(tls.Addr, fmt.Sprintf("    tls: {ca_file: %s, cert_file: %s, key_file: %s}\n", certs.CA, certs.ClientCert, certs.ClientKey)), "does all that sessions need", exitOK},
		"another name":          {redisAt(tls.Addr, fmt.Sprintf("    tls: {ca_file: %s, cert_file: %s, key_file: %s, server_name: other.example.com}\n", certs.CA, certs.ClientCert, certs.ClientKey)), "write a name of its certificate into store.redis.tls.server_name", exitConfig},
		"sentinels":             {redisAt(sentinels.Addrs[0], "    mode: sentinel\n    master_name: "+sentinels.MasterName+"\n"), "does all that sessions need", exitOK},
		"another master":        {redisAt(sentinels.Addrs[0], "    mode: sentinel\n    master_name: other\n"), "whether store.redis.master_name is what they call it", exitConfig},
		"a sentinel as server":  {redisAt(sentinels.Addrs[0], ""), "for a sentinel set store.redis.mode to sentinel", exitConfig},
		"unknown authority":     {redisAt(tls.Addr, "    tls: {}\n"), "add the authority that signed its certificate to store.redis.tls.ca_file", exitConfig},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newLive(t, c.store).check(c.code).prints(c.want)
		})
	}
}

// aclLine returns the words of the user of docs/redis.md.
func aclLine(t testing.TB) []string {
	t.Helper()
	text := read(t, filepath.Join("..", "..", "docs", "redis.md"))
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "user samlgate ") {
			return strings.Fields(line)[1:]
		}
	}
	t.Fatal("docs/redis.md has no user")
	return nil
}

func TestCheckLiveMetadata(t *testing.T) {
	page := "<!doctype html><title>Sign in</title>"
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) }))
	t.Cleanup(idp.Close)
	l := newLive(t, "")
	change(t, l.file, `metadata_file: "corp.xml"`, "metadata_url: "+idp.URL+"/metadata?key=sesame")
	l.check(exitConfig).prints("ok      store: memory", "FAILED  idp corp: metadata from "+idp.URL+"/metadata: ", "this looks like a web page, not SAML metadata")
	page = idpMetadata(t, "https://idp.example.com/metadata")
	l.check(exitOK).prints("ok      idp corp: the metadata describes https://idp.example.com/metadata")
	idp.Close()
	l.check(exitConfig).prints("FAILED  idp corp", "nothing listens there; start it, or correct saml.idps[].metadata_url")
}

// An app that speaks TLS by a certificate of nobody, and one that is no web server.
func TestCheckLiveApps(t *testing.T) {
	app := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(app.Close)
	l := newLive(t, "")
	change(t, l.file, l.app, app.URL)
	l.check(exitConfig).prints("add the authority that signed its certificate to routes[].tls.ca_file")
	change(t, l.file, app.URL, strings.Replace(app.URL, "https:", "http:", 1))
	l.check(exitOK).prints("answers with status 400")
	u, _ := url.Parse(app.URL)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() { // ends with the listener
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "SSH-2.0-OpenSSH_9.6\r\n")
			go func() { // ends when the client hangs up
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	change(t, l.file, u.Host, listener.Addr().String())
	l.check(exitConfig).prints("what listens there speaks no HTTP")
}

// A file that is damaged or lost is said before the restart that it would spoil.
func TestCheckLiveFile(t *testing.T) {
	l := newLive(t, "store: {driver: embedded, embedded: {path: state.db}}\n")
	l.check(exitOK).prints("state.db: is not there yet")
	path := filepath.Join(filepath.Dir(l.file), "state.db")
	write(t, path+".marker", "there was a file")
	l.check(exitConfig).prints("state.db", "it is missing, but was there before")
	write(t, path, strings.Repeat("x", os.Getpagesize()*4))
	l.check(exitConfig).prints("its first page is damaged")
}
