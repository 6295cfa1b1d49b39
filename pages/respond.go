package pages

import (
	"bytes"
	"net/http"
	"strconv"
)

// vary lists what the choice between page and twin, and the language, depend on.
const vary = "Accept, Accept-Language, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site, X-Requested-With"

// commonHeaders sets what every page and its twin carry, and takes back what a
// handler may have set for the body that is not sent now.
func commonHeaders(h http.Header, tag string) {
	for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Range", "Content-Disposition", "Etag", "Last-Modified", "Expires"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Language", tag)
	h.Add("Vary", vary)
}

// write renders a page. The whole page is made first, so that a failure is a
// short plain answer and never half a page.
func (p *Pages) write(w http.ResponseWriter, r *http.Request, c *catalogue, status int, name string, page *page) {
	var body bytes.Buffer
	h := w.Header()
	commonHeaders(h, c.tag)
	h.Set("Content-Security-Policy", page.policy())
	if err := p.template.ExecuteTemplate(&body, name, page); err != nil {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		send(w, r, http.StatusInternalServerError, []byte(c.Problems[Internal].Title+"\n"))
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	send(w, r, status, body.Bytes())
}

// send writes a body of known length, and none to HEAD (RFC 9110 §9.3.2). When
// writing fails the caller has gone, and there is nobody left to tell.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
