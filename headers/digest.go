package headers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/samlgate/samlgate/headers/httpsig"
)

const digestHeader = "Content-Digest"

var digestComponent, _ = httpsig.NewComponent("content-digest")

// digest sets Content-Digest (RFC 9530) for a body whose length is known and
// within the bound, none at all too, and reports whether it did. A longer body
// leaves as it comes, with what the client says of its digest.
func (s *MessageSigner) digest(out *http.Request) (bool, error) {
	empty := out.Body == nil || out.Body == http.NoBody || out.ContentLength == 0
	switch {
	case s.digestBytes <= 0, !empty && (out.ContentLength < 0 || out.ContentLength > s.digestBytes):
		return false, nil
	case empty:
		out.Header[digestHeader] = []string{httpsig.Digest(nil)}
		return true, nil
	}
	body := make([]byte, out.ContentLength)
	if _, err := io.ReadFull(out.Body, body); err != nil {
		return false, fmt.Errorf("reading the body: %w", err)
	}
	out.Body = withCloser{bytes.NewReader(body), out.Body}
	out.Header[digestHeader] = []string{httpsig.Digest(body)}
	return true, nil
}

// withCloser reads from one and closes the other.
type withCloser struct {
	io.Reader
	io.Closer
}

// body checks the request's body where the signature covers its digest, and
// leaves it to be read.
func (v *Verifier) body(s *httpsig.Signature, r *http.Request) error {
	if !s.Covers("content-digest") {
		if v.cfg.Digest {
			return errors.New("the signature does not cover the body")
		}
		return nil
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, v.cfg.MaxBody+1)); err != nil {
			return errors.New("the body cannot be read")
		}
		if int64(len(body)) > v.cfg.MaxBody {
			return errors.New("the body is larger than what is signed")
		}
		r.Body = withCloser{bytes.NewReader(body), r.Body}
	}
	return httpsig.CheckDigest(r.Header[digestHeader], body)
}
