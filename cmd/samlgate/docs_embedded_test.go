package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// The configuration in docs/embedded.md is one that check accepts.
func TestEmbeddedDocumentLoads(t *testing.T) {
	file := initIn(t, folder(t))
	block := blocks(t, "../../docs/embedded.md", "yaml")[0]
	change(t, file, "session:\n", strings.Replace(block, "/var/lib/samlgate", filepath.Dir(file), 1)+"session:\n")
	samlgate(t, "check", "--config", file).exits(exitOK)
	change(t, file, "state.db", "gone/state.db")
	samlgate(t, "check", "--config", file).exits(exitConfig).complains("store.embedded.path", "does not exist")
}
