package peer

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Peer is the client of one request.
type Peer struct {
	Addr  netip.Addr // invalid where the listener has no addresses (a Unix socket)
	Proto string     // "http" or "https", as the client spoke it
	Host  string     // the host the client asked for, not yet canonical
	Via   bool       // a trusted proxy told us some of this
}

// Of reads the client of a request. Only where the TCP peer lies in trusted
// are X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host and Forwarded
// (RFC 7239) read:
//
//   - The address is the right-most one that is no trusted proxy, since
//     everything left of it is hearsay. All trusted: the left-most. A malformed
//     entry met on the way there: the TCP peer.
//   - Scheme and host are the last ones named, which the TCP peer itself wrote.
//   - X-Forwarded-For beside a Forwarded that tells another story: one of them
//     came from the client, so neither is believed.
func Of(r *http.Request, trusted []netip.Prefix) Peer {
	direct := Peer{Addr: tcpPeer(r), Proto: "http", Host: r.Host}
	if r.TLS != nil {
		direct.Proto = "https"
	}
	if !contains(trusted, direct.Addr) {
		return direct
	}
	hops, ok := stories(r.Header)
	if !ok || len(hops) == 0 {
		return direct
	}
	p := direct
	p.Via = true
	p.Addr = client(direct.Addr, hops, trusted)
	last := hops[len(hops)-1]
	if proto := strings.ToLower(last.proto); proto == "http" || proto == "https" {
		p.Proto = proto
	}
	if last.host != "" {
		p.Host = last.host
	}
	return p
}

// ClientAddr is the address of [Of] alone.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr { return Of(r, trusted).Addr }

// client walks from the TCP peer towards the client.
func client(direct netip.Addr, hops []hop, trusted []netip.Prefix) netip.Addr {
	addr := direct
	for _, h := range slices.Backward(hops) {
		if h.addr == "" { // names scheme or host only
			continue
		}
		next, ok := parseNode(h.addr)
		if !ok {
			return direct
		}
		if addr = next; !contains(trusted, addr) {
			break
		}
	}
	return addr
}

func tcpPeer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return plain(ap.Addr())
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	return addr.IsValid() && slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// plain drops the zone and writes an IPv4 address in IPv6 clothes as IPv4, so
// that one machine has one spelling.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
