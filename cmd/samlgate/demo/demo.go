package demo

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
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
	port, err := checkListen(c.Listen)
	if err != nil {
		return err
	}
	d := &demo{Config: c, port: port, origin: "http://localhost:" + port}
	defer d.close()
	cfg, err := d.prepare()
	if err != nil {
		return err
	}
	opts := gateway.Options{
		Version: c.Version, Audit: io.Discard, Log: c.Log, Now: time.Now, Demo: true, Front: d.front,
		Started: func(_, _ net.Addr) { d.greet() },
	}
	if err := gateway.Run(ctx, cfg, opts); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, "\nStopped. Nothing was left behind.")
	return nil
}

// demo is one run.
type demo struct {
	Config
	port, origin string
	idp          *idptest.IDP
	apps         []*http.Server
}

func (d *demo) close() {
	for _, s := range d.apps {
		_ = s.Close()
	}
}

// checkListen keeps the demo on loopback: everyone may sign in as anyone.
func checkListen(listen string) (port string, err error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("--listen %s: write it as 127.0.0.1:8080", listen)
	}
	addr, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !addr.IsLoopback()) {
		return "", errors.New("the demo serves on loopback only, since everyone may sign in as anyone there; use --listen 127.0.0.1:PORT")
	}
	if port == "0" || port == "" {
		return "", errors.New("--listen needs a port, such as 127.0.0.1:8080: it is part of every address of the demo")
	}
	return port, nil
}

// prepare starts the apps and makes the identity provider and the configuration.
func (d *demo) prepare() (*config.Config, error) {
	idp, err := idptest.New(idptest.Config{EntityID: d.origin + entityPath + "metadata", BaseURL: d.origin + "/.demo-idp", People: people})
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
	cfg, err := load(values{
		Listen: d.Listen, Port: d.port, EntityID: idp.EntityID(), SSO: idp.SSOURL(), Certificate: inline(idp.Certificates()[0]),
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
	keys, err := headers.FetchKeySet(d.origin+"/.samlgate/jwks.json", nil, time.Now)
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

func (d *demo) url(route string) string { return "http://" + route + ".localhost:" + d.port + "/" }

// front puts the identity provider on the gateway's own origin.
func (d *demo) front(gateway http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("localhost/.demo-idp/", d.idp)
	mux.Handle("/", gateway)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "localhost/.demo-idp/" {
			d.idp.ServeHTTP(w, r)
			return
		}
		gateway.ServeHTTP(w, r) // a ServeMux would clean paths before the gateway judges them
	})
}

func (d *demo) greet() {
	fmt.Fprintf(d.Out, greeting, d.url("wiki"), d.url("hr"), d.origin+"/.samlgate/account",
		d.url("wiki"), d.url("hr"), d.port, d.port, d.port)
}

const greeting = `
samlgate demo. Open one of these:

  Wiki       %s
  HR         %s
  Your page  %s

Try this:
  1. Open the wiki and be Ana. The app greets her; it read a signed header.
  2. Open HR: no second sign-in. Sign out there, and the wiki asks again.
  3. Come back as Juergen, a contractor: the wiki lets him in, HR does not.
  4. Be Mallory, who has the role Restricted: no door opens.
  5. Forge a header; the app will not see yours:
       curl -H 'X-Auth-Email: boss@example.com' %sabout
  6. Ask as a program: 401 and where to sign in.
       curl -i %s

If your resolver does not know *.localhost, add to curl:
  --resolve wiki.localhost:%s:127.0.0.1
  --resolve hr.localhost:%s:127.0.0.1
  --resolve localhost:%s:127.0.0.1

Everyone may sign in as anyone here, so it serves this machine alone.
Ctrl-C ends it.
`
