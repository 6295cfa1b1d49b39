package upstream

import (
	"net/http"
	"strings"
)

// PrivateCaching makes a response that belongs to one person unfit for shared
// caches (RFC 9111 §3.5): "public" and "s-maxage" go, "private" is added unless
// "private" or "no-store" is there, and the headers that speak to one cache
// only (RFC 9213, Edge Architecture) go. Everything else in Cache-Control keeps its
// order; several lines become one.
func PrivateCaching(h http.Header) {
	h.Del("Cdn-Cache-Control")
	h.Del("Surrogate-Control")
	for name := range h { // RFC 9213 §2.2: "Cloudflare-CDN-Cache-Control" and the like
		if strings.HasSuffix(name, "-Cdn-Cache-Control") {
			delete(h, name)
		}
	}
	kept, private := []string{}, false
	for _, directive := range directives(strings.Join(h["Cache-Control"], ",")) {
		name, _, argued := strings.Cut(directive, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "public", "s-maxage":
			continue
		case "private":
			// private="Set-Cookie" lets a shared cache keep the rest
			// (RFC 9111 §5.2.2.7), so only the bare form is enough.
			if argued {
				continue
			}
			private = true
		case "no-store":
			private = true
		}
		kept = append(kept, directive)
	}
	if !private {
		kept = append(kept, "private")
	}
	h["Cache-Control"] = []string{strings.Join(kept, ", ")}
}

// AskAgain makes a browser ask before it shows a response from its own cache
// once more: whoever uses the browser next must not read what the person before
// was shown, and only we know that their session has ended. Style sheets,
// scripts, pictures, fonts and media say little about a person and keep their
// lifetime, since an app that reloads all of them at every click is no use.
func AskAgain(h http.Header) {
	media, _, _ := strings.Cut(strings.ToLower(h.Get("Content-Type")), ";")
	media = strings.TrimSpace(media)
	kind, _, _ := strings.Cut(media, "/")
	switch {
	case media == "text/css", media == "application/javascript", media == "text/javascript", media == "application/wasm",
		kind == "image", kind == "font", kind == "audio", kind == "video":
		return
	}
	for _, directive := range directives(strings.Join(h["Cache-Control"], ",")) {
		if d := strings.ToLower(directive); d == "no-cache" || d == "no-store" {
			return
		}
	}
	h.Add("Cache-Control", "no-cache") // RFC 9111 §5.2.2.4, stronger than any max-age beside it
}

// directives splits at commas outside quoted strings (RFC 9110 §5.6.4). An
// unclosed quote does not hide what follows: the rest is split plainly.
func directives(s string) []string {
	var out []string
	add := func(d string) {
		if d = strings.Trim(d, " \t"); d != "" {
			out = append(out, d)
		}
	}
	start, quoted, opened := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			if quoted = !quoted; quoted {
				opened = i
			}
		case s[i] == ',' && !quoted:
			add(s[start:i])
			start = i + 1
		}
	}
	if !quoted {
		add(s[start:])
		return out
	}
	add(s[start:opened])
	for d := range strings.SplitSeq(s[opened+1:], ",") {
		add(d)
	}
	return out
}
