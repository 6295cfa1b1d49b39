package headers

import (
	"slices"
	"strings"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// Managed is the set of header names that a client may not send: those the
// gateway sets on any route, the names other gateways use for the same, and
// those that tell an app where a request came from. It is immutable.
type Managed struct {
	kinds   map[string]kind // :: normal form → what to do with it
	longest int             // length of the longest key of kinds

	components []httpsig.Component // the managed ones, by name

	// first[b] and third[b] have bit min(length, 63) set when a name of this
	// length, with byte b at this place, may be of interest. They let ordinary
	// headers pass without being normalised.
	first, third [256]uint64
}

type kind byte

const (
	ordinary   kind = iota
	managed         // ours alone: removed always
	removable       // removed unless the route keeps it
	nameList        // Connection, Trailer: managed names are taken out of the list
	dictionary      // Signature, Signature-Input: the member "samlgate" is taken out
	framing         // kept as HTTP spells it; an alias such as Content_Length is removed
)

// alwaysManaged are names that apps commonly trust, whatever the gateway is
// configured to send, those of all its presets for apps among them; so are all of
// [DefaultNames].
var alwaysManaged = []string{
	"X-WEBAUTH-USER", "X-WEBAUTH-GROUPS", "Remote-Groups",
	"Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Auth-Audience",
}

// Passive is the header by which a client says that a request is no use of its
// session: polling that a page does by itself. It is the gateway's to read, so
// that no app sees it, under any alias.
const Passive = "X-Samlgate-Passive"

// alwaysRemoved are names by which a client could lie about its address, its
// certificate (RFC 9440 §4), the path or the method it asks for. "Proxy" is
// HTTP_PROXY to a CGI program; gunicorn takes SCRIPT_NAME and PATH_INFO from
// headers, and hides a part of the path from the app or gives it another.
var alwaysRemoved = []string{
	"Proxy", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override",
	"Script-Name", "X-Script-Name", "Path-Info", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Client-Cert", "Client-Cert", "Client-Cert-Chain",
}

// removedPrefixes are normal forms: whatever begins with one is removable.
// Some are families in which a proxy states several facts. Where a route sends
// one of them, an app that reads its siblings must not find a client's:
// X-Remote-Group beside our X-Remote-User, X-WEBAUTH-ROLE beside our X-WEBAUTH-USER,
// X-Auth-Request-Groups beside our X-Auth-Request-Email.
var removedPrefixes = []string{"x-forwarded-", "ssl-client-", "x-ssl-client-", "remote-", "x-remote-", "x-auth-request-",
	"x-goog-authenticated-user-", "x-goog-iap-", "cf-access-", "x-amzn-oidc-", "x-webauth-"}

// NewManaged returns the union of all names given, one [Names] for each route,
// of the [DefaultNames], and of the names that are always managed or removed.
func NewManaged(routes ...Names) *Managed {
	m := &Managed{kinds: map[string]kind{}}
	m.add(nameList, "Connection", "Trailer")
	m.add(dictionary, "Signature", "Signature-Input")
	m.add(removable, alwaysRemoved...)
	m.add(framing, "Content-Length", "Content-Type", "Transfer-Encoding")
	m.add(managed, alwaysManaged...)
	m.add(managed, Passive)
	m.add(managed, DefaultNames().all()...)
	for _, n := range routes {
		m.add(managed, n.all()...)
	}
	for _, prefix := range removedPrefixes {
		m.watch(prefix, ^uint64(0)<<len(prefix))
	}
	return m
}

// Has reports whether name, or a name with the same normal form, is managed.
func (m *Managed) Has(name string) bool { return m.kind(name) == managed }

func (m *Managed) add(k kind, names ...string) {
	for _, name := range names {
		form := Normal(name)
		m.kinds[form] = k
		m.longest = max(m.longest, len(form))
		m.watch(form, 1<<min(len(form), 63))
		if k == managed {
			m.cover(name)
		}
	}
}

// cover adds a managed header to those that signatures cover, in their order.
func (m *Managed) cover(name string) {
	c, err := httpsig.NewComponent(strings.ToLower(name))
	if err != nil {
		return // no header has such a name
	}
	at, there := slices.BinarySearchFunc(m.components, c, func(a, b httpsig.Component) int { return strings.Compare(a.Key(), b.Key()) })
	if !there {
		m.components = slices.Insert(m.components, at, c)
	}
}

// watch lets names of these lengths through the screen whose first and third
// byte normalise to those of form.
func (m *Managed) watch(form string, lengths uint64) {
	for c := range 256 {
		b := normalByte(byte(c))
		if b == form[0] {
			m.first[c] |= lengths
		}
		if len(form) < 3 || b == form[2] {
			m.third[c] |= lengths
		}
	}
}

// interesting is a quick check that no managed or removable name fails.
func (m *Managed) interesting(name string) bool {
	if name == "" {
		return false
	}
	lengths := m.first[name[0]]
	if len(name) > 2 {
		lengths &= m.third[name[2]]
	}
	return lengths>>min(len(name), 63)&1 != 0
}

// kind classifies a header name as it stands in a request. It allocates nothing
// for names that are shorter than its buffer.
func (m *Managed) kind(name string) kind {
	if !m.interesting(name) {
		return ordinary
	}
	var room [64]byte
	form := room[:0]
	if len(name) <= m.longest {
		form = appendNormal(form, name)
		if k := m.kinds[string(form)]; k != ordinary {
			return k
		}
	} else {
		form = appendNormal(form, name[:min(len(name), len(room))])
	}
	for _, prefix := range removedPrefixes {
		if len(form) > 2 && form[2] == prefix[2] && strings.HasPrefix(string(form), prefix) {
			return removable
		}
	}
	return ordinary
}
