package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
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
