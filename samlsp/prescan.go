package samlsp

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// limits bound what one document may cost before any of it is believed.
type limits struct {
	bytes, depth, elements, attributes int
}

// What an identity provider may send: 5,000 groups of 60 bytes fit, and the
// whole form into the 1 MiB that the gateway reads.
const (
	maxDepth         = 64
	maxElements      = 6_000
	maxElementAttrs  = 32  // on one element, namespace declarations included
	maxName          = 128 // of an element or attribute, prefix included
	maxPrefixes      = 16  // different namespace prefixes in one document
	maxNamespace     = 256 // length of a namespace URI
	maxResponseBytes = 768 << 10
	maxFormValue     = 1 << 20  // base64 with line breaks
	maxSignedInfo    = 16 << 10 // in canonical form
	maxDeclaration   = 256      // bytes of the XML declaration
)

// received are the limits of what comes from outside. Canonical form repeats
// namespace declarations, so what was signed may be longer than what came.
func received() limits  { return limits{maxResponseBytes, maxDepth, maxElements, 8_000} }
func canonical() limits { return limits{2 * maxResponseBytes, maxDepth, maxElements, 32_000} }

// decodeForm returns the XML of a SAMLResponse form value (Bindings §3.5.4).
func (t *trial) decodeForm(value string) ([]byte, *Rejection) {
	if len(value) > maxFormValue && t.makes(ReasonTooLarge) {
		return nil, reject(ReasonTooLarge, "%d bytes of base64", len(value))
	}
	if value == "" {
		return nil, reject(ReasonBase64, "empty")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil && t.makes(ReasonBase64) {
		return nil, reject(ReasonBase64, "not base64 of %d bytes", len(value))
	}
	t.pass(ReasonBase64)
	return data, nil
}

// prescan reads the bytes once, allocates nothing and refuses what no honest
// identity provider sends. Afterwards every "<" opens or closes an element, so
// no two parsers can disagree about where text begins and ends, and everything
// that a parser allocates for is counted.
func (t *trial) prescan(data []byte, l limits) *Rejection {
	if len(data) > l.bytes && t.makes(ReasonTooLarge) {
		return reject(ReasonTooLarge, "%d bytes of XML", len(data))
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 || bytes.HasPrefix(data, []byte("\ufeff")) {
		return reject(ReasonEncoding, "not plain UTF-8")
	}
	rest, r := skipDeclaration(data)
	if r != nil {
		return r
	}
	t.pass(ReasonTooLarge, ReasonEncoding)
	s := tagCounter{trial: t}
	for {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		n, r := s.tag(rest[i:], l)
		if r != nil {
			return r
		}
		rest = rest[i+n:]
	}
	if s.depth != 0 || s.elements == 0 {
		return reject(ReasonNotXML, "elements are not closed")
	}
	t.pass(ReasonDTD, ReasonComment, ReasonCDATA, ReasonProcessingInstruction, ReasonTooDeep, ReasonTooManyElements, ReasonTooManyAttributes)
	return nil
}

// skipDeclaration passes over the XML declaration, which may name UTF-8 alone.
func skipDeclaration(data []byte) ([]byte, *Rejection) {
	if !bytes.HasPrefix(data, []byte("<?xml ")) {
		return data, nil
	}
	end := bytes.Index(data[:min(len(data), maxDeclaration)], []byte("?>"))
	if end < 0 {
		return nil, reject(ReasonNotXML, "the XML declaration does not end")
	}
	words := bytes.Fields(bytes.ReplaceAll(data[len("<?xml "):end], []byte("'"), []byte(`"`)))
	order := []string{`version="1.0"`, `encoding="utf-8"`, `standalone="`}
	for _, w := range words {
		w = bytes.ToLower(w)
		for len(order) > 0 && !bytes.HasPrefix(w, []byte(order[0])) {
			order = order[1:]
		}
		if len(order) == 0 {
			return nil, reject(ReasonEncoding, "the XML declaration names something else than XML 1.0 in UTF-8")
		}
		order = order[1:]
	}
	return data[end+2:], nil
}

// tagCounter counts what the tags of a document add up to.
type tagCounter struct {
	*trial
	depth, elements, attributes int
}

// tag counts the tag at the start of b and returns its length.
func (s *tagCounter) tag(b []byte, l limits) (int, *Rejection) {
	if len(b) < 2 {
		return 0, reject(ReasonNotXML, "ends inside a tag")
	}
	switch b[1] {
	case '!', '?':
		if r := s.stands(rejectMarkup(b)); r != nil {
			return 0, r
		}
		return max(bytes.IndexByte(b, '>')+1, 2), nil
	case '/':
		s.depth--
		end := bytes.IndexByte(b, '>')
		if end < 0 || s.depth < 0 {
			return 0, reject(ReasonNotXML, "an end tag without its element")
		}
		return end + 1, nil
	}
	end, attributes := measureTag(b)
	if end < 0 {
		return 0, reject(ReasonNotXML, "ends inside a tag")
	}
	s.elements++
	s.attributes += attributes
	if b[end-1] != '/' {
		s.depth++
	}
	switch {
	case s.elements > l.elements && s.makes(ReasonTooManyElements):
		return 0, reject(ReasonTooManyElements, "more than %d elements", l.elements)
	case (attributes > maxElementAttrs || s.attributes > l.attributes) && s.makes(ReasonTooManyAttributes):
		return 0, reject(ReasonTooManyAttributes, "more than %d attributes, or %d on one element", l.attributes, maxElementAttrs)
	case s.depth > l.depth && s.makes(ReasonTooDeep):
		return 0, reject(ReasonTooDeep, "more than %d elements deep", l.depth)
	}
	return end + 1, nil
}

// measureTag returns the place of the ">" that ends a start tag, or -1, and how
// many "=" stand outside quotes.
func measureTag(b []byte) (end, attributes int) {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '>':
			return i, attributes
		case '<':
			return -1, 0
		case '=':
			attributes++
		case '"', '\'':
			n := bytes.IndexByte(b[i+1:], b[i])
			if n < 0 {
				return -1, 0
			}
			if bytes.IndexByte(b[i+1:i+1+n], '<') >= 0 { // XML §3.1: not even inside quotes
				return -1, 0
			}
			i += n + 1
		}
	}
	return -1, 0
}

func rejectMarkup(b []byte) *Rejection {
	switch {
	case b[1] == '?':
		return reject(ReasonProcessingInstruction, "processing instruction")
	case bytes.HasPrefix(b, []byte("<!--")):
		return reject(ReasonComment, "comment")
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		return reject(ReasonCDATA, "CDATA section")
	case bytes.HasPrefix(b, []byte("<!DOCTYPE")), bytes.HasPrefix(b, []byte("<!ENTITY")):
		return reject(ReasonDTD, "document type declaration")
	}
	return reject(ReasonNotXML, "unknown markup")
}
