package demo

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// Config is what the command line says.
type Config struct {
	Listen  string // host:port, loopback only
	Version string
	Out     io.Writer // what people read
	Log     *slog.Logger
}

// Run serves the demo until ctx is done.
func Run(ctx context.Context, c Config) error {
	host, port, err := checkListen(c.Listen)
	if err != nil {
		return err
	}
	d := &demo{Config: c, host: host, port: port, origin: "http://localhost:" + port}
	defer d.close()
	cfg, err := d.prepare()
	if err != nil {
		return err
	}
	opts := gateway.Options{
		Version: c.Version, Audit: io.Discard, Log: c.Log, Now: time.Now, Demo: true, Front: d.front,
		Started: func(_, operators net.Addr) { d.greet(operators) },
	}
	err = gateway.Run(ctx, cfg, opts)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s; choose another port, such as --listen %s", c.Listen, net.JoinHostPort(host, "8090"))
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Out, "\nStopped. Nothing was left behind.")
	return nil
}

// demo is one run.
type demo struct {
	Config
	host, port string // where it listens
	origin     string // as browsers call it
	token      string // of the operator
	idp        *idptest.IDP
	apps       []*http.Server
}

func (d *demo) close() {
	for _, s := range d.apps {
		_ = s.Close()
	}
}

// checkListen keeps the demo on loopback: everyone may sign in as anyone. Of
// loopback it takes what the names below .localhost lead to.
func checkListen(listen string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(listen)
	if err != nil {
		return "", "", fmt.Errorf("--listen %q: write it as 127.0.0.1:8080", listen)
	}
	switch host {
	case "localhost":
		host = "127.0.0.1"
	case "127.0.0.1", "::1":
	default:
		return "", "", errors.New("the demo serves on loopback only, since everyone may sign in as anyone there; use --listen 127.0.0.1:PORT or [::1]:PORT")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", errors.New("--listen needs a port, such as 127.0.0.1:8080: it is part of every address of the demo")
	}
	return host, port, nil
}

// prepare starts the apps and makes the identity provider and the configuration.
func (d *demo) prepare() (*config.Config, error) {
	idp, err := idptest.New(idptest.Config{
		EntityID: d.origin + entityPath + "metadata", BaseURL: d.origin + "/.demo-idp", People: people,
		Forgetful: true, // else signing out would seem to do nothing: it would sign in again at once
	})
	if err != nil {
		return nil, fmt.Errorf("making the identity provider: %w", err)
	}
	d.idp = idp
	wiki, err := d.startApp("Wiki", "wiki", "HR", "hr")
	if err != nil {
		return nil, err
	}
	hr, err := d.startApp("HR", "hr", "Wiki", "wiki")
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	rand.Read(secret) // never fails, see crypto/rand
	d.token = hex.EncodeToString(secret)
	cfg, err := load(values{
		Listen: net.JoinHostPort(d.host, d.port), Port: d.port, Token: d.token, EntityID: idp.EntityID(), SSO: idp.SSOURL(), Certificate: inline(idp.Certificates()[0]),
		WikiUpstream: wiki, HRUpstream: hr,
	})
	if err != nil {
		return nil, err
	}
	idp.AddSP(idptest.SP{
		EntityID: cfg.SAML.EntityID, ACSURL: gateway.EndpointsOf(cfg).ACS,
		Certificates: []*x509.Certificate{cfg.SAML.Keys[0].Certificates[0]},
	})
	return cfg, nil
}

func (d *demo) startApp(name, route, other, otherRoute string) (string, error) {
	keys, err := headers.FetchKeySet(d.origin+"/.samlgate/jwks.json", d.client(), time.Now)
	if err != nil {
		return "", err
	}
	names := headers.DefaultNames()
	names.Username = "X-Auth-User"
	verifier, err := headers.NewVerifier(headers.VerifierConfig{Issuer: d.origin, Audience: route, Keys: keys, Names: names})
	if err != nil {
		return "", err
	}
	a := &app{name: name, other: other, origin: d.origin, otherURL: d.url(otherRoute), verifier: verifier}
	s, url, err := a.start()
	if err != nil {
		return "", fmt.Errorf("starting the demo app %s: %w", name, err)
	}
	d.apps = append(d.apps, s)
	return url, nil
}

// client finds the gateway also where no resolver knows localhost.
func (d *demo) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(d.host, d.port))
	}}}
}

func (d *demo) url(route string) string { return "http://" + route + ".localhost:" + d.port + "/" }

// front puts the identity provider on the gateway's own origin.
func (d *demo) front(gateway http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // a ServeMux would clean paths before the gateway judges them
		if r.Host == "localhost:"+d.port && strings.HasPrefix(r.URL.Path, entityPath) {
			d.idp.ServeHTTP(w, r)
			return
		}
		gateway.ServeHTTP(w, r)
	})
}

// greet says what there is to see. The token is for the person who started the
// demo, and ends with it.
func (d *demo) greet(operators net.Addr) {
	address := d.port + ":" + d.host
	if d.host == "::1" {
		address = d.port + ":[::1]"
	}
	fmt.Fprintf(d.Out, greeting, d.url("wiki"), d.url("hr"), d.origin+"/.samlgate/account",
		d.url("wiki"), d.url("hr"), d.token, operators, operators, address, address, address)
}

const greeting = `
samlgate demo. Open one of these:

  Wiki       %s
  HR         %s
  Your page  %s

Try this:
  1. Open the wiki and be Ana. The app greets her; it read a signed header.
  2. Open HR: no second sign-in. Sign out there, and the wiki asks again.
  3. Come back as Jürgen, a contractor: the wiki lets him in, HR does not.
  4. Be Mallory, who has the role Restricted: no door opens.
  5. Forge a header; the app will not see yours:
     curl -H 'X-Auth-Email: boss@example.com' %sabout
  6. Ask as a program: 401 and where to sign in.
     curl -i %s
  7. Be the operator: see who came in, who did not and why; try a sign-in out.
     export SAMLGATE_ADMIN_TOKEN=%s
     samlgate logins list --admin http://%s
     samlgate try idp demo --admin http://%s

If your resolver does not know *.localhost, add to curl:
  --resolve wiki.localhost:%s
  --resolve hr.localhost:%s
  --resolve localhost:%s

Everyone may sign in as anyone here, so it serves this machine alone.
Ctrl-C ends it.
`
