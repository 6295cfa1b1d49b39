package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The first two pages of a bbolt file say where everything is. bbolt maps the
// file into memory and believes them: in a file that was cut short it reads
// beyond the end, which ends the process. So they are read first.
const (
	pageHeader = 16 // id 8, flags 2, count 2, overflow 4
	metaLen    = 64 // magic 4, version 4, page size 4, flags 4, root 16, freelist 8, high water 8, transaction 8, checksum 8
	metaFlag   = 4
	boltMagic  = 0xED0CDAED
	boltFormat = 2
	largest    = 64 << 10 // bytes of a page
)

// meta is one of the two pages.
type meta struct{ pageSize, root, freelist, highWater, transaction uint64 }

// inspect reports what is wrong with the size of a file and its two first pages.
// Both must be whole: without one of them the last change may be missing, and
// with it the end of a session.
func inspect(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a file")
	case info.Size() == 0:
		return errors.New("it is empty")
	}
	return inspectPages(f, uint64(info.Size()))
}

func inspectPages(f io.ReaderAt, size uint64) error {
	zero, err := readMeta(f, 0)
	if err != nil {
		return fmt.Errorf("its first page is damaged: %w", err)
	}
	one, err := readMeta(f, int64(zero.pageSize))
	switch {
	case err != nil:
		return fmt.Errorf("its second page is damaged: %w", err)
	case one.pageSize != zero.pageSize:
		return errors.New("its first two pages contradict each other")
	}
	for _, m := range []meta{zero, one} {
		if m.highWater > size/m.pageSize {
			return fmt.Errorf("it was cut short: %d bytes of %d are there", size, m.highWater*m.pageSize)
		}
		if m.root < 2 || m.root >= m.highWater || m.freelist < 2 || m.freelist >= m.highWater {
			return errors.New("its first two pages lead nowhere")
		}
	}
	return nil
}

// readMeta reads the page that begins at offset. Numbers are in the byte order
// of the machine.
func readMeta(f io.ReaderAt, offset int64) (m meta, err error) {
	b := make([]byte, pageHeader+metaLen)
	if _, err := f.ReadAt(b, offset); err != nil {
		return m, errors.New("it is too short")
	}
	order := binary.NativeEndian
	if order.Uint16(b[8:]) != metaFlag {
		return m, errors.New("it is another page")
	}
	b = b[pageHeader:]
	if order.Uint32(b) != boltMagic || order.Uint32(b[4:]) != boltFormat {
		return m, errors.New("it is not that of a session store")
	}
	h := fnv.New64a()
	_, _ = h.Write(b[:metaLen-8])
	if h.Sum64() != order.Uint64(b[metaLen-8:]) {
		return m, errors.New("its checksum is wrong")
	}
	m = meta{uint64(order.Uint32(b[8:])), order.Uint64(b[16:]), order.Uint64(b[32:]), order.Uint64(b[40:]), order.Uint64(b[48:])}
	if m.pageSize < 512 || m.pageSize > largest || m.pageSize&(m.pageSize-1) != 0 {
		return m, errors.New("its size makes no sense")
	}
	return m, nil
}
