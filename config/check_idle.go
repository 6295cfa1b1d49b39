package config

import (
	"fmt"
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
