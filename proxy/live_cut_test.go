package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// talks is a WebSocket server that sends one text frame and then reads.
func talks(hello []byte, took chan<- []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, rw := accept(w, r)
		if c == nil {
			return
		}
		defer c.Close()
		_, _ = c.Write(hello)
		all, _ := io.ReadAll(rw)
		if took != nil {
			took <- all
		}
	}
}

// A browser whose session ends is told by close code 4401, at once, and what it
// sends after that reaches no app.
func TestWebSocketIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, remembers)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	took := make(chan []byte, 1)
	w.app.does(talks([]byte{0x81, 2, 'h', 'i'}, took))
	c, in := dialSocket(t, b, wiki+"/ws")
	hello := make([]byte, 4)
	if _, err := io.ReadFull(in, hello); err != nil {
		t.Fatal(err)
	}
	ping := []byte{0x89, 0x80, 0, 0, 0, 0}
	if _, err := c.Write(ping); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := w.sessions.EndAll(context.Background(), identity.Person(ann), sessionstore.ReasonOperator)
	w.must(err)
	goodbye := make([]byte, 4)
	if _, err := io.ReadFull(in, goodbye); err != nil || goodbye[0] != 0x88 || goodbye[2] != 4401>>8 || goodbye[3] != 4401&0xff {
		t.Fatalf("%x, %v", goodbye, err)
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("told after %v", took)
	}
	_, _ = c.Write([]byte{0x82, 0x81, 0, 0, 0, 0, 'x'})
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Logf("closed with %v", err)
	}
	if sent := <-took; !bytes.HasPrefix(ping, sent) {
		t.Errorf("the app got %x after the end", sent)
	}
	if took := time.Since(began); took > soon {
		t.Errorf("closed after %v", took)
	}
}

// A client that reads nothing does not keep its connection for that.
func TestDeafClientIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	done := make(chan struct{})
	flood := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	w.app.does(func(rw http.ResponseWriter, r *http.Request) {
		defer close(done)
		for r.Context().Err() == nil {
			if _, err := rw.Write(flood); err != nil {
				return
			}
		}
	})
	res, err := client.Do(b.request(wiki+"/big", ask{site: "same-origin", kind: "xhr"}))
	w.must(err)
	defer res.Body.Close()
	if _, err := bufio.NewReader(res.Body).ReadByte(); err != nil {
		t.Fatal(err)
	}
	_, err = w.sessions.EndAll(context.Background(), identity.Person(ann), sessionstore.ReasonOperator)
	w.must(err)
	select {
	case <-done:
	case <-time.After(soon):
		t.Error("the app still sends")
	}
	deadline := time.After(soon)
	for w.registry.Len() > 0 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the exchange goes on")
		}
	}
}

// The attack: the session ends after the request was let in from memory and
// before its WebSocket is there. The message of the end came too early to cut it.
func TestEndBeforeTheUpgrade(t *testing.T) {
	w := newWorld(t, remembers)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	w.app.does(talks([]byte{0x81, 0}, nil))
	dialSocket(t, b, wiki+"/ws")
	w.app.does(nil)
	w.store.none.Store(true) // memory does not know yet
	b.do(wiki+"/page", ask{}).is(200)
	if _, _, got := askSocket(t, b, wiki+"/ws"); got != http.StatusUnauthorized {
		t.Errorf("an upgrade on a stale copy: %d", got)
	}
}
