package idptest

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

const pageScript = "document.forms[0].submit()"

// view is what a page shows: a sentence, people to choose from, or a form that
// sends itself.
type view struct {
	Title, Text string
	Action      string // of the form; "" = no form
	Hidden      []field
	People      []Person
	Continue    bool // the form has one button and sends itself

	Style  template.CSS
	Script template.JS
}

type field struct{ Name, Value string }

func fields(pairs ...string) []field {
	var out []field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, field{pairs[i], pairs[i+1]})
		}
	}
	return out
}

// chooser offers everybody. The request goes along in the address (redirect
// binding: its signature covers those very octets) or in hidden fields.
func chooser(p *IDP, r *http.Request, q Request) view {
	v := view{
		Title: "Who would you like to be?", Text: q.Issuer + " asks who you are.",
		Action: p.base.Path + "/sso", People: p.people,
	}
	if r.URL.Query().Get("SAMLRequest") != "" {
		v.Action += "?" + r.URL.RawQuery
		return v
	}
	v.Hidden = fields("SAMLRequest", r.PostFormValue("SAMLRequest"), "RelayState", q.RelayState)
	return v
}

func (p *IDP) problem(w http.ResponseWriter, status int, text string) {
	p.page(w, status, view{Title: "This did not work", Text: "Sorry: " + text + "."})
}

// page renders v. The policy has no form-action where a Response is posted:
// browsers apply it to the redirects that follow too, and the app's host, to
// which the service provider sends people on, is not known here.
func (p *IDP) page(w http.ResponseWriter, status int, v view) {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		http.Error(w, "the page is broken", http.StatusInternalServerError)
		return
	}
	policy := "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src " + hashSource(pageStyle)
	v.Style = template.CSS(pageStyle)
	if v.Continue {
		v.Script = pageScript
		policy += "; script-src " + hashSource(pageScript)
	} else {
		policy += "; form-action 'self'"
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		http.Error(w, "the page is broken", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // no-referrer would make the Origin of our own form "null"
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// hashSource allows exactly this inline text (CSP Level 3 §2.3.1).
func hashSource(text string) string {
	d := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(d[:]) + "'"
}
