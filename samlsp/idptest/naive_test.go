package idptest

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// naive is the verifier that wrapping attacks are made for. It checks real
// cryptography: the first Signature in the document, its digest over the first
// element that has the referenced ID. Then it reads an Assertion by its own
// idea of where that is. It returns whom it believes to be signed in.
func naive(samlResponse string, certs []*x509.Certificate, read func(*etree.Element) *etree.Element) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(samlResponse)
	if err != nil {
		return "", err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return "", err
	}
	sig := find(doc.Root(), "Signature")
	if sig == nil {
		return "", errors.New("no signature")
	}
	if err := naiveSignature(doc.Root(), sig, certs); err != nil {
		return "", err
	}
	a := read(doc.Root())
	if a == nil {
		return "", errors.New("no assertion")
	}
	return firstText(child(child(a, "Subject"), "NameID")), nil
}

// firstText stops at whatever is not text, as many libraries do.
func firstText(e *etree.Element) string {
	if c, ok := e.Child[0].(*etree.CharData); ok {
		return c.Data
	}
	return ""
}

func naiveSignature(root, sig *etree.Element, certs []*x509.Certificate) error {
	info := find(sig, "SignedInfo")
	canonical, err := canonicalize(info, ExclusiveC14N, "")
	if err != nil {
		return err
	}
	value, err := base64.StdEncoding.DecodeString(find(sig, "SignatureValue").Text())
	if err != nil {
		return err
	}
	if certs[0].CheckSignature(x509.SHA256WithRSA, canonical, value) != nil {
		return errors.New("signature does not fit")
	}
	id := strings.TrimPrefix(find(info, "Reference").SelectAttrValue("URI", ""), "#")
	signed := byID(root, id)
	if signed == nil {
		return errors.New("reference leads nowhere")
	}
	content, err := canonicalize(bare(signed), ExclusiveC14N, "")
	if err != nil {
		return err
	}
	h, _ := hashOf(DigestSHA256)
	if base64.StdEncoding.EncodeToString(sum(h, content)) != find(info, "DigestValue").Text() {
		return errors.New("digest does not fit")
	}
	return nil
}

func byID(root *etree.Element, id string) *etree.Element {
	if root.SelectAttrValue("ID", "") == id {
		return root
	}
	for _, c := range root.ChildElements() {
		if e := byID(c, id); e != nil {
			return e
		}
	}
	return nil
}

// readers are places where products looked for the assertion.
func readers() map[string]func(*etree.Element) *etree.Element {
	return map[string]func(*etree.Element) *etree.Element{
		"first anywhere": func(r *etree.Element) *etree.Element { return find(r, "Assertion") },
		"first child":    func(r *etree.Element) *etree.Element { return child(r, "Assertion") },
		"last child": func(r *etree.Element) *etree.Element {
			all := r.SelectElements("Assertion")
			if len(all) == 0 {
				return nil
			}
			return all[len(all)-1]
		},
	}
}

// An attack that can succeed against nobody proves nothing: each wrapping
// succeeds against one naive reader at least, and its twin speaks of Ana to all.
func TestWrappingWouldSucceed(t *testing.T) {
	p, r := newIDP(t), newRequest()
	harmless := []string{"signed assertion twice", "forged assertion with the ID of the signed one"}
	for _, m := range wrappingAttacks() {
		attack, twin := must(t)(m.Make(p, r)), must(t)(m.Twin(p, r))
		var fooled []string
		for name, read := range readers() {
			if who, err := naive(twin, p.Certificates(), read); err != nil || who != "ana@example.com" {
				t.Errorf("%s: the twin is %q to the reader of %s: %v", m.Name, who, name, err)
			}
			if who, err := naive(attack, p.Certificates(), read); err == nil && who == Mallory {
				fooled = append(fooled, name)
			}
		}
		if len(fooled) == 0 && !slices.Contains(harmless, m.Name) {
			t.Errorf("%s fools nobody", m.Name)
		}
	}
}

// The comment attacks keep the signature valid and shorten what a reader sees
// who stops at the first comment.
func TestCommentWouldTruncate(t *testing.T) {
	p, r := newIDP(t), newRequest()
	for _, m := range textAttacks() {
		if m.Name != "comment in the NameID" {
			continue
		}
		who, err := naive(must(t)(m.Make(p, r)), p.Certificates(), readers()["first child"])
		if err != nil || who != "ana@example.com" {
			t.Errorf("the attack reads as %q, %v", who, err)
		}
		who, err = naive(must(t)(m.Twin(p, r)), p.Certificates(), readers()["first child"])
		if err != nil || who != "ana@example.com.evil.example" {
			t.Errorf("the twin reads as %q, %v", who, err)
		}
	}
}
