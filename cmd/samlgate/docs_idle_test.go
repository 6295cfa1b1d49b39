package main

import (
	"strings"
	"testing"
)

// The configuration of docs/idle.md is one that check accepts.
func TestIdleDocumentLoads(t *testing.T) {
	file := initIn(t, folder(t))
	_, block, found := strings.Cut(blocks(t, "../../docs/idle.md", "yaml")[0], "cookie_keys: [\"${file:cookie.key}\"]\n")
	if !found {
		t.Fatal("the document has no cookie_keys")
	}
	change(t, file, "  idle_timeout: 30m\n", block)
	samlgate(t, "check", "--config", file).exits(exitOK)
}
