package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// fence is a code block of a document and the language it claims to be.
var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```")

func blocks(t *testing.T, file, language string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no %s block", file, language)
	}
	return found
}

// Every configuration in the README works, with the keys that keygen makes.
func TestREADMEConfigurationsLoad(t *testing.T) {
	dir := t.TempDir()
	quiet := streams{out: io.Discard, err: io.Discard}
	if err := makeKeys(quiet, dir, "sso.example.com"); err != nil {
		t.Fatal(err)
	}
	idp, err := idptest.New(idptest.Config{EntityID: "https://idp.example.com/metadata", BaseURL: "https://idp.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	document, err := idp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("corp.xml", document)
	for from, to := range map[string]string{"sp.crt": "tls.crt", "sp.key": "tls.key"} {
		content, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			t.Fatal(err)
		}
		write(to, content)
	}
	for _, block := range blocks(t, "../../README.md", "yaml") {
		file := write("config.yaml", []byte(block))
		if _, err := config.Load(file, config.Options{}); err != nil {
			t.Errorf("%v\nin\n%s", err, block)
		}
		if code := run([]string{"check", "--config", file}, quiet); code != exitOK {
			t.Errorf("check says %d to\n%s", code, block)
		}
	}
}

// Every command in the documents exists, with the flags that stand there.
func TestDocumentedCommandsParse(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for file, language := range map[string]string{"../../README.md": "console", "../../deploy/README.md": "sh", "../../docs/key-rollover.md": "console", "../../docs/troubleshooting.md": "console", "../../docs/operations.md": "console", "../../docs/idp/README.md": "console",
		"../../docs/replace-another-sp.md": "console", "../../docs/embedded.md": "console", "../../docs/redis.md": "console", "../../docs/header-contract.md": "console"} {
		for _, block := range blocks(t, file, language) {
			for _, line := range strings.Split(strings.TrimSpace(block), "\n") {
				words := strings.Fields(line)
				switch {
				case words[0] == "make" && !strings.Contains(string(makefile), "\n"+words[1]+":"):
					t.Errorf("%s: make knows no %s", file, words[1])
				case filepath.Base(words[0]) == "samlgate":
					parses(t, file, words[1:])
				}
			}
		}
	}
}

func parses(t *testing.T, file string, args []string) {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("samlgate"), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Errorf("%s: samlgate %s: %v", file, strings.Join(args, " "), err)
	}
}
