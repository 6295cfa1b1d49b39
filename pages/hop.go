package pages

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
)

// Hop is a page that nobody sees: it leads on at once, and takes care of the
// fragment of an address, which no server is told (RFC 3986 §3.5).
type Hop struct {
	To   string // where it leads
	Key  string // under which the browser keeps the fragment meanwhile, in this tab
	Note string // name of the cookie that says that a fragment is kept
	Path string // of that cookie
}

// leave keeps the fragment of the address and notes that there is one. A
// browser that forbids either loses the fragment and goes on.
const leave template.JS = `const d = document.body.dataset;
if (location.hash.length > 1 && location.hash.length <= 8192) try {
sessionStorage.setItem(d.key, location.hash);
document.cookie = d.note + "=1; Path=" + d.path + "; Max-Age=600; SameSite=Lax" + (location.protocol === "https:" ? "; Secure" : "");
} catch {}
location.replace(d.to);`

// arrive puts the fragment back. What the app's own scripts may have written
// there instead is a fragment all the same, and leads nowhere else.
const arrive template.JS = `const d = document.body.dataset;
let kept = "";
try {
kept = sessionStorage.getItem(d.key) || "";
sessionStorage.removeItem(d.key);
} catch {}
location.replace(kept.startsWith("#") && !d.to.includes("#") ? d.to + kept : d.to);`

// Leave leads to a login and keeps the fragment for [Pages.Arrive].
func (p *Pages) Leave(w http.ResponseWriter, r *http.Request, hop Hop) { p.hop(w, r, hop, leave) }

// Arrive leads to where somebody wanted to go before [Pages.Leave].
func (p *Pages) Arrive(w http.ResponseWriter, r *http.Request, hop Hop) { p.hop(w, r, hop, arrive) }

func (p *Pages) hop(w http.ResponseWriter, r *http.Request, hop Hop, script template.JS) {
	c := p.pick(r)
	h := w.Header()
	commonHeaders(h, c.tag)
	h.Set("Content-Security-Policy", "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'; script-src "+hash(string(script)))
	h.Set("Content-Type", "text/html; charset=utf-8")
	var body bytes.Buffer
	err := p.template.ExecuteTemplate(&body, "hop", struct {
		Hop
		Lang, Title, Go string
		Script          template.JS
	}{hop, c.tag, c.Words.PostTitle, c.Actions[Continue], script})
	if err != nil { // there is still the way without a fragment
		h.Set("Location", hop.To)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	send(w, r, http.StatusOK, body.Bytes())
}

// CanHop reports whether a navigation comes from a browser of people, which
// runs scripts and may hold a fragment. Programs that ask for a page in a
// browser's words get the plain redirect.
func CanHop(r *http.Request) bool {
	h := r.Header
	return r.Method == http.MethodGet && h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document" &&
		h.Get("Upgrade-Insecure-Requests") == "1" && strings.HasPrefix(h.Get("User-Agent"), "Mozilla/5.0 ")
}
