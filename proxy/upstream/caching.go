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
