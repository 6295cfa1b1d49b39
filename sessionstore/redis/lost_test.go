package redis

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// loser passes everything on to a server but, when told, loses one answer with
// its connection: the server has done what was asked and nobody knows.
type loser struct {
	net.Listener
	server string
	lose   atomic.Bool
}

func newLoser(t *testing.T) *loser {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &loser{Listener: listener, server: storetest.StartRedis(t)}
	t.Cleanup(func() { l.Close() })
	go l.run() // ends with the listener
	return l
}

func (l *loser) run() {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			client.Close()
			continue
		}
		go func() { // ends when either side closes
			_, _ = io.Copy(server, client)
			server.Close()
		}()
		go l.answer(client, server) // likewise
	}
}

func (l *loser) answer(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil || l.lose.CompareAndSwap(true, false) {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// The client of redis asks again when an answer is lost. What was done the
// first time is not done twice.
func TestLostAnswers(t *testing.T) {
	l := newLoser(t)
	s := open(t, l.Addr().String(), "")
	ctx, hash := t.Context(), ana.Hash()
	// Each script once, so that it is no "unknown script" that gets lost.
	if err := exercise(t, s); err != nil {
		t.Fatal(err)
	}
	if _, err := s.End(ctx, create(t, s), sessionstore.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	create(t, s)
	losing := func(what string, call func() error, want error) {
		t.Helper()
		l.lose.Store(true)
		if err := call(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		if l.lose.Swap(false) {
			t.Errorf("%s: no answer was lost", what)
		}
	}
	c := request(t, s)
	c.MaxConcurrent = 2
	losing("create", func() error { _, err := s.Create(ctx, c); return err }, nil)
	c = request(t, s)
	c.MaxConcurrent = 2
	losing("create at the limit", func() error { _, err := s.Create(ctx, c); return err }, nil)
	if rows, err := s.List(ctx, hash); err != nil || len(rows) != 2 || rows[1].ID != c.ID {
		t.Errorf("%d sessions are left, %v", len(rows), err)
	}
	denied := request(t, s)
	denied.MaxConcurrent, denied.OnLimit = 3, sessionstore.Deny
	losing("the last create that is allowed", func() error { _, err := s.Create(ctx, denied); return err }, nil)
	losing("claim", func() error {
		first, err := s.Claim(ctx, "assertion", "me", time.Minute)
		if !first {
			t.Error("our own repetition counts as somebody else")
		}
		return err
	}, nil)
	if first, err := s.Claim(ctx, "assertion", "you", time.Minute); first || err != nil {
		t.Errorf("claimed twice: %v, %v", first, err)
	}
	if err := s.Put(ctx, "token", []byte("value"), time.Minute); err != nil {
		t.Fatal(err)
	}
	losing("take", func() error { _, err := s.Take(ctx, "token"); return err }, sessionstore.ErrNotFound)
	losing("touch", func() error { return s.Touch(ctx, c.ID, 0) }, nil)
	losing("end", func() error { _, err := s.End(ctx, c.ID, sessionstore.ReasonLogout); return err }, sessionstore.ErrNotFound)
	name, entry := sessionstore.NameHash{1}, sessionstore.Entry{ID: c.ID}
	losing("enlist", func() error { _, err := s.Enlist(ctx, name, entry, time.Hour); return err }, nil)
	if found, err := s.Listed(ctx, name, nil, sessionstore.Entry{}); err != nil || len(found) != 1 || found[0] != entry {
		t.Errorf("enlisted %v, %v", found, err)
	}
	losing("note a logout", func() error { return s.NoteLogout(ctx, name, []sessionstore.Logout{{All: true}}) }, nil)
	losing("delist", func() error { return s.Delist(ctx, name, []sessionstore.Entry{entry}) }, nil)
	before := request(t, s)
	losing("end all", func() error { _, err := s.EndAll(ctx, hash, sessionstore.ReasonLogout); return err }, nil)
	if rows, err := s.List(ctx, hash); err != nil || len(rows) != 0 {
		t.Errorf("%d sessions outlived the end of all, %v", len(rows), err)
	}
	if _, err := s.Create(ctx, before); !errors.Is(err, sessionstore.ErrEpochMoved) {
		t.Errorf("a sign-in outlived the end of all: %v", err)
	}
}
