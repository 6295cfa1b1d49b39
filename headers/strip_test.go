package headers

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestStrip(t *testing.T) {
	m := NewManaged(allNames(), Names{Username: "X-Very-Own-User", Email: "Me", FirstName: "X", Set: map[string]string{"X-Api-Key": "k"}})
	gone := func(key string, values ...string) {
		t.Helper()
		h := http.Header{key: values, "Accept": {"*/*"}}
		if n := m.Strip(h, nil).Total(); n == 0 || len(h) != 1 {
			t.Errorf("a client's %q survived: %v", key, h)
		}
	}
	stays := func(key string, values ...string) {
		t.Helper()
		h := http.Header{key: values}
		if n := m.Strip(h, nil).Total(); n != 0 || !reflect.DeepEqual(h, http.Header{key: values}) {
			t.Errorf("%q became %v", key, h)
		}
	}
	for _, key := range []string{
		"X-Auth-Email", "x-auth-email", "X-AUTH-EMAIL", "x_auth_email", "X_Auth_Email", "X.Auth.Email", "X-Auth_Email",
		"X~Auth!Email", "X\xffAuth\x00Email", "X-Auth-Assertion", "x_auth_assertion", "X-Auth-Dept", "X-Auth-User",
		"x_very.own-user", "mE", "x", "X-Api-Key", "X_API_KEY", "Remote-User", "REMOTE_USER", "X-Remote-User", "X-Forwarded-User",
		"X_Forwarded_Email", "X-Forwarded-Groups", "X-Auth-Audience", "x_auth_audience", "X-Samlgate-Passive", "x_samlgate.passive",
		"SCRIPT_NAME", "Path_Info", "x-script-name", "Proxy", "X-Original-Url", "X-Original-URI", "X_Rewrite_URL", "X-Http-Method-Override", "X-Method-Override",
		"SCRIPT_NAME", "Script-Name", "X-Script-Name", "PATH_INFO",
		"Forwarded", "X-Real-Ip", "X_Real_IP", "X-Client-Ip", "True-Client-Ip", "X-Client-Cert", "Ssl-Client-Cert",
		"SSL_CLIENT_S_DN", "X-Forwarded-For", "X_Forwarded_Proto", "X-Forwarded-Anything",
		"X-Forwarded-" + strings.Repeat("a", 300), "Signature_Input", "signature.input",
	} {
		gone(key, "evil@example.com")
	}
	gone("X-Auth-Email", "a@example.com", "b@example.com")
	gone("X-Auth-Email")
	gone("Signature_Input", `a=("@path")`)
	for _, key := range []string{
		"Content_Length", "content.type", "Transfer_Encoding", "X-Http-Method", "Client-Cert", "Client_Cert_Chain",
		"X-Ssl-Client-Verify", "Remote-Groups", "REMOTE_ADDR", "X-Remote-Group", "X_Remote_Extra_Scopes", "X-Auth-Request-Groups",
		"X-WEBAUTH-ROLE", "x_webauth_name", "X-Webauth-Email", // what Grafana can be told to read beside its user
	} {
		gone(key, "1")
	}
	for _, key := range []string{
		"Content-Length", "Content-Type", "content-type", "Transfer-Encoding", "Remote", "X-Remote", "X-Auth-Request", "X-Auth-Token",
		"Accept", "Cookie", "Authorization", "User-Agent", "X-Request-Id", "X-Auth-Emails", "X-Auth", "Auth-Email",
		"X-Forwarded", "Ssl-Client", "", "-", strings.Repeat("x", 500),
	} {
		stays(key, "v", "w")
	}
	stays("Connection", "close, TE")
	stays("Trailer", "Digest, X-Checksum")
}

func TestStripListsAndSignatures(t *testing.T) {
	m := NewManaged(allNames())
	for name, c := range map[string]struct {
		before, after http.Header
		stripped      int
	}{
		"connection deletes our header": {
			http.Header{"Connection": {"close, X-Auth-Email", "x_auth_roles"}}, http.Header{"Connection": {"close"}}, 2},
		"connection alone": {http.Header{"connection": {"Remote-User"}}, http.Header{}, 1},
		"upgrade survives": {
			http.Header{"Connection": {"Upgrade , x-real-ip"}}, http.Header{"Connection": {"Upgrade"}}, 1},
		"connection deletes our signature": {
			http.Header{"Connection": {"close, Signature, signature_input"}}, http.Header{"Connection": {"close"}}, 2},
		"trailer announces ours": {
			http.Header{"Trailer": {"Digest,X_AUTH_EMAIL,, X-Sum"}}, http.Header{"Trailer": {"Digest, X-Sum"}}, 1},
		"foreign signature": {
			http.Header{"Signature": {`sig1=:YWJj:`, `sig2=:YWJj:`}}, http.Header{"Signature": {`sig1=:YWJj:`, `sig2=:YWJj:`}}, 0},
		"our label among others": {
			http.Header{"Signature-Input": {`a=("@path" "x,\"y");tag="samlgate", samlgate=("@method");keyid="k"`, `b=?1`}},
			http.Header{"Signature-Input": {`a=("@path" "x,\"y");tag="samlgate", b=?1`}}, 1},
		"our label twice": {http.Header{"signature": {`samlgate=:YQ==:`, `samlgate=:Yg==:`}}, http.Header{}, 2},
		"our label as a flag": {
			http.Header{"Signature": {`samlgate;x=1, samlgate, samlgate2=1`}}, http.Header{"Signature": {`samlgate2=1`}}, 2},
	} {
		if n := m.Strip(c.before, nil).Total(); n != c.stripped || !reflect.DeepEqual(c.before, c.after) {
			t.Errorf("%s: %d, %v; want %d, %v", name, n, c.before, c.stripped, c.after)
		}
	}
	for _, broken := range []string{
		`Samlgate=:YQ==:`, `a=1,,samlgate=1`, `a=("x", samlgate=1`, `a="x, samlgate=1`, `a=1,`, `a=(("x"))`, `a=1)`,
		`a="\x"`, "a=\"ü\"", "a=1\x00", `=1`, `a=`, `a= 1`, `a b`, ``, `a="x\`, `a=:Y*==:`, `a=1.2.3`, `a=x;=1`, `a=@x`,
	} {
		h := http.Header{"Signature-Input": {broken}}
		if n := m.Strip(h, nil).Total(); n != 1 || len(h) != 0 {
			t.Errorf("%q does not read as a dictionary and survived", broken)
		}
	}
}

// Only what an honest client or proxy would never say is an attempt.
func TestStripTellsAttemptsFromNoise(t *testing.T) {
	m := NewManaged(allNames())
	for name, c := range map[string]struct {
		h    http.Header
		want Stripped
	}{
		"a proxy":           {http.Header{"X-Forwarded-For": {"1"}, "X-Real-Ip": {"1"}, "Connection": {"x-forwarded-for"}}, Stripped{Other: 3}},
		"a signed request":  {http.Header{"Signature": {`keyId="k",algorithm="hs2019"`}}, Stripped{Other: 1}},
		"a forger":          {http.Header{"X_Auth_Email": {"a"}, "Connection": {"close, X-Auth-Roles, x-real-ip"}}, Stripped{Managed: 2, Other: 1}},
		"a forged label":    {http.Header{"Signature": {`a=:YQ==:, samlgate=:YQ==:`}}, Stripped{Managed: 1}},
		"an alias of ours":  {http.Header{"Signature_Input": {"a"}, "Content_Length": {"1"}}, Stripped{Managed: 2}},
		"somebody ordinary": {http.Header{"Accept": {"*/*"}, "Connection": {"close"}}, Stripped{}},
	} {
		if got := m.Strip(c.h, nil); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// Routes that send names of their own do not open the default ones: an app that
// knows the gateway reads them, whether they are sent or not.
func TestStripOfNamesThatNobodySends(t *testing.T) {
	m := NewManaged(Names{Username: "X-WebAuth-User"})
	for _, name := range DefaultNames().all() {
		h := http.Header{name: {"evil"}}
		if m.Strip(h, []string{name}); len(h) != 0 || !m.Has(name) {
			t.Errorf("a client's %s survived", name)
		}
	}
}

func TestStripKeeps(t *testing.T) {
	m := NewManaged(allNames())
	keep := []string{"X-Real-IP", "x-forwarded-port", "X-Auth-Email", "X-Forwarded-User"}
	h := http.Header{
		"X-Real-Ip": {"1"}, "X_Real_Ip": {"2"}, "X-Forwarded-Port": {"3"}, "X-Forwarded-For": {"4"},
		"X-Auth-Email": {"5"}, "X-Forwarded-User": {"6"}, "Connection": {"X-Real-IP"},
	}
	m.Strip(h, keep)
	want := []string{"Connection", "X-Forwarded-Port", "X-Real-Ip"}
	if got := slices.Sorted(maps.Keys(h)); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

// After Strip no key reads as a managed name, and whatever else was there still
// is, byte for byte.
func FuzzStrip(f *testing.F) {
	for _, s := range []string{"X_Auth_Email", "accept", "X-Forwarded-For", "Connection", "TRAILER", "signature", "x-auth-email\x00"} {
		f.Add(s, "x_auth.email, close", "Host", `samlgate=1`)
	}
	m := NewManaged(allNames())
	ours := map[string]bool{}
	for _, name := range append(allNames().all(), alwaysManaged...) {
		ours[Normal(name)] = true
	}
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		before := http.Header{k1: {v1}, k2: {v2}, "Accept": {"*/*"}}
		h := before.Clone()
		m.Strip(h, nil)
		for key := range before {
			form := Normal(key)
			gone := ours[form] || slices.ContainsFunc(alwaysRemoved, func(s string) bool { return Normal(s) == form }) ||
				slices.ContainsFunc(removedPrefixes, func(p string) bool { return strings.HasPrefix(form, p) }) ||
				slices.Contains([]string{"content-length", "content-type", "transfer-encoding"}, form) && !strings.EqualFold(key, form)
			listed := form == "connection" || form == "trailer" || strings.HasPrefix(form, "signature")
			if _, there := h[key]; there && gone {
				t.Fatalf("%q survived", key)
			}
			if !gone && !listed && !slices.Equal(h[key], before[key]) {
				t.Fatalf("%q: %q became %q", key, before[key], h[key])
			}
		}
		for key, values := range h {
			if form := Normal(key); form == "connection" || form == "trailer" {
				for name := range strings.SplitSeq(strings.Join(values, ","), ",") {
					if ours[Normal(strings.Trim(name, " \t"))] {
						t.Fatalf("%s still lists %q", key, name)
					}
				}
			}
		}
	})
}

func typicalHeaders() http.Header {
	h := http.Header{}
	for _, name := range []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Content-Type",
		"Cookie", "Dnt", "If-Modified-Since", "If-None-Match", "Origin", "Pragma", "Priority", "Referer", "Sec-Ch-Ua",
		"Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User",
		"Te", "Traceparent", "Tracestate", "Upgrade-Insecure-Requests", "User-Agent", "Via", "X-Amzn-Trace-Id",
		"X-Api-Version", "X-B3-Spanid", "X-B3-Traceid", "X-Client-Version", "X-Correlation-Id", "X-Csrf-Token",
		"X-Device", "X-Request-Id", "X-Requested-With", "X-Trace", "X-Xsrf-Token",
	} {
		h[name] = []string{"keep-alive, or something of that length"}
	}
	return h
}

func TestStripOfOrdinaryHeadersAllocatesNothing(t *testing.T) {
	m, h := NewManaged(allNames()), typicalHeaders()
	if n := testing.AllocsPerRun(100, func() { m.Strip(h, []string{"X-Real-IP"}) }); n != 0 || len(h) != 40 {
		t.Errorf("%v allocations, %d headers left of 40", n, len(h))
	}
}

// One request through strip, inject and sign, as the gateway forwards it.
func TestForwardingAllocatesLittle(t *testing.T) {
	names, v, out := allNames(), ana(), typicalHeaders()
	m, s := NewManaged(names), newTestSigner(t, newClock())
	sign(t, s, "wiki", v)
	n := testing.AllocsPerRun(100, func() {
		m.Strip(out, nil)
		if _, err := Apply(out, names, v); err != nil {
			t.Fatal(err)
		}
		token, err := s.Sign("wiki", v)
		if err != nil {
			t.Fatal(err)
		}
		out.Set("X-Auth-Assertion", token)
	})
	if n > 10 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkStrip(b *testing.B) {
	m, h := NewManaged(allNames()), typicalHeaders()
	b.ReportAllocs()
	for b.Loop() {
		m.Strip(h, nil)
	}
}
