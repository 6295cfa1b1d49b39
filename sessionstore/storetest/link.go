package storetest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Link is a way to a server that a test can make slow or cut. It passes on what
// comes at Addr, knows who connects by the first bytes they send, and cuts as
// networks do: connections stay open, new ones are taken, and nothing arrives.
type Link struct {
	Addr string // 127.0.0.1:PORT

	listener net.Listener
	to       string              // set before anybody connects, see [Link.To]
	who      func([]byte) string // names who connects; nil = everybody is ""

	mu    sync.Mutex
	delay time.Duration         // in each direction
	cut   func(who string) bool // whose bytes do not arrive
	moved chan struct{}         // closed when cut changes
	open  map[net.Conn]struct{} // both ends of what is open
}

// NewLink starts a link that ends with the test. who names whoever connects by
// what they send first; nil = nobody is told apart. Nothing may connect before
// [Link.To].
func NewLink(t testing.TB, who func(first []byte) string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("opening a link: %v", err)
	}
	l := &Link{Addr: listener.Addr().String(), listener: listener, who: who, moved: make(chan struct{}), open: make(map[net.Conn]struct{})}
	t.Cleanup(l.close)
	return l
}

// To says where the link leads, and opens it.
func (l *Link) To(addr string) *Link {
	l.to = addr
	go func() { // ends with the listener
		for {
			c, err := l.listener.Accept()
			if err != nil {
				return
			}
			go l.carry(c) // ends with either side
		}
	}()
	return l
}

// Delay makes every byte come so much later, in each direction.
func (l *Link) Delay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

// Cut keeps what is sent by or to some of those who connect until [Link.Heal];
// nil is everybody.
func (l *Link) Cut(whom func(who string) bool) {
	if whom == nil {
		whom = func(string) bool { return true }
	}
	l.change(whom)
}

// Heal lets everything pass again, and first what was kept.
func (l *Link) Heal() { l.change(nil) }

func (l *Link) change(cut func(string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	close(l.moved)
	l.moved = make(chan struct{})
}

// carry connects a client with the server once it has said who it is.
func (l *Link) carry(client net.Conn) {
	defer l.hang(client)()
	first := make([]byte, 64<<10)
	n, err := client.Read(first)
	if err != nil {
		return
	}
	who := ""
	if l.who != nil {
		who = l.who(first[:n])
	}
	l.wait(who)
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer l.hang(server)()
	if _, err := server.Write(first[:n]); err != nil {
		return
	}
	back := make(chan struct{})
	go func() { // ends with either side
		defer close(back)
		l.copy(client, server, who)
	}()
	l.copy(server, client, who)
	<-back
}

// hang remembers an open connection; what it returns closes and forgets it.
func (l *Link) hang(c net.Conn) (up func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c] = struct{}{}
	return func() {
		c.Close()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
	}
}

func (l *Link) copy(to, from net.Conn, who string) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		l.wait(who)
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// wait returns once bytes of who may arrive.
func (l *Link) wait(who string) {
	l.mu.Lock()
	delay := l.delay
	l.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	for {
		l.mu.Lock()
		kept, moved := l.cut != nil && l.cut(who), l.moved
		l.mu.Unlock()
		if !kept {
			return
		}
		<-moved
	}
}

func (l *Link) close() {
	l.listener.Close()
	l.Heal()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		c.Close()
	}
}
