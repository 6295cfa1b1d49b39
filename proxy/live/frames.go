package live

import "encoding/binary"

// The opcodes of RFC 6455 §5.2 that concern us: those from opControl on are
// control frames.
const (
	opControl = 0x8
	opClose   = 0x8
)

// frames follows the frames of one direction of a WebSocket, without looking at
// what they carry.
type frames struct {
	head []byte // of a frame, as far as it has come
	left uint64 // bytes of the payload still to come
}

// follow goes on over p and calls frame for each that begins.
func (f *frames) follow(p []byte, frame func(opcode byte)) {
	for len(p) > 0 {
		if f.left > 0 {
			n := min(f.left, uint64(len(p)))
			f.left -= n
			p = p[n:]
			continue
		}
		f.head = append(f.head, p[0])
		p = p[1:]
		if size, whole := f.payload(); whole {
			opcode := f.head[0] & 0xf
			f.head, f.left = f.head[:0], size
			frame(opcode)
		}
	}
}

// payload returns the length of what follows a whole head: RFC 6455 §5.2.
func (f *frames) payload() (size uint64, whole bool) {
	if len(f.head) < 2 {
		return 0, false
	}
	need, n := 2, int(f.head[1]&0x7f)
	switch n {
	case 126:
		need += 2
	case 127:
		need += 8
	}
	from := need
	if f.head[1]&0x80 != 0 { // the mask
		need += 4
	}
	if len(f.head) < need {
		return 0, false
	}
	switch n {
	case 126:
		return uint64(binary.BigEndian.Uint16(f.head[2:])), true
	case 127:
		return binary.BigEndian.Uint64(f.head[from-8:]), true
	}
	return uint64(n), true
}

// between reports whether a frame may begin here.
func (f *frames) between() bool { return f.left == 0 && len(f.head) == 0 }

// closeFrame is an unmasked close frame, as servers send it: RFC 6455 §5.5.1.
func closeFrame(code uint16, reason string) []byte {
	b := []byte{0x80 | opClose, byte(2 + len(reason))}
	return append(binary.BigEndian.AppendUint16(b, code), reason...)
}
