package verify

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// deadline is when an app must have answered.
func deadline() time.Time { return time.Now().Add(20 * time.Second) }

// message is a request as it is on the wire. Its methods return changed copies.
type message struct {
	line   string   // GET / HTTP/1.1
	fields []string // Name: value
	body   string
}

func parse(t testing.TB, raw []byte) message {
	t.Helper()
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		t.Fatalf("the gateway sent no whole request: %q", raw)
	}
	lines := strings.Split(string(head), "\r\n")
	return message{lines[0], lines[1:], string(body)}
}

func (m message) bytes() []byte {
	return []byte(strings.Join(append([]string{m.line}, m.fields...), "\r\n") + "\r\n\r\n" + m.body)
}

// with adds fields at the end, before those that are there at the front.
func (m message) with(fields ...string) message {
	m.fields = append(slices.Clone(m.fields), fields...)
	return m
}

func (m message) before(fields ...string) message {
	m.fields = append(fields, m.fields...)
	return m
}

func (m message) without(name string) message {
	m.fields = slices.DeleteFunc(slices.Clone(m.fields), func(f string) bool { return strings.EqualFold(nameOf(f), name) })
	return m
}

// change replaces text in one field, which must hold it once.
func (m message) change(t testing.TB, name, old, with string) message {
	t.Helper()
	value := m.get(name)
	if strings.Count(value, old) != 1 {
		t.Fatalf("%s: %q does not hold %q once", name, value, old)
	}
	return m.without(name).with(name + ": " + strings.Replace(value, old, with, 1))
}

// to changes the request line.
func (m message) to(old, with string) message {
	m.line = strings.Replace(m.line, old, with, 1)
	return m
}

func (m message) get(name string) string {
	for _, f := range m.fields {
		if strings.EqualFold(nameOf(f), name) {
			return strings.TrimPrefix(f[len(name)+1:], " ")
		}
	}
	return ""
}

func nameOf(field string) string {
	name, _, _ := strings.Cut(field, ":")
	return name
}

// message returns m as the signer sees it.
func (m message) message() httpsig.Message {
	words := strings.Split(m.line, " ")
	h := http.Header{}
	for _, f := range m.fields {
		name, value, _ := strings.Cut(f, ": ")
		h.Add(name, value)
	}
	return httpsig.Message{Method: words[0], Authority: httpsig.Authority(m.get("Host"), "http"), Target: words[1], Header: h}
}

// components returns what the gateway's signature of m covers.
func (m message) components() []string {
	list, _, _ := strings.Cut(strings.TrimPrefix(m.get("Signature-Input"), "samlgate=("), ")")
	return strings.Split(strings.ReplaceAll(list, `"`, ""), " ")
}

// params are what the gateway says of a signature made now.
func params() httpsig.Params {
	now := time.Now()
	return httpsig.Params{Created: now, Expires: now.Add(time.Minute), Nonce: fmt.Sprint("nonce-", now.UnixNano()), Tag: "samlgate-identity"}
}

// signed replaces the signature of m by another of the same components.
func (m message) signed(t testing.TB, key *httpsig.Key, p httpsig.Params) message {
	t.Helper()
	return m.covering(t, key, p, m.components())
}

func (m message) covering(t testing.TB, key *httpsig.Key, p httpsig.Params, names []string) message {
	t.Helper()
	components, err := httpsig.Components(names...)
	if err != nil {
		t.Fatal(err)
	}
	input, signature, err := key.Sign(m.message(), components, p)
	if err != nil {
		t.Fatal(err)
	}
	return m.without("Signature-Input").without("Signature").with("Signature-Input: samlgate="+input, "Signature: samlgate="+signature)
}
