package config

import (
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reads asserts what a text means to a type; refuses, that it means nothing.
func reads[T any](t *testing.T, text string, want T) {
	t.Helper()
	var got T
	if err := setScalar(reflect.ValueOf(&got).Elem(), text); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q as %T = %v, %v; want %v", text, got, got, err, want)
	}
}

func refuses[T any](t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		var got T
		if err := setScalar(reflect.ValueOf(&got).Elem(), text); err == nil {
			t.Errorf("%q as %T = %v", text, got, got)
		} else if strings.Contains(err.Error(), text) && len(text) > 3 {
			t.Errorf("%q is quoted: %v", text, err)
		}
	}
}

func TestScalars(t *testing.T) {
	reads(t, "1h30m", 90*time.Minute)
	reads(t, "0", time.Duration(0))
	refuses[time.Duration](t, "7d", "2w", "30", "-1s", "soon", "1e99h", "99999999999999999999h")
	reads(t, "20/m", Rate{20, time.Minute})
	reads(t, "off", Rate{})
	refuses[Rate](t, "20", "0/m", "20/d", "-1/s", "20/m/s", "m", "Off")
	reads(t, "128MiB", Size(128<<20))
	reads(t, "0", Size(0))
	refuses[Size](t, "128 MiB", "-1", "1.5GiB", "MiB", "9999999999GiB", "8k", "1BB")
	reads(t, ":8443", Address{"tcp", ":8443"})
	reads(t, "[::1]:9090", Address{"tcp", "[::1]:9090"})
	reads(t, "unix:/run/x", Address{"unix", "/run/x"})
	refuses[Address](t, "8443", "host:http", "a b:80", "unix:relative", "::1:80", ":65536")
	reads(t, "true", true)
	refuses[bool](t, "yes", "True", "1", "on")
	refuses[int](t, "-1", "1.5", "0x10", "9999999999", "many")
	refuses[float64](t, "NaN", "Inf", "-1", "half")
	refuses[*time.Location](t, "Local", "../etc/passwd", "Mars")
}

func TestShapes(t *testing.T) {
	type in struct{ is, text string }
	for i, want := range map[in]string{
		{"routehost", "WIKI.Example.com.:8443"}:    "wiki.example.com",
		{"routehost", "*.Example.com"}:             "*.example.com",
		{"routehost", "*.localhost"}:               "*.localhost",
		{"routehost", "[::1]:80"}:                  "::1",
		{"routehost", "bücher.example"}:            "xn--bcher-kva.example",
		{"origin", "https://A.example.com:443/"}:   "https://a.example.com",
		{"origin", "http://app.localhost:8080"}:    "http://app.localhost:8080",
		{"email", "O'Brien@Example.COM"}:           "o'brien@example.com",
		{"prefix", "/sso/"}:                        "/sso",
		{"routepath", "/docs/"}:                    "/docs",
		{"pattern", "GET,POST /hook/"}:             "GET,POST /hook/",
		{"place", "https://wiki.example.com/quit"}: "https://wiki.example.com/quit",
	} {
		if got, err := shape(i.is, i.text); err != nil || got != want {
			t.Errorf("shape(%q, %q) = %q, %v; want %q", i.is, i.text, got, err, want)
		}
	}
	for is, texts := range map[string][]string{
		"slug":      {"", "-a", "A", "a b", "é", strings.Repeat("a", 64)},
		"routehost": {"", "*", "*.*", "a.*.b", "*a.b", "*.1.2.3.4", "a..b", "a/b", "-", "a b", "a:b:c"},
		"origin":    {"", "*", "null", "https://", "https://a/b", "https://a?x", "https://u@a", "http://a", "ftp://a", "https://a:0", "https://a:"},
		"email":     {"", "a", "@a", "a@", "a@b@c", "a b@c", "\"a\"@b", "a,b@c", "\u212aim@example.com", "a@b\n", "a@*.b"},
		"domain":    {"", "@a.b", "*.a.b", "a b", "1.2.3.4", "a."},
		"header":    {"", "a b", "X-Ü", "a:b", "TE", "Set-Cookie", "content-type", "CONTENT_LENGTH", "Sec-Fetch-Mode", "X-Auth-Audience", "X-Samlgate-Passive", "X_Forwarded_For", "Proxy"},
		"path":      {"", "a", "//a", "/a//b", "/./a", "/..", "/a/...", "/%2e", "/a;b", "/a\\b", "/a?b", "/a#b", "/a b", "/\xff"},
		"prefix":    {"/", "", "a", "//"},
		"pattern":   {"", "get /x", ",GET /x", " /x", "GET  /x", "/x y", "/*"},
		"place":     {"a", "//a", "javascript:alert(1)", "https://u:p@a/"},
		"language":  {"nl", "EN"},
		"hostport":  {"a", ":1", "a:0", "a:b"},
	} {
		for _, text := range texts {
			if got, err := shape(is, text); err == nil {
				t.Errorf("shape(%q, %q) = %q", is, text, got)
			}
		}
	}
}

func TestExpansion(t *testing.T) {
	dir := withKeys(t)
	x := expander{lookup: env}
	for text, want := range map[string]string{
		"plain $5":                       "plain $5",
		"a${env:IDLE}b${env:COUNT}":      "a20mb5",
		"${env:EMPTY:-x}":                "x",
		"${env:EMPTY:-}":                 "",
		"${env:IDLE:-x}":                 "20m",
		"$${env:IDLE}":                   "${env:IDLE}",
		"$${${env:IDLE}":                 "${20m",
		"${file:loop}":                   "${env:LOOP}", // never on its own result
		"${env:EMPTY:-$${env:x}":         "$${env:x",
		"${file:" + dir + "/leaky}":      "hush-this-is-what-a-file-held",
		"${env:IDLE}${file:leaky}$${x$$": "20mhush-this-is-what-a-file-held${x$$",
	} {
		if got, _, err := x.expand(text, dir); err != nil || got != want {
			t.Errorf("expand(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"${env:EMPTY}", "${env:NONE}", "${env:}", "${env:A B}", "${file:}", "${IDLE}", "${", "${env:IDLE",
		"${file:none}", "${file:.}", "${file:empty.txt}", "${file:/dev/zero}", "${file:" + fifo + "}"} {
		if got, _, err := x.expand(text, dir); err == nil {
			t.Errorf("expand(%q) = %q", text, got)
		}
	}
}

func TestHints(t *testing.T) {
	words := []string{"idle_timeout", "max_lifetime", "max_concurrent"}
	for word, want := range map[string]string{"idle_timout": "idle_timeout", "Idle-Timeout": "idle_timeout", "max_lifetiem": "max_lifetime",
		"colour": "", "": "", strings.Repeat("idle", 20): ""} {
		if got := hint(word, words); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("hint(%q) = %q", word, got)
		}
	}
}

func TestNoMessageQuotesWhatWasExpanded(t *testing.T) {
	// Every key of the schema in turn is given a value that it cannot like.
	for path := range schemaKeys() {
		block := strings.Split(strings.ReplaceAll(path, "[]", ""), ".")
		list := strings.Split(path, ".")
		text := ""
		for i, key := range block {
			text += "{" + key + ": "
			if strings.HasSuffix(list[i], "[]") {
				text += "["
			}
			_ = key
		}
		text += `"${env:HUSH} \t"`
		for i := len(list) - 1; i >= 0; i-- {
			if strings.HasSuffix(list[i], "[]") {
				text += "]"
			}
			text += "}"
		}
		_, err := Load("-", Options{Stdin: strings.NewReader(text), LookupEnv: env})
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
