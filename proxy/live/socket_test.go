package live

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// frame is one as a client (masked) or a server sends it.
func frame(opcode byte, payload int, masked bool) []byte {
	b := []byte{0x80 | opcode}
	mask := byte(0)
	if masked {
		mask = 0x80
	}
	switch {
	case payload < 126:
		b = append(b, mask|byte(payload))
	case payload < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(payload))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(payload))
	}
	if masked {
		b = append(b, 1, 2, 3, 4)
	}
	return append(b, bytes.Repeat([]byte{0x88}, payload)...)
}

// However the bytes are cut, the frames are the same.
func TestFrames(t *testing.T) {
	var stream []byte
	var want []byte
	for i, size := range []int{0, 1, 125, 126, 127, 65535, 65536, 70000} {
		opcode := []byte{0, 1, 2, 8, 9, 10, 1, 2}[i]
		stream = append(stream, frame(opcode, size, i%2 == 0)...)
		want = append(want, opcode)
	}
	for _, piece := range []int{1, 2, 3, 7, 125, 4096, len(stream)} {
		var f frames
		var got []byte
		for part := range slices.Chunk(stream, piece) {
			f.follow(part, func(op byte) { got = append(got, op) })
		}
		if !bytes.Equal(got, want) || !f.between() {
			t.Errorf("in pieces of %d: %v, at a border: %v", piece, got, f.between())
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(1, 200, true), 3)
	f.Add([]byte{0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, 1)
	f.Fuzz(func(t *testing.T, stream []byte, piece int) {
		var whole, parts frames
		var a, b []byte
		whole.follow(stream, func(op byte) { a = append(a, op) })
		for part := range slices.Chunk(stream, 1+piece&0xff) {
			parts.follow(part, func(op byte) { b = append(b, op) })
		}
		if !bytes.Equal(a, b) || whole.between() != parts.between() || len(whole.head) > 14 {
			t.Errorf("%v and %v", a, b)
		}
	})
}

type counts struct{ used atomic.Int64 }

func (c *counts) Used(*sessionstore.Session) bool                    { c.used.Add(1); return false }
func (c *counts) Touch(context.Context, *sessionstore.Session) error { return nil }

// pipe is a WebSocket whose app and client are in the test's hands.
func pipe(t *testing.T) (s *socket, app net.Conn, c *Conn, used *counts) {
	t.Helper()
	ours, app := net.Pipe()
	used = &counts{}
	c = &Conn{Exchange: Exchange{Active: true, Sessions: used}}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.session.Store(&sessionstore.Session{})
	return newSocket(ours, c), app, c, used
}

// Data that the client sends shows that the person is there; control frames do
// not, nor does what the app sends.
func TestWhatCountsAsUse(t *testing.T) {
	s, app, _, used := pipe(t)
	go io.Copy(io.Discard, app) // ends with the pipe
	for opcode, want := range map[byte]int64{0: 1, 1: 1, 2: 1, 8: 0, 9: 0, 10: 0} {
		used.used.Store(0)
		if _, err := s.Write(frame(opcode, 10, true)); err != nil {
			t.Fatal(err)
		}
		if n := used.used.Load(); n != want {
			t.Errorf("opcode %d: %d uses, want %d", opcode, n, want)
		}
	}
	used.used.Store(0)
	go func() { app.Write(frame(1, 10, false)); app.Close() }()
	if _, err := io.ReadAll(s); err != nil || used.used.Load() != 0 {
		t.Errorf("what the app sends: %v, %d uses", err, used.used.Load())
	}
}

// A cut between two frames is told; within one nothing can be said. After it
// nothing of the client reaches the app.
func TestFarewell(t *testing.T) {
	for _, c := range []struct {
		why    error
		within bool
		want   []byte
	}{
		{ErrEnded, false, closeFrame(4401, "session ended")},
		{ErrLost, false, closeFrame(1013, "try again later")},
		{ErrEnded, true, nil},
		{context.Canceled, false, nil}, // the client or the process left
	} {
		synctest.Test(t, func(t *testing.T) {
			s, app, conn, _ := pipe(t)
			first := frame(1, 20, false)
			if c.within {
				first = first[:10]
			}
			go app.Write(first) // ends with the pipe
			got := make([]byte, len(first))
			if _, err := io.ReadFull(s, got); err != nil {
				t.Fatal(err)
			}
			conn.cancel(c.why)
			s.Close() // as whoever carries it does
			rest, err := io.ReadAll(s)
			if !bytes.Equal(rest, c.want) || (c.want != nil) != (err == errCut) {
				t.Errorf("%v, within: %v: %x, %v", c.why, c.within, rest, err)
			}
			if n, err := s.Write(frame(1, 5, true)); c.why != context.Canceled && (n != 11 || err != nil) {
				t.Errorf("what the client still sends: %d, %v", n, err)
			}
		})
	}
}

// A client that says goodbye need not wait.
func TestFarewellAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, conn, _ := pipe(t)
		conn.cancel(ErrEnded)
		s.Close()
		began := time.Now()
		buffer := make([]byte, 100)
		if n, err := s.Read(buffer); n == 0 || err != nil {
			t.Fatal(n, err)
		}
		s.Write(frame(opClose, 2, true))
		if _, err := s.Read(buffer); err == nil || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// The progress of a download counts while it has an end.
func TestDownloads(t *testing.T) {
	for _, c := range []struct {
		length int64
		media  string
		active bool
		want   bool
	}{
		{100, "application/zip", true, true},
		{100, "application/zip", false, false},
		{-1, "application/zip", true, false},
		{100, "text/event-stream; charset=utf-8", true, false},
	} {
		_, _, conn, used := pipe(t)
		conn.Active = c.active
		res := &http.Response{StatusCode: 200, ContentLength: c.length, Header: http.Header{"Content-Type": {c.media}}, Body: io.NopCloser(strings.NewReader("part of it"))}
		conn.Answer(res)
		io.ReadAll(res.Body)
		if got := used.used.Load() > 0; got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	_, _, conn, used := pipe(t)
	io.ReadAll(conn.Sent(io.NopCloser(strings.NewReader("an upload"))))
	if used.used.Load() == 0 {
		t.Error("an upload does not count")
	}
}
