package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)

func newPages(t testing.TB, change ...func(*Config)) *Pages {
	t.Helper()
	c := Config{Title: "Example Corp", Now: func() time.Time { return noon }}
	for _, f := range change {
		f(&c)
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// browser is a top-level navigation of somebody who reads lang.
func browser(method, target, lang string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Accept-Language", lang)
	return r
}

func show(handler func(http.ResponseWriter, *http.Request), r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	handler(rec, r)
	return rec.Result()
}

func TestEveryProblemInEveryLanguage(t *testing.T) {
	p := newPages(t)
	for _, lang := range Languages() {
		for code, kind := range kinds {
			rec := httptest.NewRecorder()
			p.Error(rec, browser("GET", "/x", lang), Problem{Code: code, RequestID: "req-1"})
			if rec.Code != kind.status {
				t.Errorf("%s in %s: status %d, want %d", code, lang, rec.Code, kind.status)
			}
			body := rec.Body.String()
			if strings.Contains(body, "{") && strings.Contains(body[strings.Index(body, "<main"):], "{") {
				t.Errorf("%s in %s: a place was left open", code, lang)
			}
			if strings.Contains(body, "ZgotmplZ") {
				t.Errorf("%s in %s: the template engine refused a value", code, lang)
			}
		}
	}
}
