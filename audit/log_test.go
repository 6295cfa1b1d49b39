package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var key = bytes.Repeat([]byte{7, 9}, 16)

func fixed() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC) }

func TestLinesFormAChain(t *testing.T) {
	var out bytes.Buffer
	l, err := New(Config{Also: &out, Key: key, Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	l.Record(Event{Type: LoginAccepted, Person: "ana@example.com", IDP: "corp", Session: "ab12"})
	l.Record(Event{Type: SessionEnded, Person: "ana@example.com", Reason: "logout"})
	l.Record(Event{Type: AccessDenied, Route: "wiki"})

	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines", len(lines))
	}
	if breaks := follow(t, lines); breaks != 0 {
		t.Fatalf("an untouched chain breaks at line %d", breaks)
	}
	for name, tampered := range map[string][]string{
		"edited":  {strings.Replace(lines[0], "ana@", "bob@", 1), lines[1], lines[2]},
		"removed": {lines[0], lines[2]},
		"swapped": {lines[0], lines[2], lines[1]},
	} {
		if follow(t, tampered) == 0 {
			t.Errorf("%s lines were not noticed", name)
		}
	}
}

// follow returns the number of the first line that does not fit, 0 for none.
func follow(t *testing.T, lines []string) int {
	t.Helper()
	mac := func(s string) string {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(s))
		return hex.EncodeToString(h.Sum(nil))
	}
	want := ""
	for i, s := range lines {
		var got line
		if err := json.Unmarshal([]byte(s), &got); err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = mac(got.Chain)
		}
		if got.Prev != want || got.Seq != uint64(i+1) {
			return i + 1
		}
		want = mac(s)
	}
	return 0
}

func TestLineFormatIsFixed(t *testing.T) {
	var out bytes.Buffer
	l, err := New(Config{Also: &out, Key: key, Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	l.Record(Event{Type: LoginRefused, IDP: "corp", Addr: "192.0.2.1", RequestID: "r1", Reason: "audience", By: "gateway"})
	const head = `{"time":"2026-01-02T03:04:05.000000006Z","chain":"`
	const tail = `"type":"login_refused","idp":"corp","addr":"192.0.2.1","request_id":"r1","reason":"audience","by":"gateway"}` + "\n"
	if got := out.String(); !strings.HasPrefix(got, head) || !strings.HasSuffix(got, tail) || !strings.Contains(got, `"seq":1,"prev":"`) {
		t.Fatalf("line is %s", got)
	}
}

func TestReopenFollowsRotation(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "audit.log")
	l, err := New(Config{File: name, Key: key, Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	l.Record(Event{Type: GatewayStarted})
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Record(Event{Type: GatewayStopped})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	first, _ := os.ReadFile(name + ".1")
	second, _ := os.ReadFile(name)
	lines := []string{strings.TrimSpace(string(first)), strings.TrimSpace(string(second))}
	if follow(t, lines) != 0 {
		t.Fatalf("the chain broke at the rotation: %q", lines)
	}
	if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
		t.Fatalf("the audit file is readable by others: %v", info.Mode())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAWriterThatFailsIsTold(t *testing.T) {
	var told error
	l, err := New(Config{Also: full{}, Key: key, Now: fixed, OnError: func(err error) { told = err }})
	if err != nil {
		t.Fatal(err)
	}
	l.Record(Event{Type: GatewayStarted})
	if told == nil || !strings.Contains(told.Error(), "disk full") {
		t.Fatalf("told %v", told)
	}
}

func TestAShortKeyIsRefused(t *testing.T) {
	if _, err := New(Config{Key: []byte("short"), Now: fixed}); err == nil {
		t.Fatal("accepted")
	}
}
