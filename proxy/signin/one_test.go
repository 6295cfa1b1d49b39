package signin

import (
	"net/http"
	"testing"
)

// FuzzOneCookie reads Cookie headers as net/http does, or finds less in them.
func FuzzOneCookie(f *testing.F) {
	for _, line := range []string{
		"s=1", "s=1; s=2", "a=b; s=1; c=d", "S=1", " s = 1 ", `s="1"`, `s="`, "s", "s=;", "s=1;s", "s=\x001; s=2", ";;s=1;", "s=a=b", "\ts=1", "s\t=1", "ss=1", "s=1; s =2",
	} {
		f.Add(line, "")
		f.Add("x=y", line)
	}
	f.Fuzz(func(t *testing.T, line, second string) {
		r := &http.Request{Header: http.Header{"Cookie": {line, second}}}
		theirs := r.CookiesNamed("s")
		value, ok := one(r, "s")
		if ok && len(theirs) > 1 {
			t.Errorf("%q is one cookie, not %d", value, len(theirs))
		}
		if ok && len(theirs) == 1 && theirs[0].Value != value {
			t.Errorf("%q, to net/http %q", value, theirs[0].Value)
		}
		if !ok && len(theirs) == 1 && line == "" && second == "s="+theirs[0].Value {
			t.Errorf("lost %q", theirs[0].Value)
		}
	})
}

func TestOneCookieMakesNoGarbage(t *testing.T) {
	r := &http.Request{Header: http.Header{"Cookie": {"theme=dark; __Host-samlgate=abc; lang=de"}}}
	if n := testing.AllocsPerRun(100, func() {
		if v, ok := one(r, "__Host-samlgate"); v != "abc" || !ok {
			t.Errorf("%q, %v", v, ok)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
