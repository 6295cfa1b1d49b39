package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"text/template"
)

// Minimal returns the configuration that "samlgate init" writes: one IdP, one
// app on the gateway's own host, the keys of "samlgate keygen" beside it.
// metadata is a file or an https URL. It passes [Load] once those files exist.
// On a loopback origin without TLS it listens where that origin leads.
func Minimal(external, upstream, metadata string) ([]byte, error) {
	origin, err := minimalOrigin(external)
	if err != nil {
		return nil, err
	}
	if u, err := parseURL(upstream); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the upstream %q is not an http or https URL such as http://10.0.0.5:8080", shown(upstream))
	}
	if metadata == "" {
		return nil, errors.New("the metadata of the identity provider is missing: a file, or an https URL")
	}
	form := "metadata_file"
	if strings.Contains(metadata, "://") {
		form = "metadata_url"
	}
	var out bytes.Buffer
	err = minimal.Execute(&out, map[string]string{"URL": scalarText(external), "Host": scalarText(origin.Hostname()),
		"Listen": loopbackListen(origin), "Upstream": scalarText(upstream), "Form": form, "Metadata": scalarText(metadata)})
	return out.Bytes(), err
}

func minimalOrigin(external string) (*url.URL, error) {
	u, err := url.Parse(external)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("the address %q is not an origin such as https://sso.example.com", shown(external))
	}
	return u, nil
}

// loopbackListen is where a browser looks for an http origin on this machine;
// empty for https, where TLS or a proxy in front decides.
func loopbackListen(origin *url.URL) string {
	if origin.Scheme != "http" || !IsLoopback(origin.Hostname()) {
		return ""
	}
	port := origin.Port()
	if port == "" {
		port = "80"
	}
	host := "127.0.0.1"
	if ip := net.ParseIP(origin.Hostname()); ip != nil {
		host = ip.String()
	}
	return scalarText(net.JoinHostPort(host, port))
}

// scalarText writes a text as a YAML scalar that means just that (JSON strings
// are YAML, and $${ is a literal ${).
func scalarText(s string) string {
	quoted, err := json.Marshal(strings.ReplaceAll(s, "${", "$${"))
	if err != nil {
		return `""`
	}
	return string(quoted)
}

var minimal = template.Must(template.New("minimal").Parse(`# samlgate: check this file with "samlgate check"; config.example.yaml explains every key.
server:
  external_url: {{.URL}}        # what people see in the address bar
{{if .Listen}}  listen: {{.Listen}}
{{else}}  # tls: {cert_file: tls.crt, key_file: tls.key}   # absent: TLS ends in trusted_proxies, in front of us
{{end}}session:
  cookie_keys: ["${file:cookie.key}"]   # seals the cookies; newest first
  idle_timeout: 30m
  max_concurrent: 3                     # sessions a person may have at once
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps:
    - name: corp
      {{.Form}}: {{.Metadata}}
headers:                                # what the app receives: X-Auth-Email and more, signed
  signing:
    keys: [{id: k1, file: signing.key}]
routes:
  - name: app
    host: {{.Host}}
    upstream: {{.Upstream}}
`))
