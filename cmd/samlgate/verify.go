package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/samlgate/samlgate/cmd/samlgate/sidecar"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
)

type verifyCmd struct {
	Listen    string            `default:"127.0.0.1:9091" help:"Where to listen, ${default} if not given." placeholder:"HOST:PORT"`
	Upstream  string            `help:"The app, http or https. Without it, give verdicts to a web server that asks (auth_request of nginx)." placeholder:"URL"`
	Issuer    string            `required:"" help:"The gateway origin, server.external_url." placeholder:"URL"`
	Audience  string            `required:"" help:"The audience of the app's route: its name, or routes[].audience." placeholder:"NAME"`
	Authority []string          `help:"A host under which the gateway addresses the app, with its port if it is not the usual one; may be repeated. Required for signatures." placeholder:"HOST"`
	JWKS      string            `name:"jwks" help:"The gateway's public keys: the URL of jwks.json, or a file." placeholder:"URL|FILE"`
	Secret    map[string]string `help:"A key that the gateway shares with this app, by its id; may be repeated." placeholder:"ID=FILE"`
	Proof     string            `enum:"signature,token,both" default:"signature" help:"What must vouch for a request: ${enum}. A token alone does not show that a request is new or whole."`
	Header    map[string]string `help:"The gateway's name for a header, as under headers in its configuration, such as email=X-Remote-User; may be repeated." placeholder:"KEY=NAME"`
	Managed   []string          `help:"A further header that only the gateway sets, such as those of headers.set; may be repeated." placeholder:"NAME"`
	Encoding  string            `enum:"utf8,percent,rfc2047,base64,ascii" default:"utf8" help:"The encoding of the headers: ${enum}."`
	Separator string            `default:"," help:"Between roles."`
	Anonymous bool              `help:"Let requests without any proof through as nobody's, all identity headers removed: the public paths of a route."`
}

// Run verifies until SIGTERM or SIGINT.
func (c *verifyCmd) Run(s streams) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(s.err, nil))
	cfg, err := c.sidecar(log)
	if err != nil {
		return err
	}
	h, err := sidecar.New(cfg)
	if err != nil {
		return fmt.Errorf("--upstream: %w", err)
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	log.Info("verifying", "listen", l.Addr().String(), "audience", c.Audience, "proof", c.Proof)
	return sidecar.Serve(ctx, l, h)
}

func (c *verifyCmd) sidecar(log *slog.Logger) (sidecar.Config, error) {
	cfg := sidecar.Config{Anonymous: c.Anonymous, Log: log}
	if c.Proof == "token" && len(c.Managed) > 0 {
		return cfg, errors.New("--managed needs signatures: a token says nothing of such headers")
	}
	names, err := c.names()
	if err != nil {
		return cfg, err
	}
	keys, err := c.keys()
	if err != nil {
		return cfg, err
	}
	cfg.Verifier, err = headers.NewVerifier(headers.VerifierConfig{
		Issuer: c.Issuer, Audience: c.Audience, Keys: keys, Authorities: c.Authority, Names: names, Managed: c.Managed,
		Proof: map[string]headers.Proof{"signature": headers.BySignature, "token": headers.ByToken, "both": headers.ByBoth}[c.Proof],
	})
	if err != nil {
		return cfg, err
	}
	for _, name := range c.Managed {
		if names.Set == nil {
			names.Set = map[string]string{}
		}
		names.Set[name] = ""
	}
	cfg.Managed = headers.NewManaged(names)
	if c.Upstream == "" {
		return cfg, nil
	}
	cfg.Upstream, err = url.Parse(c.Upstream)
	if err != nil || cfg.Upstream.Scheme != "http" && cfg.Upstream.Scheme != "https" || cfg.Upstream.Host == "" {
		return cfg, errors.New("--upstream: write it as http://127.0.0.1:8080")
	}
	return cfg, nil
}

// names are the default ones with those that --header says.
func (c *verifyCmd) names() (headers.Names, error) {
	n := headers.DefaultNames()
	n.Separator, n.Encoding = c.Separator, headers.Encoding(c.Encoding)
	places := map[string]*string{
		"email": &n.Email, "first_name": &n.FirstName, "last_name": &n.LastName, "username": &n.Username,
		"roles": &n.Roles, "employee_id": &n.EmployeeID, "jwt": &n.JWT,
	}
	for key, name := range c.Header {
		place, known := places[key]
		if !known {
			return n, fmt.Errorf("--header %s: the key is one of email, first_name, last_name, username, roles, employee_id, jwt; for others there is --managed", key)
		}
		*place = name
	}
	return n, nil
}

// keys are those of --jwks and --secret together.
func (c *verifyCmd) keys() (keys *headers.KeySet, err error) {
	switch {
	case c.JWKS == "" && len(c.Secret) == 0:
		return nil, errors.New("--jwks or --secret is required: without a key nothing can be verified")
	case strings.Contains(c.JWKS, "://"):
		keys, err = headers.FetchKeySet(c.JWKS, nil, nil)
	case c.JWKS != "":
		var text []byte
		if text, err = os.ReadFile(c.JWKS); err == nil {
			keys, err = headers.ParseKeySet(text)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("--jwks: %w", err)
	}
	for id, file := range c.Secret {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--secret %s: %w", id, err)
		}
		key, err := config.ParseKey(string(text))
		if err != nil {
			return nil, fmt.Errorf("--secret %s: %s %w", id, file, err)
		}
		if keys, err = keys.With(headers.Key{ID: id, Secret: key.Bytes()}); err != nil {
			return nil, fmt.Errorf("--secret %s: %w", id, err)
		}
	}
	return keys, nil
}
