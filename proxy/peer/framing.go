package peer

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// framing follows the bytes of an HTTP/1 client connection from message to
// message, without keeping bodies. It looks for what [Guard] refuses. It reads
// lines as net/http does; where it cannot follow it says so instead of
// guessing.
type framing struct {
	state   func(*framing, []byte) (used int, verdict verdict)
	line    []byte // of the head or chunk, as far as it has come; the server bounds it
	left    uint64 // bytes of body or chunk still to come
	head    head
	upgrade bool // the last complete head asked for an upgrade

	expectations bool // refuse those that nobody meets
	unmet        bool // such a one was refused
}

// head is what matters of one request head.
type head struct {
	begun     bool // the request line has come
	http11    bool
	lengths   int
	encodings int
	length    string
	encoding  string
	upgrade   bool
	expected  bool
	unmet     bool
	bad       bool
}

type verdict int

const (
	fine   verdict = iota
	refuse         // the byte read last ends a head that must be answered with 400
	lost           // the framing is broken: read no further
)

// feed follows p and returns how much of it may be passed on. With refuse the
// last byte used is the line feed that ends the head.
func (f *framing) feed(p []byte) (int, verdict) {
	if f.state == nil {
		f.state = (*framing).readHead
	}
	used := 0
	for used < len(p) {
		n, v := f.state(f, p[used:])
		used += n
		if v != fine {
			return used, v
		}
	}
	return used, fine
}

// nextLine collects a line; ok is false while its end has not come.
func (f *framing) nextLine(p []byte) (line []byte, used int, ok bool) {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		f.line = append(f.line, p...)
		return nil, len(p), false
	}
	line = append(f.line, p[:end]...)
	f.line = f.line[:0]
	return bytes.TrimSuffix(line, []byte("\r")), end + 1, true
}

func (f *framing) readHead(p []byte) (int, verdict) {
	line, used, ok := f.nextLine(p)
	switch {
	case !ok:
		return used, fine
	case len(line) > 0 && !f.head.begun:
		f.head.begun = true
		f.head.http11 = bytes.HasSuffix(line, []byte(" HTTP/1.1"))
		return used, fine
	case len(line) > 0:
		f.head.field(line)
		return used, fine
	case !f.head.begun: // RFC 9112 §2.2: an empty line before a request means nothing
		return used, fine
	}
	return used, f.endHead()
}

// field looks at one header line.
func (h *head) field(line []byte) {
	if line[0] == ' ' || line[0] == '\t' {
		h.bad = true // RFC 9112 §5.2: a folded line may hide a field from the next reader
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch strings.ToLower(string(bytes.TrimSpace(name))) {
	case "content-length":
		h.lengths++
		h.length = string(bytes.Trim(value, " \t"))
	case "transfer-encoding":
		h.encodings++
		h.encoding = string(bytes.Trim(value, " \t"))
	case "upgrade":
		h.upgrade = true
	case "expect":
		h.expect(strings.ToLower(string(bytes.TrimSpace(value))))
	}
}

// expect judges the first Expect as the server does: RFC 9110 §10.1.1 knows
// "100-continue" alone, anything else may be answered with 417.
func (h *head) expect(value string) {
	if !h.expected {
		members := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,\t", r) })
		h.expected, h.unmet = true, value != "" && !slices.Contains(members, "100-continue")
	}
}

// endHead judges a complete head and prepares for its body.
func (f *framing) endHead() verdict {
	h := f.head
	f.head, f.upgrade = head{}, h.upgrade
	switch {
	case h.bad || h.lengths > 1 || h.encodings > 1,
		h.encodings > 0 && h.lengths > 0, // RFC 9112 §6.3, item 3: two lengths
		h.encodings > 0 && !h.http11:     // RFC 9112 §6.1: faulty framing
		return refuse
	case f.expectations && h.unmet:
		f.unmet = true
		return refuse
	case h.encodings > 0:
		if !strings.EqualFold(h.encoding, "chunked") {
			return refuse
		}
		f.state = (*framing).readChunkSize
	case h.lengths > 0:
		n, err := strconv.ParseUint(h.length, 10, 63)
		if err != nil {
			return refuse
		}
		f.left, f.state = n, (*framing).readBody
		if n == 0 {
			f.state = (*framing).readHead
		}
	}
	return fine
}

func (f *framing) skip(p []byte, then func(*framing, []byte) (int, verdict)) (int, verdict) {
	n := min(uint64(len(p)), f.left)
	if f.left -= n; f.left == 0 {
		f.state = then
	}
	return int(n), fine
}

func (f *framing) readBody(p []byte) (int, verdict) { return f.skip(p, (*framing).readHead) }
func (f *framing) readData(p []byte) (int, verdict) { return f.skip(p, (*framing).readDataEnd) }

// readChunkSize reads the line in front of a chunk (RFC 9112 §7.1).
func (f *framing) readChunkSize(p []byte) (int, verdict) {
	line, used, ok := f.nextLine(p)
	if !ok {
		return used, fine
	}
	size, _, _ := bytes.Cut(line, []byte(";"))
	n, err := strconv.ParseUint(string(bytes.TrimRight(size, " \t")), 16, 63)
	if err != nil {
		return used, lost
	}
	if f.left, f.state = n, (*framing).readData; n == 0 {
		f.state = (*framing).readTrailer
	}
	return used, fine
}

// readDataEnd reads the line end behind a chunk.
func (f *framing) readDataEnd(p []byte) (int, verdict) {
	line, used, ok := f.nextLine(p)
	if ok && len(line) > 0 {
		return used, lost
	}
	if ok {
		f.state = (*framing).readChunkSize
	}
	return used, fine
}

func (f *framing) readTrailer(p []byte) (int, verdict) {
	line, used, ok := f.nextLine(p)
	if ok && len(line) == 0 {
		f.state = (*framing).readHead
	}
	return used, fine
}
