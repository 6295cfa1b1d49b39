package samlsp

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp/xmlenc"
)

// maxMessageBytes bounds a message that is no login: it names one person and
// some sessions.
const maxMessageBytes = 64 << 10

func messageLimits() limits { return limits{maxMessageBytes, 16, 2_000, 4_000} }

// Element is a read-only view of an XML element as the strict reader understood
// it, so that no second parser can understand it differently. Whether it is
// proven depends on where it came from.
type Element struct{ n *node }

// Is says whether the element has that namespace and local name.
func (e Element) Is(space, local string) bool { return e.n != nil && e.n.is(space, local) }

// Attr returns an attribute; space is empty for those without a prefix.
func (e Element) Attr(space, local string) (string, bool) {
	for _, a := range e.n.attrs {
		if a.space == space && a.local == local {
			return a.value, true
		}
	}
	return "", false
}

// Instant reads an attribute that is a time (Core §1.3.3). It is zero and false
// when the attribute is absent; the error is a [*Rejection].
func (e Element) Instant(attr string) (time.Time, bool, error) {
	t, given, r := instant(e.n, attr)
	if r != nil {
		return time.Time{}, true, r
	}
	return t, given, nil
}

// Children returns the child elements in order.
func (e Element) Children() []Element {
	out := make([]Element, len(e.n.kids))
	for i, k := range e.n.kids {
		out[i] = Element{k}
	}
	return out
}

// Text returns the character data of an element without children; ok is false
// for one that has any.
func (e Element) Text() (text string, ok bool) { return e.n.text(), len(e.n.kids) == 0 }

// Layout says that there is nothing but white space between the children.
func (e Element) Layout() bool { return e.n.blank() }

// Received is a LogoutRequest or LogoutResponse whose bytes and shape were
// checked. Nothing in it is proven: [ServiceProvider.Prove] does that.
type Received struct {
	message  *node
	above    []*node // the elements around the message, outermost first
	detached *Detached
}

// Detached is a signature that travels beside a message: Value over Text, by
// the method of that URI (Bindings §3.4.4.1).
type Detached struct {
	Text   string
	Method string
	Value  []byte
}

// Proven is a message that a trusted signature of one identity provider covers
// whole, read again from exactly the covered bytes. [ServiceProvider.Prove] is
// its one birthplace.
type Proven struct {
	idp     *IdentityProvider
	message *node
	sha1    bool
}

// IDP returns the identity provider that signed. It must not be changed.
func (p *Proven) IDP() *IdentityProvider { return p.idp }

// UsedSHA1 says that the proof holds only as long as SHA-1 does, which an operator
// allowed.
func (p *Proven) UsedSHA1() bool { return p.sha1 }

// Element returns the LogoutRequest or LogoutResponse.
func (p *Proven) Element() Element { return Element{p.message} }

// ReadMessage reads a message that carries its signature inside. pick returns
// the message's element among those of the document, for envelopes; nil means
// the document element. Errors are a [*Rejection] or what pick returned.
func ReadMessage(data []byte, pick func(root Element) (Element, error)) (*Received, error) {
	root, r := parse(data, messageLimits())
	if r != nil {
		return nil, r
	}
	message := root
	if pick != nil {
		picked, err := pick(Element{root})
		if err != nil {
			return nil, err
		}
		message = picked.n
	}
	above, found := pathTo(root, message)
	if !found {
		return nil, reject(ReasonNotResponse, "the envelope holds no message")
	}
	if r := checkMessage(root, message); r != nil {
		return nil, r
	}
	return &Received{message: message, above: above}, nil
}

// ReadDetached reads a message whose signature travels beside it. decode gets
// the very text over which the signature is verified later and returns the XML
// that stands in it, so that no other message can be put under the signature.
// A signature inside as well is refused (Bindings §3.4.4.1). Errors are a
// [*Rejection] or what decode returned.
func ReadDetached(sig Detached, decode func(text string) ([]byte, error)) (*Received, error) {
	data, err := decode(sig.Text)
	if err != nil {
		return nil, err
	}
	m, err := ReadMessage(data, nil)
	if err != nil {
		return nil, err
	}
	if m.message.child(nsDSig, "Signature") != nil {
		return nil, reject(ReasonMisplacedSignature, "a signature inside a message that is signed outside")
	}
	m.detached = &sig
	return m, nil
}

// pathTo returns the elements between root and n, root first.
func pathTo(root, n *node) ([]*node, bool) {
	if root == n {
		return nil, n != nil
	}
	for _, k := range root.kids {
		if below, found := pathTo(k, n); found {
			return append([]*node{root}, below...), true
		}
	}
	return nil, false
}

// messageOrder is samlp:LogoutRequestType or samlp:StatusResponseType (Core
// §3.7.1, §3.7.2), with the Issuer that Profiles §4.4.4 asks for.
func messageOrder(n *node) []place {
	order := []place{
		{nsAssertion, []string{"Issuer"}, 1, 1},
		{nsDSig, []string{"Signature"}, 0, 1},
		{nsProtocol, []string{"Extensions"}, 0, 1},
	}
	switch {
	case n.is(nsProtocol, "LogoutRequest"):
		return append(order, place{nsAssertion, []string{"BaseID", "NameID", "EncryptedID"}, 1, 1},
			place{nsProtocol, []string{"SessionIndex"}, 0, many})
	case n.is(nsProtocol, "LogoutResponse"):
		return append(order, place{nsProtocol, []string{"Status"}, 1, 1})
	}
	return nil
}

// checkMessage wants one message, in its one place, with at most one signature
// in its one place, and no ID twice anywhere. Signature wrapping needs one of
// these to be otherwise.
func checkMessage(root, message *node) *Rejection {
	order := messageOrder(message)
	if order == nil {
		return reject(ReasonNotResponse, "neither a LogoutRequest nor a LogoutResponse")
	}
	if r := checkMessagePlaces(root, message); r != nil {
		return r
	}
	if id, ok := message.attr("ID"); !ok || !ncName(id) || len(id) > maxID {
		return reject(ReasonID, "%s without a proper ID", message.local)
	}
	if r := (*trial)(nil).checkIDs(root); r != nil {
		return r
	}
	if message.value("Version") != "2.0" {
		return reject(ReasonVersion, "the message is not of version 2.0")
	}
	return checkOrder(message, order)
}

// checkMessagePlaces refuses every further message, assertion or signature,
// whatever its namespace and case: a lax parser must not find a second one.
func checkMessagePlaces(root, message *node) *Rejection {
	return root.walk(nil, func(parent, n *node) *Rejection {
		switch strings.ToLower(n.local) {
		case "logoutrequest", "logoutresponse", "response", "assertion", "encryptedassertion":
			if n != message {
				return reject(ReasonMisplacedAssertion, "a second message, or an assertion in the message")
			}
		case "signature":
			if parent != message || !n.is(nsDSig, "Signature") {
				return reject(ReasonMisplacedSignature, "a signature elsewhere than in the message")
			}
			if len(message.all(nsDSig, "Signature")) > 1 {
				return reject(ReasonSeveralSignatures, "several signatures of one message")
			}
			if len(message.kids) < 2 || message.kids[1] != n || !message.kids[0].is(nsAssertion, "Issuer") {
				return reject(ReasonMisplacedSignature, "the signature does not follow the issuer")
			}
		}
		return nil
	})
}

// Name returns the local name of the message: LogoutRequest or LogoutResponse.
func (m *Received) Name() string { return m.message.local }

// InResponseToHint returns the request that an unproven response claims to
// answer, only to find the pending logout; "" when it names none properly.
func (m *Received) InResponseToHint() string {
	if id := m.message.value("InResponseTo"); ncName(id) && len(id) <= maxID {
		return id
	}
	return ""
}

// Prove verifies the signature of a message, which must be there, against the
// certificates of the identity provider that the message names as its Issuer.
// Errors are a [*Rejection].
func (sp *ServiceProvider) Prove(m *Received) (*Proven, error) {
	idp, r := sp.issuerOf(m.message)
	if r != nil {
		return nil, r
	}
	if m.detached != nil {
		sha1, r := m.detached.verify(idp)
		if r != nil {
			return nil, r
		}
		return &Proven{idp, m.message, sha1}, nil
	}
	if m.message.child(nsDSig, "Signature") == nil {
		return nil, reject(ReasonNoSignature, "the message is not signed")
	}
	v := &prover{sp: sp, idp: idp}
	covered, r := v.reread(m.message, m.above...)
	if r != nil {
		return nil, r
	}
	if r := checkMessage(covered, covered); r != nil {
		return nil, r
	}
	return &Proven{idp, covered, v.sha1}, nil
}

// issuerOf returns the one identity provider whose certificates may prove a
// message: the one that the message names.
func (sp *ServiceProvider) issuerOf(message *node) (*IdentityProvider, *Rejection) {
	issuer := message.child(nsAssertion, "Issuer")
	all := sp.IDPs()
	at := slices.IndexFunc(all, func(idp *IdentityProvider) bool { return (&checker{idp: idp}).isIssuer(issuer) })
	if at < 0 {
		return nil, reject(ReasonUnknownIDP, "the issuer is no configured idp")
	}
	idp := all[at]
	if now := sp.cfg.Now(); !idp.ValidUntil.IsZero() && !now.Before(idp.ValidUntil.Add(sp.cfg.ClockSkew)) {
		return nil, reject(ReasonIDPMetadataExpired, "metadata of idp %q was valid until %s", idp.Name, stamp(idp.ValidUntil))
	}
	return idp, nil
}

// verify says whether the signature relies on SHA-1.
func (d *Detached) verify(idp *IdentityProvider) (sha1 bool, r *Rejection) {
	if len(d.Value) == 0 {
		return false, reject(ReasonNoSignature, "the message is not signed")
	}
	allowed := methods(idp.AllowSHA1)
	i := slices.IndexFunc(allowed, func(m method) bool { return m.uri == d.Method })
	if i < 0 {
		return false, reject(ReasonSignatureAlgorithm, "the signature method is not allowed")
	}
	s := &signature{method: allowed[i], value: d.Value}
	if !s.madeBy(idp.certs, []byte(d.Text)) {
		return false, reject(ReasonSignatureInvalid, "no trusted certificate (of %d) made this signature", len(idp.certs))
	}
	return s.usesSHA1(), nil
}

// DecryptID returns the NameID that an EncryptedID of a proven message holds
// (Core §2.2.4). The signature was verified before, so nobody but the identity
// provider can try ciphertexts on us, and AES-CBC is safe. The error is a
// [*Rejection].
func (sp *ServiceProvider) DecryptID(of *Proven, encrypted Element) (Element, error) {
	if !slices.Contains(of.message.kids, encrypted.n) || !encrypted.Is(nsAssertion, "EncryptedID") {
		return Element{}, reject(ReasonInternal, "no EncryptedID of this message")
	}
	m, r := readEncrypted(encrypted.n)
	if r != nil {
		return Element{}, r
	}
	plain, r := sp.decrypt(nil, m, true)
	if r != nil {
		return Element{}, r
	}
	root, r := parse(plain, messageLimits())
	if r != nil {
		return Element{}, r
	}
	if !root.is(nsAssertion, "NameID") {
		return Element{}, reject(ReasonNoSubject, "the EncryptedID holds no NameID")
	}
	return Element{root}, nil
}

func cipherElement(n *node) *xmlenc.Element {
	e := &xmlenc.Element{Space: n.space, Local: n.local, Text: n.text()}
	for _, a := range n.attrs {
		e.Attrs = append(e.Attrs, xmlenc.Attr{Space: a.space, Local: a.local, Value: a.value})
	}
	for _, k := range n.kids {
		e.Kids = append(e.Kids, cipherElement(k))
	}
	return e
}

// SignMessage returns a protocol message, whose first child is its Issuer, with
// our enveloped signature.
func (sp *ServiceProvider) SignMessage(message *etree.Element) ([]byte, error) {
	signed := message.Copy()
	if err := sp.cfg.Keys[0].signElement(signed, behindIssuer); err != nil {
		return nil, err
	}
	return canonicalBytes(signed)
}

// SignRedirect returns the address to which a browser carries a message in the
// HTTP-Redirect binding. What is signed is the text param=…&RelayState=…&SigAlg=…
// exactly as it stands in the address (Bindings §3.4.4.1).
func (sp *ServiceProvider) SignRedirect(address, param string, message *etree.Element, relayState string) (string, error) {
	packed, err := deflate(message)
	if err != nil {
		return "", err
	}
	key := sp.cfg.Keys[0]
	var query bytes.Buffer
	query.WriteString(param + "=" + url.QueryEscape(packed))
	if relayState != "" {
		query.WriteString("&RelayState=" + url.QueryEscape(relayState))
	}
	query.WriteString("&SigAlg=" + url.QueryEscape(key.algorithm()))
	value, err := key.sign(query.Bytes())
	if err != nil {
		return "", err
	}
	query.WriteString("&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(value)))
	return address + joint(address) + query.String(), nil
}
