package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"mime"
	"net/http"
	"strings"
)

const staticPath = "/static/"

// asset is a file under PREFIX/static/. Its name holds the hash of its bytes, so
// that it never changes and a browser need not ask twice.
type asset struct {
	name, media string
	body        []byte
}

// pictures are the media types a logo may have, and the ending of its name.
var pictures = map[string]string{
	"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif",
}

func newLogo(body []byte, media string) (*asset, error) {
	if len(body) == 0 {
		return nil, nil
	}
	if media == "" {
		media = http.DetectContentType(body)
		if strings.Contains(string(body[:min(len(body), 1024)]), "<svg") {
			media = "image/svg+xml"
		}
	}
	media, _, err := mime.ParseMediaType(media)
	ending, ok := pictures[media]
	if err != nil || !ok {
		return nil, errors.New("logo: an SVG, PNG, JPEG, WebP or GIF picture is required")
	}
	sum := sha256.Sum256(body)
	return &asset{name: "logo-" + hex.EncodeToString(sum[:8]) + ending, media: media, body: body}, nil
}

// Static serves the files that pages refer to, below PREFIX/static/, to anyone.
// Unknown names are 404 pages, other methods than GET and HEAD 405.
func (p *Pages) Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, p.prefix+staticPath)
		file := p.file(name)
		switch {
		case !ok || file == nil:
			p.Error(w, r, Problem{Code: NotFound})
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			p.Error(w, r, Problem{Code: Method, Allow: []string{http.MethodGet, http.MethodHead}})
		default:
			file.serve(w, r)
		}
	})
}

// serve sends the asset. An SVG opened on its own is a document: the policy
// leaves it without scripts and without our origin.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'")
	send(w, r, http.StatusOK, a.body)
}
