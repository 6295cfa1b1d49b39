package demo

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// HeadersConfig is a request that an app under test will get.
type HeadersConfig struct {
	Email    string // of one of the people of the demo, or of somebody made up
	URL      string // of the request, on this machine
	Audience string // what the app expects
	JWKS     string // the file to write the public key to; empty = Say
	Out, Say io.Writer
}

// Headers prints what the gateway would send with one GET request of a person,
// one header a line, as curl -H @- reads it. The key is new each time and
// belongs to nobody: an app that believes it believes everybody, so URLs beyond
// this machine are refused.
func Headers(c HeadersConfig) error {
	email, err := identity.NormalizeEmail(c.Email)
	if err != nil {
		return fmt.Errorf("--headers: %w", err)
	}
	r, err := c.request()
	if err != nil {
		return err
	}
	jwks, err := c.sign(r, somebody(string(email)))
	if err != nil {
		return err
	}
	where := c.JWKS
	if where == "" {
		where = "this:\n" + string(jwks)
	} else if err := os.WriteFile(where, jwks, 0o644); err != nil {
		return fmt.Errorf("--jwks: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(c.Out, "%s: %s\n", name, r.Header.Get(name))
	}
	fmt.Fprintf(c.Say, "For one GET %s within a minute, from the issuer %s, for the audience %q.\nThe public key is in %s\n", c.URL, demoIssuer, c.Audience, where)
	return nil
}

// demoIssuer is the gateway origin of the demo where it is told nothing else.
const demoIssuer = "http://localhost:8080"

func (c HeadersConfig) request() (*http.Request, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("--url: write it as http://127.0.0.1:8081/")
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); host != "localhost" && !strings.HasSuffix(host, ".localhost") && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("--url: the demo's keys are for apps on this machine only: localhost, a name below it, or 127.0.0.1")
	}
	return http.NewRequest(http.MethodGet, c.URL, nil)
}

// sign adds everything that an app may check, by a key that nobody else has.
func (c HeadersConfig) sign(r *http.Request, who headers.Values) (jwks []byte, err error) {
	private, err := headers.GenerateSigningKey()
	if err != nil {
		return nil, err
	}
	keys := []headers.Key{{ID: "demo-" + random(4), Private: private}}
	signer, err := headers.NewSigner(headers.SignerConfig{Issuer: demoIssuer, Keys: keys})
	if err != nil {
		return nil, err
	}
	message, err := headers.NewMessageSigner(headers.MessageSignerConfig{Keys: keys})
	if err != nil {
		return nil, err
	}
	names := headers.DefaultNames()
	names.Username = "X-Auth-User"
	if _, err := headers.Apply(r.Header, names, who); err != nil {
		return nil, err
	}
	token, err := signer.Sign(c.Audience, who)
	if err != nil {
		return nil, err
	}
	r.Header.Set(names.JWT, token)
	return signer.JWKS(), message.Sign(r, headers.NewManaged(names), c.Audience)
}

// somebody is a person of the demo, or one made up from the address.
func somebody(email string) headers.Values {
	local, _, _ := strings.Cut(email, "@")
	p := idptest.Person{Email: email, First: strings.ToUpper(local[:1]) + local[1:], Last: "Example", Username: local, Roles: []string{"employee"}}
	if i := slices.IndexFunc(people, func(p idptest.Person) bool { return p.Email == email }); i >= 0 {
		p = people[i]
	}
	return headers.Values{
		Subject: p.Email, Email: p.Email, FirstName: p.First, LastName: p.Last, Username: p.Username, EmployeeID: p.EmployeeID,
		Roles: p.Roles, IDP: "demo", SessionID: random(12), AuthTime: time.Now(),
	}
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}
