package storetest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports that tests hand to programs lie below those that the kernel gives to
// whoever asks for any (32768 and up on Linux), so that no listener or dialer of
// another test takes one between our look and the program's bind.
const firstPort, lastPort = 15000, 31999

// FreeAddr returns an address of 127.0.0.1 that nobody listens at, and that no
// other test, of this process or another, is given before this one has ended.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		// A socket in Linux's abstract namespace is a lock without a file: it goes
		// with the process at the latest.
		held, err := net.Listen("unix", fmt.Sprintf("@samlgate-test-port-%d", port))
		if err != nil {
			continue
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", addr)
		if err != nil {
			held.Close()
			continue
		}
		l.Close()
		t.Cleanup(func() { held.Close() })
		return addr
	}
	t.Fatal("no port of 127.0.0.1 is free")
	return ""
}
