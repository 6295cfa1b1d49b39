package metadata

import (
	"bytes"
	"errors"
)

// notMetadata recognises, by their first bytes, the files that operators give
// instead of metadata.
func notMetadata(data []byte) error {
	head := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(data[:min(len(data), 4096)], []byte("\ufeff"))))
	switch {
	case len(head) == 0:
		return errors.New("the document is empty")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head, 0) >= 0:
		return errors.New("the document is not in UTF-8; save it as UTF-8")
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.Contains(head, []byte("<html")):
		return errors.New("this looks like a web page, not SAML metadata: is the address right, and does it need a login?")
	case head[0] == '{' || head[0] == '[':
		return errors.New("this is JSON, perhaps of OpenID Connect; SAML metadata is XML")
	case bytes.Contains(head, []byte("private key-----")):
		return errors.New("this is a private key, not SAML metadata: keep it secret")
	case bytes.HasPrefix(head, []byte("-----begin")):
		return errors.New("this is a certificate, not SAML metadata: name it under certificates instead")
	case head[0] != '<':
		return errors.New("this is not XML, so it is no SAML metadata")
	}
	return nil
}
