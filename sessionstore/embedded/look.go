package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Look reports in words what is at path, without opening it or changing anything,
// and what would keep a gateway from starting with it, as far as the outside shows.
func Look(path string) (string, error) {
	at := place{path}
	marker, err := os.Open(at.marker())
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "is not there yet; the first start makes it", nil
		}
		return at.outside()
	}
	if err != nil {
		return "", err
	}
	defer marker.Close()
	there, err := at.exists(marker)
	switch {
	case err != nil:
		return "", at.broken(err)
	case !there:
		return "is not there yet; the first start makes it", nil
	}
	return at.outside()
}

func (p place) outside() (string, error) {
	if err := inspect(p.file); err != nil {
		return "", p.broken(err)
	}
	info, err := os.Stat(p.file)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("is there, %d bytes", info.Size()), nil
}
