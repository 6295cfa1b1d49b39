package config

import (
	"bytes"
	"net/http"
	"slices"
)

// maxIDPLogo bounds the picture of one identity provider: the chooser shows
// them all, on telephones too.
const maxIDPLogo = 256 << 10

// logo reads a picture of at most most bytes.
func (c *checker) logo(path string, f *File, most int) {
	if !c.content(path, f) {
		return
	}
	switch {
	case len(f.Content) > most:
		c.mistake(path, "%s is larger than %d KiB", c.quoted(path), most>>10)
	case !isPicture(f.Content):
		c.mistake(path, "%s is no picture; an SVG, PNG, JPEG, WebP or GIF file is wanted", c.quoted(path))
	}
}

// isPicture goes by the first bytes, as pages does.
func isPicture(data []byte) bool {
	return bytes.Contains(data[:min(len(data), 1024)], []byte("<svg")) ||
		slices.Contains([]string{"image/png", "image/jpeg", "image/webp", "image/gif"}, http.DetectContentType(data))
}
