package config

import (
	"fmt"
	"slices"
	"strings"
)

// ignorePaths: where every request is ignored, nobody ever uses a session.
func (c *checker) ignorePaths(patterns []string) {
	for i, pattern := range patterns {
		if isEverything(pattern) {
			c.warn(fmt.Sprintf("session.ignore_paths[%d]", i), "is every path: a session ends idle_timeout after the sign-in, however much it is used")
		}
	}
}

// isEverything reports whether a pattern covers every path.
func isEverything(pattern string) bool { return pattern[strings.LastIndexByte(pattern, ' ')+1:] == "/" }

// onIdle: people are sent to one address, which the operator alone decides.
func (c *checker) onIdle(value string) {
	const path = "session.on_idle"
	words := []string{"login", "page", "slo_url"}
	if c.unknown(path) || slices.Contains(words, value) {
		return
	}
	u, err := parseURL(value)
	switch {
	case err != nil || !isWebURL(value) || !isASCII(value) || strings.Contains(value, "\\"):
		c.mistake(path, "%s is not login, page, slo_url or an http or https URL%s", c.quoted(path), c.hint(path, value, words))
	case c.ownHost(u.Hostname()) && inPrefix(c.cfg.Server.Prefix, u.Path):
		c.mistake(path, "is an address of the gateway itself; the words login and page say what it should do")
	}
}
