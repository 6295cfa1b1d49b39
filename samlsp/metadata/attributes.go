package metadata

import "bytes"

// plainAttributes writes a line break or tab inside an attribute as a space,
// which is what XML means by it (XML 1.0 §3.3.3) and encoding/xml leaves out:
// an xsi:schemaLocation of two lines would not be what was signed.
func plainAttributes(data []byte) []byte {
	out := make([]byte, 0, len(data))
	var quote byte // of the attribute that is open
	inTag := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case quote != 0:
			if c == '\r' && i+1 < len(data) && data[i+1] == '\n' {
				continue
			}
			if c == '\n' || c == '\r' || c == '\t' {
				c = ' '
			}
			if c == quote {
				quote = 0
			}
		case inTag && (c == '"' || c == '\''):
			quote = c
		case inTag:
			inTag = c != '>'
		case c == '<':
			if n := aside(data[i:]); n > 0 {
				out = append(out, data[i:i+n]...)
				i += n - 1
				continue
			}
			inTag = true
		}
		out = append(out, c)
	}
	return out
}

// aside returns the length of the comment, CDATA section or processing
// instruction at the start of data, else 0.
func aside(data []byte) int {
	for opening, closing := range map[string]string{"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"} {
		if !bytes.HasPrefix(data, []byte(opening)) {
			continue
		}
		end := bytes.Index(data[len(opening):], []byte(closing))
		if end < 0 {
			return len(data)
		}
		return len(opening) + end + len(closing)
	}
	return 0
}
