package idptest

import (
	"slices"
	"time"

	"github.com/beevik/etree"
)

// The edits that attacks and variants are written in. Each acts on the first
// element of that local name, in document order, and does nothing without one.

func setText(tag, text string) edit {
	return on(tag, func(e *etree.Element) { e.SetText(text) })
}

func setAttr(tag, name, value string) edit {
	return on(tag, func(e *etree.Element) { e.CreateAttr(name, value) })
}

func dropAttr(tag, name string) edit {
	return on(tag, func(e *etree.Element) { e.RemoveAttr(name) })
}

// drop removes an element.
func drop(tag string) edit {
	return on(tag, func(e *etree.Element) { e.Parent().RemoveChild(e) })
}

// double puts a copy right after the element, itself edited.
func double(tag string, edits ...edit) edit {
	return on(tag, func(e *etree.Element) {
		c := standalone(e)
		apply(edits, c)
		e.Parent().InsertChildAt(e.Index()+1, c)
	})
}

// within edits below the first element of that name only.
func within(tag string, edits ...edit) edit {
	return on(tag, func(e *etree.Element) { apply(edits, e) })
}

func on(tag string, do func(*etree.Element)) edit {
	return func(root *etree.Element) {
		if e := find(root, tag); e != nil {
			do(e)
		}
	}
}

// appendTo adds an empty element of the same namespace as its parent.
func appendTo(parent, tag string, attrs ...string) edit {
	return on(parent, func(p *etree.Element) {
		e := p.CreateElement(tag)
		e.Space = p.Space
		setAttrs(e, attrs...)
	})
}

// email edits the value of the attribute Email.
func email(edits ...edit) edit {
	return func(root *etree.Element) {
		if e := attribute(root, "Email"); e != nil {
			apply(edits, e)
		}
	}
}

// attribute returns the first saml:Attribute of that Name below root, or nil.
func attribute(root *etree.Element, name string) *etree.Element {
	all := root.FindElements(".//Attribute")
	if i := slices.IndexFunc(all, func(e *etree.Element) bool { return e.SelectAttrValue("Name", "") == name }); i >= 0 {
		return all[i]
	}
	return nil
}

// clock sets a time attribute of the assertion to d after the message's issue.
func clock(tag, attr string, d time.Duration) Option {
	return func(m *message) {
		m.editAssertion = append(m.editAssertion, setAttr(tag, attr, stamp(m.issued.Add(d))))
	}
}

// split puts a token into the text of e, after n bytes.
func split(tag string, n int, t func() etree.Token) edit {
	return on(tag, func(e *etree.Element) {
		text := e.Text()
		e.SetText("")
		e.CreateText(text[:n])
		e.AddChild(t())
		e.CreateText(text[n:])
	})
}

func comment() etree.Token { return etree.NewComment("") }
func procInst() etree.Token {
	return etree.NewProcInst("x", "y")
}
