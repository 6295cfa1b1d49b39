package e2e

import (
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// openReplicas starts two gateways with one store behind one address. turn
// chooses which of them, 0 or 1, hears what comes from now on.
func (h house) openReplicas(t *testing.T, settings string, session ...string) (o office, turn func(int)) {
	t.Helper()
	o = office{site: testenv.NewSite(t), idp: h.idp, session: strings.Join(session, "")}
	o.site.Keygen(t)
	store := h.store(t)
	var ports [2]string
	for i := range ports {
		replica := testenv.NewSite(t)
		ports[i], replica.Port = replica.Port, o.site.Port
		o.replicas[i] = replica
		for _, key := range []string{"sp.crt", "sp.key", "cookie.key", "signing.key"} {
			copyFile(t, o.site.Path(key), replica.Path(key))
		}
		o.serve(t, replica, ports[i], store, settings)
	}
	turn = startFront(t, o.site.Port, ports)
	h.idp.TrustURL(t, o.entityID())
	return o, turn
}

// startFront hands every request to one of two ports, as a balancer does that
// knows nothing of sessions.
func startFront(t *testing.T, port string, to [2]string) (turn func(int)) {
	t.Helper()
	var chosen atomic.Int32
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", to[chosen.Load()])})
		r.Out.Host = r.In.Host
	}})
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	front.Listener.Close()
	front.Listener = l
	front.Start()
	t.Cleanup(front.Close)
	return func(i int) { chosen.Store(int32(i)) }
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
