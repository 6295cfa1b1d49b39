package redis

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// rights returns the words of the ACL line in the operators' document.
func rights(t *testing.T) []string {
	t.Helper()
	return lines(t, "user")[0]
}

// lines returns the words of the lines in the operators' document that begin with
// first, without it.
func lines(t *testing.T, first string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == first {
			all = append(all, words[1:])
		}
	}
	if len(all) == 0 {
		t.Fatalf("the document has no line that begins with %s", first)
	}
	return all
}

// restricted starts a server that takes nobody but the user of these rights.
func restricted(t *testing.T, words []string) (addr string) {
	t.Helper()
	addr = storetest.StartRedis(t)
	allow(t, addr, words)
	return addr
}

func allow(t *testing.T, addr string, words []string) {
	t.Helper()
	admin := goredis.NewClient(&goredis.Options{Addr: addr})
	defer admin.Close()
	args := []any{"ACL", "SETUSER", words[0], "reset"}
	for _, word := range words[1:] {
		args = append(args, word)
	}
	// Without the scripts, so that each must be sent again.
	if err := errors.Join(admin.Do(t.Context(), args...).Err(), admin.ScriptFlush(t.Context()).Err()); err != nil {
		t.Fatal(err)
	}
}

// Without any one of them something is refused, and the error says so.
func TestRightsAreTheLeast(t *testing.T) {
	all := rights(t)
	addr := restricted(t, all)
	if err := exercise(t, openAs(t, addr, "samlgate", "PASSWORD", "")); err != nil {
		t.Fatalf("with all of them: %v", err)
	}
	for _, right := range all {
		if !strings.ContainsAny(right[:1], "+~&") || right == "+config|get" { // the latter is optional
			continue
		}
		if right == "+wait" || right == "+cluster|slots" { // see TestRightsWithReplicas
			continue
		}
		allow(t, addr, slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == right }))
		s := openAs(t, addr, "samlgate", "PASSWORD", "")
		err := exercise(t, s)
		if !errors.Is(err, sessionstore.ErrUnavailable) || !strings.Contains(err.Error(), "lacks a right") {
			t.Errorf("without %s: %v", right, err)
		}
	}
}

// exercise does everything once and returns what failed.
func exercise(t *testing.T, s *Store) error {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Try(ctx); err != nil {
		return err
	}
	_, err := s.Prerequisites(ctx)
	return err
}

func TestErrorsHelpAndKeepSecrets(t *testing.T) {
	addr := restricted(t, rights(t))
	says := func(s *Store, want string) {
		t.Helper()
		err := s.Ping(t.Context())
		if !errors.Is(err, sessionstore.ErrUnavailable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	says(openAs(t, addr, "samlgate", "sesame", ""), "are not those of a user")
	says(openAs(t, addr, "nobody", "sesame", ""), "are not those of a user")
	says(openAs(t, addr, "samlgate", "PASSWORD", "elsewhere"), "lacks a right")
	for text, want := range map[string]string{
		"LOADING Redis is loading the dataset in memory":                               "reads its data",
		"MISCONF Redis is configured to save RDB snapshots":                            "takes no writes",
		"OOM command not allowed when used memory > 'maxmemory'.":                      "memory of redis is full",
		"READONLY You can't write against a read only replica.":                        "need the master",
		"NOAUTH Authentication required.":                                              "wants a user name",
		"ERR unknown command 'GETDEL', with args beginning with: 'samlgate:o:sesame' ": "unknown command 'GETDEL'",
	} {
		err := unavailable("pinging", reply(text))
		if !errors.Is(err, sessionstore.ErrUnavailable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// reply is an error as the server sends it.
type reply string

func (r reply) Error() string { return string(r) }

// RedisError marks it for the client.
func (reply) RedisError() {}

// Two rights are for replicas and for clusters alone.
func TestRightsWithReplicas(t *testing.T) {
	without := func(right string) []string {
		return slices.DeleteFunc(slices.Clone(rights(t)), func(s string) bool { return s == right })
	}
	master, _ := pair(t)
	allow(t, master.Addr, without("+wait"))
	var told unconfirmed
	s := openWith(t, Options{Addr: master.Addr, Username: "samlgate", Password: "PASSWORD", Unconfirmed: told.add})
	if _, err := s.End(t.Context(), create(t, s), sessionstore.ReasonLogout); err != nil {
		t.Errorf("without +wait nothing ends: %v", err)
	}
	if all := told.since(); len(all) != 1 || !strings.Contains(all[0].Err.Error(), "lacks a right") {
		t.Errorf("without +wait we hear %v", all)
	}
	node := storetest.NewRedis(t, "--cluster-enabled", "yes", "--cluster-port", port(t, storetest.FreeAddr(t)))
	allow(t, node.Addr, without("+cluster|slots"))
	s = openWith(t, Options{Cluster: []string{node.Addr}, Username: "samlgate", Password: "PASSWORD"})
	if err := s.Ping(t.Context()); !errors.Is(err, sessionstore.ErrUnavailable) || !strings.Contains(err.Error(), "lacks a right") {
		t.Errorf("without +cluster|slots: %v", err)
	}
}

func port(t *testing.T, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return port
}
