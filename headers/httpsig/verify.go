package httpsig

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/dunglas/httpsfv"
)

// Signature is one member of Signature and Signature-Input, as received. Until
// [Signature.Verify] returned nil, nothing in it can be believed.
type Signature struct {
	Components []string // what it covers
	KeyID      string
	Algorithm  string    // the parameter "alg"; empty where it is absent
	Created    time.Time // zero where it is absent
	Expires    time.Time // likewise
	Nonce, Tag string

	components []Component
	params     string // value of @signature-params
	value      []byte
}

// ErrUnsigned is returned for a message without a signature of that label.
var ErrUnsigned = errors.New("the message carries no such signature")

// ErrForged is returned for a signature that the key did not make over this
// message.
var ErrForged = errors.New("the signature does not fit the message")

// maxFields bounds what is parsed, in bytes of each of the two fields.
const maxFields = 8192

// Parse returns the signature with this label. The error is [ErrUnsigned], or
// says what cannot be understood in the two fields.
func Parse(h http.Header, label string) (*Signature, error) {
	input, err := member(h, "Signature-Input", label)
	if err != nil {
		return nil, err
	}
	value, err := member(h, "Signature", label)
	if err != nil {
		return nil, err
	}
	switch {
	case input == nil && value == nil:
		return nil, ErrUnsigned
	case input == nil || value == nil:
		return nil, errors.New("one half of the signature is missing")
	}
	list, ok := input.(httpsfv.InnerList)
	item, isItem := value.(httpsfv.Item)
	if !ok || !isItem {
		return nil, errors.New("the signature's fields have another type")
	}
	s := &Signature{}
	if s.value, ok = item.Value.([]byte); !ok || len(item.Params.Names()) > 0 {
		return nil, errors.New("the signature is no byte sequence")
	}
	if err := s.covered(list.Items); err != nil {
		return nil, err
	}
	if err := s.parameters(list.Params); err != nil {
		return nil, err
	}
	s.params, err = httpsfv.Marshal(list)
	return s, err
}

func member(h http.Header, field, label string) (httpsfv.Member, error) {
	lines := h[field]
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if size > maxFields {
		return nil, fmt.Errorf("%s is too large", field)
	}
	dictionary, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return nil, fmt.Errorf("%s is not a dictionary", field)
	}
	m, _ := dictionary.Get(label)
	return m, nil
}

func (s *Signature) covered(items []httpsfv.Item) error {
	for _, item := range items {
		name, ok := item.Value.(string)
		if !ok || len(item.Params.Names()) > 0 {
			// RFC 9421 §3.2: what we cannot reproduce, we cannot verify.
			return errors.New("a covered component is of a kind that is not supported")
		}
		s.Components = append(s.Components, name)
	}
	var err error
	s.components, err = Components(s.Components...)
	return err
}

func (s *Signature) parameters(p *httpsfv.Params) error {
	for _, name := range p.Names() {
		value, _ := p.Get(name)
		var ok bool
		switch name {
		case "created":
			s.Created, ok = seconds(value)
		case "expires":
			s.Expires, ok = seconds(value)
		case "keyid":
			s.KeyID, ok = value.(string)
		case "alg":
			s.Algorithm, ok = value.(string)
		case "nonce":
			s.Nonce, ok = value.(string)
		case "tag":
			s.Tag, ok = value.(string)
		default:
			return errors.New("the signature has a parameter that is not supported")
		}
		if !ok {
			return fmt.Errorf("the signature's parameter %s has another type", name)
		}
	}
	return nil
}

func seconds(value any) (time.Time, bool) {
	n, ok := value.(int64)
	return time.Unix(n, 0), ok && n > 0
}

// Covers reports whether the signature covers a component.
func (s *Signature) Covers(name string) bool { return slices.Contains(s.Components, name) }

// Verify checks that k made the signature over m. The caller found k by the
// signature's key id, and judges coverage, times, nonce and tag.
func (s *Signature) Verify(m Message, k *Key) error {
	if s.KeyID != k.id || s.Algorithm != "" && s.Algorithm != k.algorithm {
		return errors.New("the signature asks for another key or algorithm")
	}
	base, err := m.base(make([]byte, 0, 1024), s.components, []byte(s.params))
	if err != nil {
		return err
	}
	if !k.verify(base, s.value) {
		return ErrForged
	}
	return nil
}
