package testenv

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
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

	Program string // a build of samlgate, see [Build]; empty = the one of this source

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
	site  *Site
	args  []string // of samlgate
	ready string   // the URL that answers once it serves
	proc  *process
	past  string // what it printed before it was started again
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
	return start(t, &Gateway{site: site, args: []string{"serve", "--config", site.Path("config.yaml")}, ready: "http://" + site.Admin + "/readyz"})
}

// StartDemo runs `samlgate demo` on a free loopback port.
func StartDemo(t testing.TB) (*Gateway, *Site) {
	t.Helper()
	site := NewSite(t)
	// The demo promises no admin listener, so we ask it for its public keys.
	g := &Gateway{site: site, args: []string{"demo", "--listen", "127.0.0.1:" + site.Port}, ready: site.App("wiki") + "/.samlgate/jwks.json"}
	return start(t, g), site
}

func start(t testing.TB, g *Gateway) *Gateway {
	t.Helper()
	// Registered first, so it runs last: after the process has ended.
	t.Cleanup(func() { g.checkLog(t) })
	g.Start(t)
	return g
}

// Start starts the gateway again after [Gateway.Kill] or [Gateway.Stop], and
// waits until it is ready.
func (g *Gateway) Start(t testing.TB) {
	t.Helper()
	cmd := exec.Command(g.program(t), g.args...)
	cmd.Dir = g.site.Dir
	if g.proc != nil {
		g.past += g.proc.out.String()
	}
	g.proc = startProcess(t, cmd)
	c := NewClient(t)
	ready := func() bool { return !g.proc.running() || answers(t, c, g.ready) }
	if !eventually(t.Context(), ready) || !g.proc.running() {
		t.Fatalf("samlgate is not ready at %s; it printed:\n%s", g.ready, g.proc.out.tail())
	}
}

func (g *Gateway) program(t testing.TB) string {
	t.Helper()
	if g.site.Program != "" {
		return g.site.Program
	}
	return binary(t)
}

// Kill ends the gateway at once, as a crash would.
func (g *Gateway) Kill() { g.proc.kill() }

// Stop ends the gateway in order, as SIGTERM asks it to.
func (g *Gateway) Stop(t testing.TB) { g.proc.stop(t) }

// Freeze stops the gateway where it is; its connections stay open.
func (g *Gateway) Freeze() { g.proc.signalGroup(syscall.SIGSTOP) }

// Thaw lets a frozen gateway go on.
func (g *Gateway) Thaw() { g.proc.signalGroup(syscall.SIGCONT) }

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
func (g *Gateway) Log() string { return g.past + g.proc.out.String() }

func (g *Gateway) checkLog(t testing.TB) {
	if g.proc == nil {
		return
	}
	// With what stands beside the word, which random ids spell now and then.
	for _, sign := range []string{"panic: ", "panic at ", "panic serving", "DATA RACE", "goroutine 1 ["} {
		if before, after, found := strings.Cut(g.Log(), sign); found {
			t.Errorf("samlgate's log holds %q:\n%s%s%s", sign, lastLines(before, 3), sign, after[:min(len(after), 4000)])
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
		built.out, built.err = build("", filepath.Join(built.dir, "samlgate"))
	})
	if built.err != nil {
		t.Fatalf("building samlgate: %v\n%s", built.err, built.out)
	}
	return filepath.Join(built.dir, "samlgate")
}

// Build builds cmd/samlgate from the module in a folder, "" for this one, with
// further arguments of go build, and returns the path of the program.
func Build(t testing.TB, dir string, args ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "samlgate")
	if out, err := build(dir, program, args...); err != nil {
		t.Fatalf("building samlgate: %v\n%s", err, out)
	}
	return program
}

func build(dir, program string, args ...string) (out []byte, err error) {
	args = slices.Concat([]string{"build", "-o", program}, buildFlags, args, []string{"github.com/samlgate/samlgate/cmd/samlgate"})
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}
