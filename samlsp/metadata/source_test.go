package metadata

import (
	"context"
	"crypto/elliptic"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// idpServer answers with what its fields say.
type idpServer struct {
	mu       sync.Mutex
	status   int
	body     []byte
	etag     string
	location string
	asked    []http.Header
}

func (s *idpServer) set(change func(*idpServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *idpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Header)
	if s.location != "" && r.URL.Path != "/moved" {
		http.Redirect(w, r, s.location, http.StatusFound)
		return
	}
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
		w.Header().Set("Last-Modified", "Wed, 04 Mar 2026 05:06:07 GMT")
		if r.Header.Get("If-None-Match") == s.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(s.status)
	_, _ = w.Write(s.body)
}

// RoundTrip lets a test in a synctest bubble do without a network.
func (s *idpServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	down := s.status == 0
	s.mu.Unlock()
	if down {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

func newTestSource(t *testing.T, cfg SourceConfig) (*idpServer, *Source, *[]*Descriptor) {
	t.Helper()
	server := &idpServer{status: 200, body: good().bytes()}
	live := httptest.NewServer(server)
	t.Cleanup(live.Close)
	changes := new([]*Descriptor)
	cfg.URL = live.URL + "/metadata?key=hush"
	cfg.OnChange = func(d, _ *Descriptor) error { *changes = append(*changes, d); return nil }
	if cfg.Now == nil {
		cfg.Now = testNow
	}
	s, err := NewSource(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return server, s, changes
}

func TestRefreshKeepsTheLastGoodDocument(t *testing.T) {
	now := testNow()
	server, s, changes := newTestSource(t, SourceConfig{Now: func() time.Time { return now }})
	d := good()
	d.attrs = ` validUntil="2026-03-05T00:00:00Z"`
	server.set(func(s *idpServer) { s.body, s.etag = d.bytes(), `"1"` })
	expect := func(what, wantErr string, wantChanges int) {
		t.Helper()
		err := s.Refresh(t.Context())
		if (wantErr == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), wantErr) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: %v, wanted %q", what, err, wantErr)
		}
		if len(*changes) != wantChanges {
			t.Errorf("%s: %d changes, wanted %d", what, len(*changes), wantChanges)
		}
		if now, ok := s.Current(); !ok || now != (*changes)[len(*changes)-1] {
			t.Errorf("%s: the current document is not the last good one", what)
		}
	}
	expect("first", "", 1)
	expect("not modified", "", 1)
	if asked := server.asked[1]; asked.Get("If-None-Match") != `"1"` || asked.Get("If-Modified-Since") == "" {
		t.Errorf("asked with %v", asked)
	}
	server.set(func(s *idpServer) { s.etag = `"2"` })
	expect("the same bytes with a new tag", "", 1)
	for what, c := range map[string]struct{ body, err string }{
		"empty":           {"", "empty"},
		"a web page":      {"<html>", "web page"},
		"expired":         {strings.Replace(string(d.bytes()), "2026-03-05", "2026-03-04", 1), "expired"},
		"another IdP":     {strings.Replace(string(d.bytes()), testID, "https://evil.example", 1), "expected entity ID"},
		"without keys":    {strings.Replace(string(d.bytes()), "KeyDescriptor", "Other", 2), "signing certificate"},
		"much too much":   {string(d.bytes()) + strings.Repeat(" ", maxFetch), "5 MiB"},
		"service provide": {spEntity, "service provider"},
	} {
		server.set(func(s *idpServer) { s.body, s.etag = []byte(c.body), `"bad"` })
		expect(what, c.err, 1)
	}
	server.set(func(s *idpServer) { s.status = 503 })
	expect("down", "status 503", 1)
	server.set(func(s *idpServer) { s.status, s.body, s.etag = 200, d.bytes(), `"1"` })
	now = now.Add(24 * time.Hour)
	expect("not modified, but expired since", "expired", 1)
	d.attrs = ""
	d.keys = keyDescriptor("signing", issue(t, 7, newKey(t, elliptic.P256()), nil, nil))
	server.set(func(s *idpServer) { s.body, s.etag = d.bytes(), `"3"` })
	expect("a new key", "", 2)
}

// Whoever holds on to an old document holds on to the keys in it.
func TestMetadataMustEnd(t *testing.T) {
	server, s, changes := newTestSource(t, SourceConfig{MaxValidity: 48 * time.Hour})
	for _, c := range []struct{ until, err string }{
		{"", "no validUntil"},
		{"2026-03-06T05:06:08Z", "2026-03-06T05:06:08Z, which is more than 48h0m0s ahead"}, // a second too far
		{"9999-12-31T23:59:59Z", "more than 48h"},
		{"2026-03-06T05:06:07Z", ""},
		{"2026-03-07T00:00:00Z", "more than 48h"}, // now there is one to keep
	} {
		d := good()
		if c.until != "" {
			d.attrs = ` validUntil="` + c.until + `"`
		}
		server.set(func(s *idpServer) { s.body = d.bytes() })
		err := s.Refresh(t.Context())
		if (c.err == "") != (err == nil) || err != nil && (!errors.Is(err, ErrEndless) || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("until %q: %v, wanted %q", c.until, err, c.err)
		}
	}
	if d, ok := s.Current(); !ok || len(*changes) != 1 || d.ValidUntil.Day() != 6 {
		t.Errorf("%d documents were taken", len(*changes))
	}
	outer := good()
	outer.attrs = ` validUntil="2026-03-05T00:00:00Z"` // of several the earliest counts, wherever it stands
	server.set(func(s *idpServer) { s.body = group(` validUntil="2027-01-01T00:00:00Z"`, outer.entity()) })
	if err := s.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRedirectsStayOnTheirHost(t *testing.T) {
	server, s, changes := newTestSource(t, SourceConfig{})
	server.set(func(s *idpServer) { s.location = "/moved" })
	if err := s.Refresh(t.Context()); err != nil || len(*changes) != 1 {
		t.Errorf("to another path: %v", err)
	}
	stranger, strangersSource, _ := newTestSource(t, SourceConfig{})
	server.set(func(s *idpServer) { s.location = strings.Replace(strangersSource.cfg.URL, "/metadata", "/moved", 1) })
	if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "another host") {
		t.Errorf("to another host: %v", err)
	}
	if len(stranger.asked) != 0 {
		t.Error("the other host was asked")
	}
	server.set(func(s *idpServer) { s.location = "/again" })
	if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "too often") {
		t.Errorf("in a circle: %v", err)
	}
}

func TestSourceExpectsItsEntity(t *testing.T) {
	_, s, changes := newTestSource(t, SourceConfig{EntityID: "https://other.example.net"})
	if err := s.Refresh(t.Context()); err == nil || len(*changes) != 0 {
		t.Errorf("got %v", err)
	}
	if _, ok := s.Current(); ok {
		t.Error("a document that was refused is current")
	}
}

func TestSlowServer(t *testing.T) {
	release := make(chan struct{})
	live := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer live.Close()
	defer close(release)
	s, err := NewSource(SourceConfig{URL: live.URL, Timeout: 10 * time.Millisecond, Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNewSourceRefuses(t *testing.T) {
	for name, cfg := range map[string]SourceConfig{
		"http": {URL: "http://idp.example.net/"}, "nothing": {}, "a file": {URL: "file:///etc/passwd"}, "haste": {URL: "https://idp.example.net/", Interval: time.Second},
	} {
		if _, err := NewSource(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestRunWaitsForTheIdentityProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &idpServer{} // down
		var mu sync.Mutex
		var failures, changes int
		count := func(n *int) { mu.Lock(); *n++; mu.Unlock() }
		s, err := NewSource(SourceConfig{
			URL: "https://idp.example.net/metadata", Client: &http.Client{Transport: server}, Interval: time.Hour, Now: testNow,
			OnChange: func(_, _ *Descriptor) error { count(&changes); return nil }, OnError: func(error) { count(&failures) },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() { s.Run(ctx); close(stopped) }() // ends with ctx
		expect := func(wait time.Duration, wantFailures, wantChanges int) {
			t.Helper()
			time.Sleep(wait) // the bubble's clock: nothing waits
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if failures != wantFailures || changes != wantChanges {
				t.Errorf("%d failures and %d changes, wanted %d and %d", failures, changes, wantFailures, wantChanges)
			}
		}
		expect(0, 1, 0)
		expect(5*time.Second, 2, 0)
		expect(10*time.Second, 3, 0)
		d := good()
		d.attrs = ` cacheDuration="PT10M"`
		server.set(func(s *idpServer) { s.status, s.body = 200, d.bytes() })
		expect(20*time.Second, 3, 1)
		d.keys += keyDescriptor("signing", issue(t, 8, newKey(t, elliptic.P256()), nil, nil))
		server.set(func(s *idpServer) { s.body = d.bytes() })
		expect(8*time.Minute, 3, 1)
		expect(2*time.Minute, 3, 2)
		cancel()
		<-stopped
	})
}
