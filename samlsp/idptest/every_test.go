package idptest

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp"
)

// Whatever byte of a message that is signed in both places an attacker
// changes, nobody gets in; but for KeyInfo, which nothing covers and nobody reads.
func TestEveryByteCounts(t *testing.T) {
	p, r := newIDP(t), newRequest()
	sp := newSP(t, p)
	raw := decoded(t, must(t)(p.Response(r, Ana(), Sign(true, true), useECDSA(), NoKeyInfo())))
	for i := range raw {
		for _, bit := range []byte{1, 0x20} {
			changed := bytes.Clone(raw)
			changed[i] ^= bit
			if _, err := signIn(sp, r, base64.StdEncoding.EncodeToString(changed)); err == nil {
				t.Errorf("byte %d, in %q, may be %q", i, raw[max(0, i-20):min(len(raw), i+20)], changed[i])
				sp = newSP(t, p)
			}
		}
	}
	if _, err := signIn(sp, r, base64.StdEncoding.EncodeToString(raw)); err != nil {
		t.Errorf("the twin: %v", err)
	}
}

// Whatever element or attribute somebody drops, doubles, moves or renames in a
// message that is signed in both places, nobody gets in; but for attributes on
// the outer Signature and its value, which nothing covers and nobody reads.
func TestEveryElementCounts(t *testing.T) {
	p, r := newIDP(t), newRequest()
	both := func(idp *samlsp.IdentityProvider) { idp.Require = samlsp.SignedBoth }
	sp := newSP(t, p, both)
	value := must(t)(p.Response(r, Ana(), Sign(true, true), useECDSA(), NoKeyInfo()))
	n := len(elements(parsed(t, value)))
	for i := range n {
		for name, change := range everyEdit() {
			root := parsed(t, value)
			e := elements(root)[i]
			if e.Parent() == nil || !change(e) || name == "new attribute" && uncovered(e) {
				continue
			}
			raw, err := serialize(root)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := signIn(sp, r, base64.StdEncoding.EncodeToString(raw)); err == nil {
				t.Errorf("%s: %s got somebody in", e.GetPath(), name)
				sp = newSP(t, p, both)
			}
		}
	}
	if _, err := signIn(sp, r, value); err != nil {
		t.Errorf("the twin: %v", err)
	}
}

func uncovered(e *etree.Element) bool {
	path := e.GetPath()
	return path == "/Response/Signature" || path == "/Response/Signature/SignatureValue"
}

// everyEdit are changes that fit any element; false means that one did not apply.
func everyEdit() map[string]func(*etree.Element) bool {
	return map[string]func(*etree.Element) bool{
		"drop": func(e *etree.Element) bool { return e.Parent().RemoveChild(e) != nil },
		"double": func(e *etree.Element) bool {
			e.Parent().InsertChildAt(e.Index(), standalone(e))
			return true
		},
		"swap with the next": func(e *etree.Element) bool {
			next := e.NextSibling()
			if next == nil || bytes.Equal(content(e), content(next)) {
				return false
			}
			e.Parent().InsertChildAt(e.Index(), next)
			return true
		},
		"unwrap": func(e *etree.Element) bool {
			at, parent := e.Index(), e.Parent()
			parent.RemoveChildAt(at)
			for _, c := range e.ChildElements() {
				parent.InsertChildAt(at, c)
				at++
			}
			return true
		},
		"rename":       func(e *etree.Element) bool { e.Tag = "X" + e.Tag; return true },
		"add text":     func(e *etree.Element) bool { e.CreateText("x"); return true },
		"add element":  func(e *etree.Element) bool { e.CreateElement("x"); return true },
		"add comment":  func(e *etree.Element) bool { e.CreateComment("x"); return true },
		"no attribute": func(e *etree.Element) bool { return len(e.Attr) > 0 && e.RemoveAttr(e.Attr[0].FullKey()) != nil },
		"new attribute": func(e *etree.Element) bool {
			e.CreateAttr("x", "x")
			return true
		},
	}
}

func content(e *etree.Element) []byte {
	b, _ := serialize(e.Copy())
	return b
}

func decoded(t testing.TB, value string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parsed(t testing.TB, value string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(decoded(t, value)); err != nil {
		t.Fatal(err)
	}
	return doc.Root().Copy()
}

// elements lists the tree in document order.
func elements(root *etree.Element) []*etree.Element {
	all := []*etree.Element{root}
	for _, c := range root.ChildElements() {
		all = append(all, elements(c)...)
	}
	return all
}
