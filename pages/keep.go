package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

// keepWords are what keep.js says. {when} is "in 2 minutes", or Soon.
type keepWords struct {
	IdleTitle  string `json:"idle_title"`
	Idle       string `json:"idle"`
	Stay       string `json:"stay"`
	Later      string `json:"later"`
	EndTitle   string `json:"end_title"`
	End        string `json:"end"`
	Understood string `json:"understood"`
	Over       string `json:"over"`
	OverWhat   string `json:"over_what"`
	SignIn     string `json:"sign_in"`
	Soon       string `json:"soon"`
}

// keeper is keep.js in one language.
type keeper struct {
	body []byte
	tag  string // entity tag (RFC 9110 §8.8.3)
}

// newKeepers makes the script in every language: a function, which is the same
// for everybody, called with the words.
func (p *Pages) newKeepers() error {
	script, err := files.ReadFile("templates/keep.js")
	if err != nil {
		return fmt.Errorf("reading keep.js: %w", err)
	}
	style, err := files.ReadFile("templates/keep.css")
	if err != nil {
		return fmt.Errorf("reading the style of keep.js: %w", err)
	}
	p.keepers = make(map[string]keeper)
	for _, c := range p.catalogues {
		gate, err := json.Marshal(map[string]any{"prefix": p.prefix, "lang": c.tag, "words": c.Keep, "style": compact(string(style))})
		if err != nil {
			return fmt.Errorf("writing keep.js: %w", err)
		}
		body := append(append([]byte("("), bytes.TrimSpace(script)...), ")("+string(gate)+");\n"...)
		sum := sha256.Sum256(body)
		p.keepers[c.tag] = keeper{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	}
	return nil
}

// Keep serves keep.js, which pages of apps may load to warn people before their
// session ends. It is the same for all who read the same language, and other
// sites cannot load it.
func (p *Pages) Keep() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, h := p.keepers[p.pick(r).tag], w.Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("ETag", k.tag)
		h.Set("Vary", "Accept-Language")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(k.body))
	})
}

// Remaining is how long a session has left, in whole seconds, for keep.js.
type Remaining struct {
	IdleEndsIn  int64 `json:"idle_ends_in"` // unless it is used meanwhile
	EndsIn      int64 `json:"ends_in"`
	IdleTimeout int64 `json:"idle_timeout"`
	// Person is some opaque marks. Answers about the same person share one.
	Person []string `json:"person"`
}

// Remaining answers 200 with what there is left.
func (p *Pages) Remaining(w http.ResponseWriter, r *http.Request, left Remaining) {
	body, err := json.Marshal(left)
	if err != nil {
		p.Error(w, r, Problem{Code: Internal})
		return
	}
	h := w.Header()
	commonHeaders(h, p.pick(r).tag)
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	send(w, r, http.StatusOK, append(body, '\n'))
}

// resume tells the pages of this origin that somebody has signed in, and closes
// the window that they opened for it. One that another site opened stays: it would
// see by the closing that there is a session.
const resume template.JS = `try { new BroadcastChannel("samlgate").postMessage("signed-in"); } catch {}
try { if (opener.location.origin === location.origin) close(); } catch {}`

// Resumed answers 200 with the page at the end of a sign-in in a window of its
// own; goOn leads on for whoever has no other.
func (p *Pages) Resumed(w http.ResponseWriter, r *http.Request, goOn string) {
	c := p.pick(r)
	page := p.page(c, c.Words.ResumedTitle, glyphCheck)
	page.What = c.fill(c.Words.ResumedWhat, nil)
	page.offer(c, []Action{{Kind: Continue, URL: goOn}})
	page.Script = resume
	p.write(w, r, c, http.StatusOK, "resumed", page)
}
