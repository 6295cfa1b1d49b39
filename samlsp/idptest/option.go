package idptest

import (
	"crypto/x509"
	"time"
)

// Option changes one thing in a Response.
type Option func(*message)

// Together makes several options one.
func Together(opts ...Option) Option {
	return func(m *message) {
		for _, o := range opts {
			o(m)
		}
	}
}

// Sign says which elements are signed; the default is the assertion alone.
func Sign(assertion, response bool) Option {
	return func(m *message) { m.signA, m.signR = assertion, response }
}

// SignWith changes how signatures are made; it starts from the IDP's key with
// its certificate in KeyInfo.
func SignWith(change func(*Signing)) Option {
	return func(m *message) { change(&m.signing) }
}

// SignedBy signs with another key; its certificate goes into KeyInfo.
func SignedBy(k Key) Option {
	return SignWith(func(g *Signing) { g.Key, g.KeyInfo = k.Signer, []*x509.Certificate{k.Certificate} })
}

// Algorithms sets the signature method and the digest method by URI.
func Algorithms(method, digest string) Option {
	return SignWith(func(g *Signing) { g.Method, g.Digest = method, digest })
}

// NoKeyInfo leaves the certificate out.
func NoKeyInfo() Option { return SignWith(func(g *Signing) { g.KeyInfo = nil }) }

// WithStyle sets how namespaces are written.
func WithStyle(s Style) Option { return func(m *message) { m.style = s } }

// About replaces the subject.
func About(s Subject) Option { return func(m *message) { m.subject = s } }

// Issued sets the moment at which everything was issued and the person signed in.
func Issued(t time.Time) Option { return func(m *message) { m.issued, m.authn = t, t } }

// Shift moves that moment by d from now.
func Shift(d time.Duration) Option {
	return func(m *message) { m.issued, m.authn = m.issued.Add(d), m.authn.Add(d) }
}

// SignedIn sets the moment at which the person signed in, before the message was issued.
func SignedIn(t time.Time) Option { return func(m *message) { m.authn = t } }

// Lifetime sets how long after its issue the assertion is valid.
func Lifetime(d time.Duration) Option { return func(m *message) { m.lifetime = d } }

// IDs sets the IDs of response and assertion, which are random otherwise.
func IDs(response, assertion string) Option {
	return func(m *message) { m.responseID, m.assertionID = response, assertion }
}

// SessionIndex sets the index by which a single logout will name the session; "" leaves it out.
func SessionIndex(index string) Option { return func(m *message) { m.sessionIndex = index } }

// InResponseTo sets the request that Response and confirmation answer; "" leaves both out.
func InResponseTo(id string) Option { return func(m *message) { m.inResponseTo = id } }

// Status sets the status codes, top and second level, and leaves the assertion out.
func Status(code, below string) Option {
	return func(m *message) { m.status, m.statusBelow, m.noAssertion = code, below, true }
}

// EditAssertion changes the assertion before it is signed.
func EditAssertion(e ...edit) Option {
	return func(m *message) { m.editAssertion = append(m.editAssertion, e...) }
}

// EditResponse changes the whole message before anything in it is signed.
func EditResponse(e ...edit) Option {
	return func(m *message) { m.editResponse = append(m.editResponse, e...) }
}

// EditEncrypted changes the whole message when its assertion is signed and
// encrypted, before the response is signed.
func EditEncrypted(e ...edit) Option {
	return func(m *message) { m.editEncrypted = append(m.editEncrypted, e...) }
}

// AuthnContext sets the URI that says how the person signed in.
func AuthnContext(class string) Option { return EditAssertion(setText("AuthnContextClassRef", class)) }

// Tamper changes the finished message, as somebody without a key can.
func Tamper(e ...edit) Option {
	return func(m *message) { m.tamper = append(m.tamper, e...) }
}

// Wire changes the bytes of the finished message.
func Wire(change func([]byte) []byte) Option {
	return func(m *message) { m.wire = append(m.wire, change) }
}

// Encode replaces the base64 encoding of the form value.
func Encode(encode func([]byte) string) Option {
	return func(m *message) { m.encode = encode }
}
