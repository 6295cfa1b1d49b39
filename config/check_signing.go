package config

import (
	"fmt"
	"slices"
	"time"
)

const topSigning = "headers.signing"

func routeSigning(i int) string { return fmt.Sprintf("routes[%d].headers.signing", i) }

// signingAt returns where a key of a signing block is written: in the route's
// own, or in the one it inherits.
func (c *checker) signingAt(block, key string) string {
	if c.given(block + key) {
		return block + key
	}
	return topSigning + key
}

// signing: apps that cannot tell our headers from anybody's need a written reason.
func (c *checker) signing() {
	h := &c.cfg.Headers
	c.signingReason(h)
	if h.Signing != nil {
		c.signingBlock(topSigning, h.Signing)
	}
	for i, r := range c.cfg.Routes {
		if block := routeSigning(i); c.given(block) && r.Headers.Signing != nil {
			c.signingBlock(block, r.Headers.Signing)
		}
	}
	c.keyIDs()
}

func (c *checker) signingReason(h *Headers) {
	const skip = "headers.insecure_skip_signing"
	unsigned := 0
	for i, r := range c.cfg.Routes {
		block := routeSigning(i)
		if r.Headers.Signing.signed() || c.signingUnknown(block) {
			continue
		}
		unsigned++
		if c.given(block) && h.InsecureSkipSigning == "" {
			c.mistake(block, "leaves this app without a token and without a signature: it must be able to tell that headers are ours")
		}
	}
	signed := h.Signing.signed() || c.signingUnknown(topSigning) || len(c.cfg.Routes) > 0 && unsigned == 0
	switch {
	case signed && h.InsecureSkipSigning != "":
		c.mistake(skip, "contradicts headers.signing: take one of them out")
	case !signed && h.InsecureSkipSigning == "":
		c.mistake(topSigning, "is required: apps must be able to tell that headers are ours; "+
			"headers.insecure_skip_signing would need a reason")
	case !signed:
		c.warn(skip, "apps cannot tell our headers from forged ones: whoever reaches an app past the gateway is anybody")
	}
}

func (c *checker) signingUnknown(block string) bool {
	return slices.ContainsFunc([]string{topSigning, block, topSigning + ".jwt.header", block + ".jwt.header",
		topSigning + ".http_signature.enabled", block + ".http_signature.enabled"}, c.unknown)
}

// signingBlock checks what is written in one block.
func (c *checker) signingBlock(block string, s *Signing) {
	if path, ttl := block+".jwt.ttl", s.JWT.TTL; c.given(path) && (ttl < 4*time.Second || ttl > 5*time.Minute) && !c.unknown(path) {
		c.mistake(path, "must be from 4s to 5m") // what headers.NewSigner takes
	}
	if path, ttl := block+".http_signature.ttl", s.HTTPSignature.TTL; c.given(path) && (ttl < time.Second || ttl > 5*time.Minute) && !c.unknown(path) {
		c.mistake(path, "must be from 1s to 5m") // what headers.NewMessageSigner takes
	}
	if path := block + ".http_signature.content_digest_bytes"; s.HTTPSignature.ContentDigestBytes > 1<<20 && c.given(path) && !c.unknown(path) {
		c.mistake(path, "must be at most 1MiB: so much of each body is held in memory before the request leaves")
	}
	if path := block + ".jwt.issuer"; !isPrintable(s.JWT.Issuer) && !c.unknown(path) {
		c.mistake(path, "holds a control character")
	}
	if s.signed() {
		c.require(c.signingAt(block, ".keys"), len(s.Keys) > 0, "one key, made by \"samlgate keygen\": {id: k1, file: signing.key}")
	}
	if !c.given(block + ".keys") {
		return
	}
	for i, k := range s.Keys {
		path := fmt.Sprintf("%s.keys[%d]", block, i)
		c.require(path+".id", k.ID != "", "the name apps know the key by (kid)")
		c.require(path+".file", k.File != "", "a key made by \"samlgate keygen\"")
	}
}

// A ring is one list of signing keys as it is written, and the routes that it
// is in force for.
type ring struct {
	path   string
	keys   []SigningKey
	routes []string
}

func (c *checker) rings() []ring {
	var own []ring
	top := ring{path: topSigning + ".keys"}
	if s := c.cfg.Headers.Signing; s != nil {
		top.keys = s.Keys
	}
	for i, r := range c.cfg.Routes {
		switch path := routeSigning(i) + ".keys"; {
		case r.Headers.Signing == nil:
		case c.given(path):
			own = append(own, ring{path, r.Headers.Signing.Keys, []string{r.Name}})
		default:
			top.routes = append(top.routes, r.Name)
		}
	}
	return append([]ring{top}, own...)
}

// keyIDs refuses one id for two keys: in jwks.json apps find a key by its id
// alone.
func (c *checker) keyIDs() {
	files := map[string]Path{}
	for _, r := range c.rings() {
		here := map[string]bool{}
		for i, k := range r.keys {
			path := fmt.Sprintf("%s[%d].id", r.path, i)
			file, known := files[k.ID]
			switch {
			case k.ID == "":
			case here[k.ID]:
				c.mistake(path, "two keys have the id %s", c.quoted(path))
			case known && file != k.File:
				c.mistake(path, "another key, elsewhere in this configuration, has the id %s", c.quoted(path))
			}
			files[k.ID], here[k.ID] = k.File, true
		}
	}
}
