package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
)

func durable(t *testing.T) *site {
	t.Helper()
	return prepare(t).change("session: {", "store: {embedded: {path: state.db}}\nsession: {")
}

// Who is signed in stays signed in over a restart, and who signed out does not
// come back.
func TestSessionsOverARestart(t *testing.T) {
	s := durable(t).run()
	s.signIn()
	again := func() {
		t.Helper()
		s.terminate()
		s.ends()
		s.client.CloseIdleConnections()
		s.run()
	}
	again()
	if !s.in() {
		t.Error("a restart signed Ana out")
	}
	s.get(s.url("wiki", "/.samlgate/logout"))
	if s.in() {
		t.Fatal("Ana cannot sign out")
	}
	again()
	if s.in() {
		t.Error("a restart signed Ana in again")
	}
}

// What is wrong with the file is said before anybody is served.
func TestStoreFileInTheWay(t *testing.T) {
	s := durable(t).run()
	refuses := func(words ...string) error {
		t.Helper()
		cfg, err := s.load()
		s.must(err)
		err = gateway.Run(context.Background(), cfg, gateway.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Audit: &journal{}})
		for _, w := range words {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%v; want %q", err, w)
			}
		}
		return err
	}
	var unfit *gateway.Unfit
	if err := refuses("state.db", "another process has it open"); errors.As(err, &unfit) {
		t.Error("a file in use is no mistake of the configuration")
	}
	s.terminate()
	s.ends()
	s.must(os.Remove(s.path("state.db")))
	refuses("state.db", "is missing", "state.db.bak")
	s.change("state.db", "nowhere/state.db")
	if err := refuses("store.embedded.path", "does not exist"); !errors.As(err, &unfit) {
		t.Errorf("%v is a mistake of the configuration", err)
	}
	cfg, err := s.load()
	s.must(err)
	if err := gateway.Check(cfg, gateway.Options{Now: time.Now}); !errors.As(err, &unfit) || !strings.Contains(err.Error(), "store.embedded.path") {
		t.Errorf("check says %v", err)
	}
}

// An operator copies the file of a gateway that runs and has it taken over again.
// Everybody signs in once more, whoever was signed in then or is now.
func TestBackupAndRestore(t *testing.T) {
	s := durable(t).change("{token: "+adminToken+"}", "{token: "+adminToken+", role: operator}").run()
	ask := func(path, body string) answer {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.adminURL(path), strings.NewReader(body))
		s.must(err)
		r.Header.Set("Authorization", "Bearer "+adminToken)
		r.Header.Set("Content-Type", "application/octet-stream")
		return s.do(http.DefaultClient, r)
	}
	s.signIn()
	backup := ask("/api/v1/backup", "")
	if backup.status != 200 || backup.header.Get("Content-Length") != strconv.Itoa(len(backup.body)) || len(backup.body) < 4096 {
		t.Fatalf("%d %v: %d bytes", backup.status, backup.header, len(backup.body))
	}
	if a := ask("/api/v1/restore", backup.body[:5000]); a.status != 400 || !s.in() {
		t.Errorf("half a backup: %d %s", a.status, a.body)
	}
	if a := ask("/api/v1/restore", backup.body); a.status != 200 {
		t.Errorf("%d %s\n%s", a.status, a.body, s.log)
	}
	if s.in() {
		t.Error("a session of the backup lives")
	}
	if back := s.post(s.get(s.url("wiki", "/"))); back.body != "hello ana@example.com" { // the identity provider still knows her
		t.Errorf("after the restore nobody signs in: %d %s", back.status, back.body)
	}
	for _, event := range []string{`"store_backed_up"`, `"store_restored"`} {
		if !strings.Contains(s.audit.String(), event) {
			t.Errorf("the audit lacks %s", event)
		}
	}
	memory := prepare(t).change("{token: "+adminToken+"}", "{token: "+adminToken+", role: operator}").run()
	s.admin = memory.admin
	if a := ask("/api/v1/backup", ""); a.status != 409 {
		t.Errorf("a gateway without a file: %d %s", a.status, a.body)
	}
}
