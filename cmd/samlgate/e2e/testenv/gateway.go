package testenv

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Site is where a gateway under test lives: its public port, its admin address
// and a folder for its files. It is known before the gateway runs, so that the
// identity provider can be told about it first, as in real life.
type Site struct {
	Port  string // public listener, 127.0.0.1:Port
	Admin string // admin listener, host:port
	Dir   string // configuration, keys and metadata
	TLS   bool   // the public listener speaks TLS

	Domain string // of its hosts: localhost, or a name below it
}

// NewSite picks free ports and a temporary folder.
func NewSite(t testing.TB) *Site {
	t.Helper()
	return &Site{Port: FreePort(t), Admin: "127.0.0.1:" + FreePort(t), Dir: t.TempDir(), Domain: "localhost"}
}

// Origin is the gateway origin, server.external_url.
func (s *Site) Origin() string { return s.App("sso") }

// App is the origin of one app host, such as http://wiki.localhost:PORT.
func (s *Site) App(name string) string {
	scheme := "http://"
	if s.TLS {
		scheme = "https://"
	}
	return scheme + name + "." + s.Domain + ":" + s.Port
}

// TLSFiles makes a certificate for the site: tls.crt and tls.key. Nobody signs
// it but itself; the browser of the tests does not mind.
func (s *Site) TLSFiles(t testing.TB) {
	t.Helper()
	NewKeyPair(t, "sso.localhost").write(t, s.Path("tls.crt"), s.Path("tls.key"))
}

// Keygen has samlgate make its keys in the site's folder: sp.crt, sp.key,
// cookie.key and signing.key.
func (s *Site) Keygen(t testing.TB) {
	t.Helper()
	out, err := exec.Command(binary(t), "keygen", "--out", s.Dir).CombinedOutput()
	if err != nil {
		t.Fatalf("samlgate keygen: %v\n%s", err, out)
	}
}

// Path is the path of a file in the site's folder.
func (s *Site) Path(name string) string { return filepath.Join(s.Dir, name) }

// Gateway is a running samlgate process.
type Gateway struct {
	site *Site
	proc *process
}

// StartGateway writes configYAML and the other files into the site's folder,
// runs `samlgate serve` there and waits until it is ready. At cleanup it ends
// the gateway with SIGTERM and fails the test if the log tells of a panic or a
// data race.
func StartGateway(t testing.TB, site *Site, configYAML string, files map[string][]byte) *Gateway {
	t.Helper()
	for name, data := range files {
		writeFile(t, site.Path(name), data)
	}
	writeFile(t, site.Path("config.yaml"), []byte(configYAML))
	cmd := exec.Command(binary(t), "serve", "--config", site.Path("config.yaml"))
	cmd.Dir = site.Dir
	return start(t, site, cmd, "http://"+site.Admin+"/readyz")
}

// StartDemo runs `samlgate demo` on a free loopback port.
func StartDemo(t testing.TB) (*Gateway, *Site) {
	t.Helper()
	site := NewSite(t)
	cmd := exec.Command(binary(t), "demo", "--listen", "127.0.0.1:"+site.Port)
	cmd.Dir = site.Dir
	// The demo promises no admin listener, so we ask it for its public keys.
	return start(t, site, cmd, site.App("wiki")+"/.samlgate/jwks.json"), site
}

func start(t testing.TB, site *Site, cmd *exec.Cmd, readyURL string) *Gateway {
	t.Helper()
	// Registered first, so it runs last: after the process has ended.
	g := &Gateway{site: site}
	t.Cleanup(func() { g.checkLog(t) })
	g.proc = startProcess(t, cmd)
	c := NewClient(t)
	ready := func() bool { return !g.proc.running() || answers(t, c, readyURL) }
	if !eventually(t.Context(), ready) || !g.proc.running() {
		t.Fatalf("samlgate is not ready at %s; it printed:\n%s", readyURL, g.proc.out.tail())
	}
	return g
}

func answers(t testing.TB, c *http.Client, u string) bool {
	res, err := get(t.Context(), c, u)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil && res.StatusCode == http.StatusOK
}

// Log returns everything that the gateway has printed.
func (g *Gateway) Log() string { return g.proc.out.String() }

func (g *Gateway) checkLog(t testing.TB) {
	if g.proc == nil {
		return
	}
	for _, sign := range []string{"panic", "DATA RACE", "goroutine 1 ["} {
		if strings.Contains(g.Log(), sign) {
			t.Errorf("samlgate's log holds %q", sign)
		}
	}
	if t.Failed() {
		t.Logf("samlgate printed:\n%s", g.proc.out.tail())
	}
}

// built is the gateway's binary, made once for all tests of a run by [binary]
// in the folder that [Main] removes.
var built struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

// Main runs the tests of a package that starts gateways, and removes the binary
// that they shared. It returns the exit status: TestMain hands it to os.Exit.
func Main(m *testing.M) int {
	defer func() {
		if built.dir != "" {
			os.RemoveAll(built.dir)
		}
	}()
	return m.Run()
}

// binary builds cmd/samlgate on first use and returns its path.
func binary(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "samlgate-e2e-"); built.err != nil {
			return
		}
		args := append([]string{"build", "-o", filepath.Join(built.dir, "samlgate")}, buildFlags...)
		args = append(args, "github.com/samlgate/samlgate/cmd/samlgate")
		built.out, built.err = exec.Command("go", args...).CombinedOutput()
	})
	if built.err != nil {
		t.Fatalf("building samlgate: %v\n%s", built.err, built.out)
	}
	return filepath.Join(built.dir, "samlgate")
}
