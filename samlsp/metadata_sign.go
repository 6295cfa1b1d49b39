package samlsp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"github.com/beevik/etree"
)

// signedMetadata is a metadata document with our signature, and what it was
// made of.
type signedMetadata struct{ plain, signed []byte }

// signMetadata returns doc with a signature of our first key over the whole
// (Metadata §3.1): before everything else in it, as the schema wants. It is made
// once for a document, since strangers may ask for it, and so that the bytes rest
// with a key whose signatures differ each time.
func (sp *ServiceProvider) signMetadata(doc *etree.Document) ([]byte, error) {
	plain, err := doc.WriteToBytes()
	if err != nil {
		return nil, err
	}
	if made := sp.metadata.Load(); made != nil && bytes.Equal(made.plain, plain) {
		return made.signed, nil
	}
	sum := sha256.Sum256(plain)
	root := doc.Root()
	root.CreateAttr("ID", "_"+hex.EncodeToString(sum[:idBytes])) // replicas agree on it
	if err := sp.cfg.Keys[0].signElement(root, 0); err != nil {
		return nil, err
	}
	signed, err := doc.WriteToBytes()
	if err != nil {
		return nil, err
	}
	sp.metadata.Store(&signedMetadata{plain, signed})
	return signed, nil
}
