package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"unicode/utf16"

	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/cmd/samlgate/adminclient"
	"github.com/samlgate/samlgate/config"
)

// adminFlags are the flags of commands that ask a gateway which runs.
type adminFlags struct {
	configFlag
	Admin     string `help:"Address of the admin listener. Default: server.admin_listen of the configuration." placeholder:"URL"`
	TokenFile string `help:"File that holds a token of server.admin_tokens. Default: $$SAMLGATE_ADMIN_TOKEN." placeholder:"FILE"`
}

// outputFlag chooses between words for people and JSON for programs.
type outputFlag struct {
	Output string `help:"table or json." enum:"table,json" default:"table"`
}

// client is ready to ask the gateway.
func (f adminFlags) client(s streams) (*adminclient.Client, error) {
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	to := adminclient.Config{URL: f.Admin}
	if f.Admin == "" {
		cfg, _, err := f.load(s, true)
		if err != nil {
			return nil, err
		}
		if to, err = adminOf(cfg.Server); err != nil {
			return nil, err
		}
	}
	to.Token = token
	return adminclient.New(to)
}

func (f adminFlags) token() (string, error) {
	if f.TokenFile == "" {
		return os.Getenv("SAMLGATE_ADMIN_TOKEN"), nil
	}
	b, err := os.ReadFile(f.TokenFile)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", errors.Unwrap(err))
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// adminOf is where the gateway of this configuration listens for operators.
// It reads no key: whoever asks need not be who serves.
func adminOf(c config.Server) (adminclient.Config, error) {
	if c.AdminListen.Network == "unix" {
		return adminclient.Config{URL: "http://localhost", Socket: c.AdminListen.Addr}, nil
	}
	host, port, err := net.SplitHostPort(c.AdminListen.Addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1" // it listens on every address
	}
	to := adminclient.Config{URL: "http://" + net.JoinHostPort(host, port)}
	if c.AdminTLS == nil {
		return to, nil
	}
	to.URL = "https://" + net.JoinHostPort(host, port)
	to.Pin, err = firstCertificate(string(c.AdminTLS.CertFile))
	return to, err
}

// firstCertificate reads the leaf of a chain in PEM.
func firstCertificate(file string) (*x509.Certificate, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("server.admin_tls: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("server.admin_tls: %s holds no certificate", file)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("server.admin_tls: %s: %w", file, err)
	}
	return cert, nil
}

// printJSON writes v for programs, without a character that a terminal would
// obey: encoding/json escapes those of ASCII only.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range b.String() {
		if r == '\n' || !logins.Obeyed(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) { // RFC 8259 §7
			fmt.Fprintf(&out, "\\u%04x", unit)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
