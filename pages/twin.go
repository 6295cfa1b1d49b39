package pages

import (
	"encoding/json"
	"maps"
	"net/http"
)

// twin is an error page for programs.
type twin struct {
	Error     Code   `json:"error"`
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
	LoginURL  string `json:"login_url,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// writeTwin answers in JSON. It names no person: an answer to a script may be
// read by whoever wrote the script.
func (p *Pages) writeTwin(w http.ResponseWriter, r *http.Request, c *catalogue, e Problem) {
	args := maps.Clone(e.Args)
	delete(args, "email")
	if e.Status == http.StatusUnauthorized {
		args = nil
	} else {
		e.LoginURL = ""
	}
	body, err := json.Marshal(twin{
		Error: e.Code, Message: c.fill(c.Problems[e.Code].What, args).String(),
		RequestID: clean(e.RequestID), LoginURL: e.LoginURL, Reason: e.Reason,
	})
	if err != nil {
		body = []byte(`{"error":"internal"}`)
	}
	h := w.Header()
	commonHeaders(h, c.tag)
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	send(w, r, e.Status, append(body, '\n'))
}
