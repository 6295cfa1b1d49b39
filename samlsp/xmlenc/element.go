package xmlenc

import "strings"

const (
	nsEnc   = "http://www.w3.org/2001/04/xmlenc#"
	nsEnc11 = "http://www.w3.org/2009/xmlenc11#"
	nsDSig  = "http://www.w3.org/2000/09/xmldsig#"
	nsMore  = "http://www.w3.org/2001/04/xmldsig-more#"
)

// Element is an XML element as the caller's own strict reader understood it, so
// that there is no second parser which could understand it differently.
type Element struct {
	Space, Local string     // the resolved namespace, the local name
	Attrs        []Attr     // namespace declarations left out
	Kids         []*Element // in document order
	Text         string     // the character data between the children, joined
}

// Attr is an attribute. Space is the resolved namespace, empty without a prefix.
type Attr struct{ Space, Local, Value string }

func (e *Element) is(space, local string) bool { return e.Space == space && e.Local == local }

// value returns an attribute without a namespace, or "".
func (e *Element) value(local string) string {
	for _, a := range e.Attrs {
		if a.Space == "" && a.Local == local {
			return a.Value
		}
	}
	return ""
}

// only returns the one child of that name. Without any it is nil; ok is false
// when there are several, as one reader would take the first and another the last.
func (e *Element) only(space, local string) (child *Element, ok bool) {
	for _, k := range e.Kids {
		if !k.is(space, local) {
			continue
		}
		if child != nil {
			return nil, false
		}
		child = k
	}
	return child, true
}

// count returns how many elements of that local name stand in e and below,
// whatever their namespace.
func (e *Element) count(local string) int {
	n := 0
	if strings.EqualFold(e.Local, local) {
		n++
	}
	for _, k := range e.Kids {
		n += k.count(local)
	}
	return n
}
