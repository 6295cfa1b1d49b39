package headers

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// A small body is covered; none at all is small, too.
func TestBodiesThatAreSigned(t *testing.T) {
	c := newClock()
	key := secretKey("h")
	s, err := NewMessageSigner(MessageSignerConfig{Keys: []Key{key}, Algorithm: httpsig.HMACSHA256, DigestBytes: 16, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	verify := func(text string, strict bool) (string, error) {
		v := newSealVerifier(t, c, BySignature, key)
		v.cfg.Digest = strict
		r := arrived(t, text)
		if _, err := v.Verify(r); err != nil {
			return "", err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body), nil
	}
	make := func(body string, length int64) string {
		t.Helper()
		r := outgoing(t)
		r.Method, r.ContentLength = "POST", length
		r.Header.Set("Content-Digest", "sha-512=:AAAA:") // the client's own
		if body != "" {
			r.Body = io.NopCloser(strings.NewReader(body))
		}
		if err := s.Sign(r, gatewayManaged(), "wiki"); err != nil {
			t.Fatal(err)
		}
		return onWire(t, r)
	}
	for _, body := range []string{"", "a=1", "sixteen bytes :-)"[:16]} {
		text := make(body, int64(len(body)))
		if got, err := verify(text, true); err != nil || got != body {
			t.Errorf("%q arrives as %q, %v", body, got, err)
		}
		more := strings.Replace(text, "\r\n\r\n"+body, "\r\n\r\nb=2"+body, 1)
		if strings.Contains(more, "Content-Length: ") {
			more = strings.Replace(more, "Content-Length: "+strconv.Itoa(len(body)), "Content-Length: "+strconv.Itoa(len(body)+3), 1)
		}
		for name, text := range map[string]string{
			"another body": more, "no digest": cutLine(text, "Content-Digest: "), "another digest": strings.Replace(text, "sha-256=:", "sha-256=:A", 1),
			"the digest of another": strings.Replace(more, httpsig.Digest([]byte(body)), httpsig.Digest([]byte("b=2"+body)), 1),
		} {
			if _, err := verify(text, false); !errors.Is(err, ErrRefused) {
				t.Errorf("%q with %s: %v", body, name, err)
			}
		}
	}
	for name, text := range map[string]string{"large": make(strings.Repeat("x", 17), 17), "of unknown length": make("a=1", -1)} {
		if _, err := verify(text, true); !errors.Is(err, ErrRefused) {
			t.Errorf("a body that is %s is covered: %v", name, err)
		}
		if got, err := verify(text, false); err != nil || got == "" {
			t.Errorf("a body that is %s: %q, %v", name, got, err)
		}
	}
	short := outgoing(t)
	short.Method, short.Body, short.ContentLength = "POST", io.NopCloser(strings.NewReader("a=")), 3
	if err := s.Sign(short, gatewayManaged(), "wiki"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that breaks off: %v", err)
	}
	huge, err := NewMessageSigner(MessageSignerConfig{Keys: []Key{key}, Algorithm: httpsig.HMACSHA256, DigestBytes: 1 << 21, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	s = huge
	if _, err := verify(make(strings.Repeat("x", 1<<20+1), 1<<20+1), false); !errors.Is(err, ErrRefused) {
		t.Errorf("more than a verifier reads: %v", err)
	}
}

func cutLine(text, begin string) string {
	before, rest, _ := strings.Cut(text, begin)
	_, after, _ := strings.Cut(rest, "\r\n")
	return before + after
}

func TestCheckDigest(t *testing.T) {
	good := httpsig.Digest([]byte("body"))
	for _, lines := range [][]string{{good}, {"md5=:AAAA:", good}, {good + ", unknown=1"}} {
		if err := httpsig.CheckDigest(lines, []byte("body")); err != nil {
			t.Errorf("%q: %v", lines, err)
		}
	}
	for _, lines := range [][]string{nil, {""}, {"md5=:AAAA:"}, {"sha-256"}, {`sha-256="x"`}, {"sha-256=::"}, {good + ", sha-512=:AAAA:"}, {"("}, {good, "sha-256=:AAAA:"}} {
		if err := httpsig.CheckDigest(lines, []byte("body")); err == nil {
			t.Errorf("%q fits", lines)
		}
	}
}
