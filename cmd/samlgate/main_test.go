package main

import (
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	samlgate(t, "version").exits(exitOK).prints("samlgate ", "go1.")
}

// Help is read in terminals of 80 columns, and needs no other page.
func TestHelp(t *testing.T) {
	commands := []string{"serve", "check", "init", "demo", "keygen", "metadata", "logins", "try", "log", "version"}
	samlgate(t, "--help").exits(exitOK).prints(commands...)
	for _, c := range append(commands, "") {
		s := samlgate(t, strings.Fields(c+" --help")...).exits(exitOK)
		for line := range strings.Lines(s.out) {
			if n := len(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", s.line, n, line)
			}
		}
		if s.err != "" || strings.Contains(s.out, "${") {
			t.Errorf("%s: %s%s", s.line, s.out, s.err)
		}
	}
}

// A slip of the fingers gets a hint, and the code of a mistake.
func TestMistypes(t *testing.T) {
	for line, want := range map[string]string{
		"":                                   `Run "samlgate --help"`,
		"serv":                               `did you mean one of "serve"`,
		"frobnicate":                         `unexpected argument frobnicate`,
		"check --nofiles":                    `did you mean "--no-files"`,
		"init --url https://sso.example.com": `Run "samlgate init --help"`,
		"keygen":                             `missing flags: --out=DIR`,
		"serve now":                          `unexpected argument now`,
	} {
		s := samlgate(t, strings.Fields(line)...).exits(exitConfig).complains(want)
		if s.out != "" {
			t.Errorf("%s prints %q to standard output", s.line, s.out)
		}
	}
}
