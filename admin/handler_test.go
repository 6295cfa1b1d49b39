package admin

import "testing"

func TestLoopbackName(t *testing.T) {
	for _, host := range []string{"localhost", "LOCALHOST:9090", "gw.localhost", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:9090", "::1"} {
		if !loopbackName(host) {
			t.Errorf("%q is refused", host)
		}
	}
	for _, host := range []string{"", "evil.example.com", "localhost.evil.example.com", "127.0.0.1.nip.io:9090", "10.0.0.1", "0.0.0.0", "[::]", "evillocalhost"} {
		if loopbackName(host) {
			t.Errorf("%q is served", host)
		}
	}
}
