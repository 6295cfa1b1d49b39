package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/samlgate/samlgate/sessionstore"
)

// trouble says what an operator can change where something is not reached.
type trouble struct {
	address string // the key that holds its address
	tls     string // the key that says how to speak TLS to it; empty: none does
	redis   string // the mode, where it is a Redis
	spoken  bool   // TLS is spoken to it
}

// explain adds to an error what to do about it. nil stays nil.
func explain(err error, t trouble) error {
	if err == nil {
		return nil
	}
	text := strings.ReplaceAll(err.Error(), sessionstore.ErrUnavailable.Error()+": ", "")
	text = strings.ReplaceAll(text, spokeFirst, "it spoke before it was asked")
	if t.redis == "sentinel" { // the answer to a name that they do not know
		text = strings.ReplaceAll(text, "redis: nil", "the sentinels know no such master")
	}
	for _, hint := range []string{t.ofTLS(err), t.ofRedis(text), t.ofNetwork(err)} {
		if hint != "" {
			return errors.New(text + ": " + hint)
		}
	}
	return errors.New(text)
}

// spokeFirst is what net/http says of a server that sends something before it was
// asked, as those for SSH and mail do, if it notices before it asks.
const spokeFirst = "readLoopPeekFailLocked: %!w(<nil>)"

func (t trouble) ofNetwork(err error) string {
	var name *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there; start it, or correct " + t.address
	case errors.As(err, &name):
		return "this machine does not know the name; correct " + t.address + ", or ask whoever runs the DNS"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way leads there from this machine; correct " + t.address + ", or ask whoever runs the network"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "nobody answered in time; look whether it runs, whether a firewall is between, and whether " + t.address + " is right" + t.perhapsTLS()
	case strings.Contains(err.Error(), "malformed HTTP"), strings.Contains(err.Error(), spokeFirst):
		return "what listens there speaks no HTTP; correct " + t.address
	case strings.HasSuffix(err.Error(), "EOF"), errors.Is(err, syscall.ECONNRESET):
		return "it hung up; look into its log" + t.perhapsTLS()
	}
	return ""
}

func (t trouble) perhapsTLS() string {
	switch {
	case t.redis == "":
		return ""
	case t.spoken:
		return "; where it speaks no TLS, remove " + t.tls
	}
	return "; where it speaks TLS, set " + t.tls
}

func (t trouble) ofTLS(err error) string {
	key := t.tls
	if key == "" {
		key = "the certificates that this machine trusts"
	} else {
		key += ".ca_file"
	}
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch text := err.Error(); {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "add the authority that signed its certificate to " + key
	case errors.As(err, &host) && t.tls != "":
		return "write a name of its certificate into " + t.tls + ".server_name, if that is who you mean"
	case errors.As(err, &invalid):
		return "it needs another certificate, or this machine the right time"
	case errors.As(err, &plain), strings.Contains(text, "first record does not look like a TLS handshake"):
		return "it speaks no TLS at this port; name its TLS port in " + t.address + ", or ask it without TLS"
	case strings.Contains(text, "certificate required"), strings.Contains(text, "bad certificate"), strings.Contains(text, "unknown certificate"):
		return "it wants a client certificate that it trusts; set " + t.tls + ".cert_file and .key_file"
	}
	return ""
}

// ofRedis knows what Redis says to who takes it for something else.
func (t trouble) ofRedis(text string) string {
	switch {
	case t.redis == "":
	case strings.Contains(text, "cluster support disabled"):
		return "this is no cluster; set store.redis.mode to standalone, or name nodes of a cluster"
	case strings.Contains(text, "MOVED "), strings.Contains(text, "CROSSSLOT "):
		return "this is a node of a cluster; set store.redis.mode to cluster"
	case t.redis != "sentinel" && strings.Contains(text, "unknown command"):
		return "this may be a sentinel, or a server with renamed commands; for a sentinel set store.redis.mode to sentinel"
	case t.redis == "sentinel" && strings.Contains(text, "sentinel"):
		return "no sentinel answered with a master; look whether they run, whether store.redis.master_name is what they call it, and whether sentinel_username and sentinel_password are right"
	}
	return ""
}
