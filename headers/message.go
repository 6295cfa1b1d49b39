package headers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/samlgate/samlgate/headers/httpsig"
)

const (
	signatureLabel = "samlgate"
	signatureTag   = "samlgate-identity"
	audienceHeader = "X-Auth-Audience"
)

// whole are the components that bind a signature to one request.
var whole = []string{"@method", "@authority", "@path", "@query"}

var wholeComponents, _ = httpsig.Components(whole...)

// MessageSignerConfig configures a [MessageSigner].
type MessageSignerConfig struct {
	Keys      []Key                   // newest first; the first that fits Algorithm and is ready signs
	Algorithm string                  // of [httpsig]; empty means ed25519
	Ready     func(keyID string) bool // as in [SignerConfig]
	// DigestBytes is up to how many bytes of body are read before the request
	// leaves, so that the signature covers them by Content-Digest; 0 means none.
	DigestBytes int64
	TTL         time.Duration    // life of a signature; 0 means 60 s, at most 5 min
	Now         func() time.Time // nil means time.Now
}

// MessageSigner signs single requests by RFC 9421: which person they come from,
// and that they are this request to this app. It is safe for concurrent use.
type MessageSigner struct {
	digestBytes int64
	keys        []*httpsig.Key // newest first, at least one
	ready       func(keyID string) bool
	ttl         time.Duration
	now         func() time.Time
}

// NewMessageSigner returns a MessageSigner, or an error that says what is wrong
// with cfg.
func NewMessageSigner(cfg MessageSignerConfig) (*MessageSigner, error) {
	if cfg.Algorithm == "" {
		cfg.Algorithm = httpsig.Ed25519
	}
	if cfg.TTL == 0 {
		cfg.TTL = time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.TTL < time.Second || cfg.TTL > 5*time.Minute {
		return nil, fmt.Errorf("making a message signer: a life of %v is not between 1s and 5m", cfg.TTL)
	}
	s := &MessageSigner{digestBytes: cfg.DigestBytes, ready: cfg.Ready, ttl: cfg.TTL, now: cfg.Now}
	for _, k := range cfg.Keys {
		if key, err := k.message(); err == nil && key.Algorithm() == cfg.Algorithm {
			s.keys = append(s.keys, key)
		}
	}
	if s.keys == nil {
		return nil, fmt.Errorf("making a message signer: no key is fit for %s", cfg.Algorithm)
	}
	return s, nil
}

func (s *MessageSigner) key() *httpsig.Key {
	for _, k := range s.keys {
		if s.ready == nil || s.ready(k.ID()) {
			return k
		}
	}
	return s.keys[len(s.keys)-1]
}

// message returns k as a key for RFC 9421, or an error where it is fit for
// tokens alone.
func (k Key) message() (*httpsig.Key, error) {
	if k.Private == nil {
		return httpsig.NewSecretKey(k.ID, k.Secret)
	}
	return httpsig.NewPrivateKey(k.ID, k.Private)
}

// Sign tells the app its audience in X-Auth-Audience and signs the request as
// it leaves: method, authority, path, query, and every header of m that is
// there, the token's too; and its body, where it is small enough. [Managed.Strip] and [Apply] must have run on it, and
// nothing of this may change after it.
//
// Signatures that others made stay beside ours, which has the label "samlgate".
func (s *MessageSigner) Sign(out *http.Request, m *Managed, audience string) error {
	if audience == "" {
		return errors.New("signing a request: an audience is required")
	}
	out.Header[audienceHeader] = []string{audience}
	var room [24]httpsig.Component // enough for most, and on the stack
	components, err := m.covered(append(room[:0], wholeComponents...), out.Header)
	if err != nil {
		return fmt.Errorf("signing a request: %w", err)
	}
	digested, err := s.digest(out)
	if err != nil {
		return fmt.Errorf("signing a request: %w", err)
	}
	if digested {
		components = append(components, digestComponent)
	}
	now := s.now()
	input, signature, err := s.key().Sign(httpsig.Outgoing(out), components, httpsig.Params{
		Created: now, Expires: now.Add(s.ttl), Nonce: tokenID(), Tag: signatureTag,
	})
	if err != nil {
		return err
	}
	addMember(out.Header, "Signature-Input", input)
	addMember(out.Header, "Signature", signature)
	return nil
}

// covered appends the headers that a signature of a request covers. An
// app may read two lines of one name otherwise than we do, so they are refused.
// Other spellings of a name are not looked for: they are gone after
// [Managed.Strip].
func (m *Managed) covered(covered []httpsig.Component, h http.Header) ([]httpsig.Component, error) {
	for _, c := range m.components {
		switch len(h[c.Key()]) {
		case 0:
		case 1:
			covered = append(covered, c)
		default:
			return nil, fmt.Errorf("the header %s is there more than once", c.Key())
		}
	}
	return covered, nil
}

// addMember puts our member in front of a dictionary.
func addMember(h http.Header, field, value string) {
	line := signatureLabel + "=" + value
	if rest := h[field]; len(rest) > 0 {
		line += ", " + strings.Join(rest, ", ")
	}
	h[field] = []string{line}
}
