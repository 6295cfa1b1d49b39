package demo

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"text/template"
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// entityPath is the path of the demo's identity provider. It is part of its entity
// ID, by which a real gateway knows that it must not trust it.
const entityPath = "/.demo-idp/"

// values fill the configuration below.
type values struct {
	Listen, Port, CookieKey, Token, EntityID, SSO, Certificate string
	WikiUpstream, HRUpstream                                   string
}

// document is an ordinary configuration file, but for the keys, which are in
// memory and set after it was read.
var document = template.Must(template.New("demo").Parse(`
server:
  listen: "{{.Listen}}"
  external_url: http://localhost:{{.Port}}
  admin_listen: 127.0.0.1:0
  admin_tokens: [{token: "{{.Token}}", role: operator}]
  rate_limits: {login: "off", acs: "off"}
session:
  cookie_keys: [{{.CookieKey}}]
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps:
    - name: demo
      display_name: Demo identity provider
      entity_id: {{.EntityID}}
      sso_url: {{.SSO}}
      certificates: ["{{.Certificate}}"]
      attributes: {username: [Username]}
headers:
  username: X-Auth-User
  signing: {keys: [{id: demo, file: signing.key}]}
routes:
  - name: wiki
    host: wiki.localhost
    upstream: {{.WikiUpstream}}
    public: [/about]
    block: [/admin]
    logout: {paths: [/logout], clear_cookies: [wiki_session]}
  - name: hr
    host: hr.localhost
    upstream: {{.HRUpstream}}
    allow: {roles: [employee]}
    logout: {clear_cookies: [hr_session]}
pages: {title: samlgate demo}
audit: {stdout: false}
`))

// load makes the configuration and puts fresh keys into it.
func load(v values) (*config.Config, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	v.CookieKey = hex.EncodeToString(secret)
	var b bytes.Buffer
	if err := document.Execute(&b, v); err != nil {
		return nil, err
	}
	cfg, err := config.Load("-", config.Options{NoFiles: true, Stdin: &b})
	if err != nil {
		return nil, err
	}
	signing, err := headers.GenerateSigningKey()
	if err != nil {
		return nil, err
	}
	cfg.Headers.Signing.Keys[0].Private = signing
	pair, err := spPair()
	if err != nil {
		return nil, fmt.Errorf("making the key of the service provider: %w", err)
	}
	cfg.SAML.Keys = []config.KeyPair{pair}
	return cfg, nil
}

func spPair() (config.KeyPair, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return config.KeyPair{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "samlgate demo"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return config.KeyPair{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return config.KeyPair{Certificates: []*x509.Certificate{cert}, Key: key}, err
}

// inline is a certificate on one line of YAML.
func inline(c *x509.Certificate) string {
	block := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	return strings.ReplaceAll(block, "\n", `\n`)
}

// people are the three who try the door.
var people = []idptest.Person{
	{Email: "ana.souza@example.com", First: "Ana", Last: "Souza", Username: "ana", EmployeeID: "E-1042", Roles: []string{"employee"}},
	{Email: "juergen.gross@example.com", First: "Jürgen", Last: "Groß", Username: "juergen", Roles: []string{"contractor"}},
	{Email: "mallory@example.com", First: "Mallory", Last: "Moss", Username: "mallory", EmployeeID: "E-0666", Roles: []string{"employee", "Restricted"}},
}
