package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/samlsp"
)

// paths are the further addresses of our endpoints.
func paths(cfg *config.Config) signin.Paths {
	return signin.Paths{
		Login: alias(cfg.Server.Paths.Login), Logout: alias(cfg.Server.Paths.Logout),
		Metadata: cfg.SAML.Paths.Metadata, ACS: cfg.SAML.Paths.ACS, SLO: cfg.SAML.Paths.SLO, SOAP: cfg.SAML.Paths.SOAP,
	}
}

// alias reads a path, or an URL whose host and path count.
func alias(place string) []signin.Alias {
	if place == "" {
		return nil
	}
	if strings.HasPrefix(place, "/") {
		return []signin.Alias{{Path: place}}
	}
	u, err := url.Parse(place)
	if err != nil {
		return nil
	}
	host, err := route.CanonicalHost(u.Host)
	if err != nil {
		return nil
	}
	return []signin.Alias{{Host: host, Path: u.Path}}
}

// placeOf is the address of a route, on the first of its hosts that has a name;
// empty where no route is called so.
func placeOf(cfg *config.Config, name string) string {
	for _, r := range cfg.Routes {
		for _, host := range r.Hosts {
			if r.Name != name || strings.HasPrefix(host, "*") {
				continue
			}
			if port := cfg.Server.ExternalURL.Port(); port != "" {
				host += ":" + port
			}
			return cfg.Server.ExternalURL.Scheme + "://" + host + r.Path
		}
	}
	return ""
}

// endpoint is the URL of one of our SAML endpoints: at the path an IdP already
// knows, or below the prefix.
func endpoint(cfg *config.Config, known, own string) string {
	if known == "" {
		known = cfg.Server.Prefix + "/saml/" + own
	}
	return cfg.Server.ExternalURL.Scheme + "://" + cfg.Server.ExternalURL.Host + known
}

// metadataHandler serves the SP metadata, made anew for each request so that
// its validUntil never runs out.
func metadataHandler(sp *samlsp.ServiceProvider) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		doc, err := sp.Metadata()
		if err != nil {
			http.Error(w, "metadata cannot be made", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/samlmetadata+xml; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", entityTag(doc))
		if match := r.Header.Get("If-None-Match"); match != "" && strings.Contains(match, entityTag(doc)) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(doc)
	})
}

// entityTag is the strong tag of a document (RFC 9110 §8.8.3).
func entityTag(doc []byte) string {
	sum := sha256.Sum256(doc)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}
