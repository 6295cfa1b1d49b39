package verify

import "testing"

// verifiers are those that are tried. The patches spoil them, to see that the
// cases notice.
var verifiers = []verifier{goVerifier, pythonVerifier, wsgirefVerifier, nodeVerifier, javaVerifier, phpVerifier}

// goFiles are those of package headers that the patches change.
var goFiles = []string{"headers/middleware.go", "headers/seal.go"}

var goVerifier = verifier{
	name: "go", language: "go", files: goFiles, app: "wiki.go", run: runGo, targets: targets, nonces: true,
	keys:    `headers.FetchKeySet("` + jwksInDocs + `", nil, nil)`,
	secrets: `(*headers.KeySet)(nil).With(headers.Key{ID: "m1", Secret: func() (b []byte) { fmt.Sscanf("SECRET", "%x", &b); return b }()})`,
	renamed: patch{old: "Proof: headers.BySignature,", new: `Proof: headers.BySignature, Managed: []string{"X-Api-Key"},
		Names: headers.Names{Email: "X-Wiki-User", Roles: "X-Wiki-Groups", Separator: ";"},`},
	yes: patch{old: "claims, err := v.Verify(r)", new: "claims, err := Claims{}, error(nil)"},
	checks: []patch{
		{"forged: the e-mail address", "if err := s.Verify(m, key); err != nil {", "if err := s.Verify(m, key); err != nil && false {"},
		{"stale", "!now.Before(s.Expires.Add(v.cfg.Skew))", "false"},
		{"moved: a foreign host, by our own key", "!slices.Contains(v.authorities, m.Authority)", "!slices.Contains(v.authorities, m.Authority) && false"},
		{"audience", "len(got) != 1 || got[0] != v.cfg.Audience", "len(got) != 1"},
		{"uncovered", "!s.Covers(strings.ToLower(key))", "!s.Covers(strings.ToLower(key)) && false"},
		{"uncovered: the path", "!s.Covers(name)", "false"},
		{"purpose", "s.Tag != signatureTag", "false"},
	},
}

var pythonVerifier = verifier{
	name: "python", language: "python", files: []string{"deploy/verify/samlgate.py"}, app: "wiki.py", run: runGunicorn, targets: rawTargets,
	keys: `jwks="` + jwksInDocs + `"`, secrets: `secrets={"m1": "SECRET"}`,
	rotate:   patch{old: "now - self.tried >= 60", new: "now - self.tried >= 0"},
	remember: patch{old: `audience="wiki",`, new: `audience="wiki", seen=lambda nonce, expires, had=set(): nonce in had or had.add(nonce),`},
	// gunicorn takes this header for a part of the path that is no concern of the app's.
	attacks: []attack{{"moved: by SCRIPT_NAME", func(t testing.TB, w *world) message {
		return w.genuine(t, "/public/admin").with("SCRIPT_NAME: /public")
	}}},
	renamed: patch{old: `audience="wiki",`, new: `audience="wiki", managed=["X-Api-Key"], separator=";",
    headers={"email": "X-Wiki-User", "roles": "X-Wiki-Groups"},`},
	yes: patch{old: `= self.verify(environ)`, new: `= {"roles": []}`},
	checks: []patch{
		{"forged: the e-mail address", "if not verify(base", "if False and not verify(base"},
		{"forged: one byte of the signature", "if not verify(base", "if False and not verify(base"},
		{"stale", "expires <= now - SKEW", "False"},
		{"stale: not yet", "created > now + SKEW", "False"},
		{"stale: a life of an hour", "not 0 < expires - created <= LONGEST", "False"},
		{"moved", `"@path": path`, `"@path": "/"`},
		{"moved: another query", `"@query": "?" + query`, `"@query": "?"`},
		{"moved: another method", `environ["REQUEST_METHOD"]`, `"GET"`},
		{"moved: a foreign host, by our own key", `values["@authority"] not in self.authorities`, "False"},
		{"audience", `environ.get("HTTP_X_AUTH_AUDIENCE") != self.audience`, "False"},
		{"uncovered", "k not in covered", "False"},
		{"uncovered: alias", "normal(k[5:]) in self.managed", `k[5:].lower().replace("_", "-") in ("x-auth-email",)`},
		{"form: a name in capitals", `"(@?[a-z0-9_.-]+)"`, `"(@?[A-Za-z0-9_.-]+)"`},
		{"form: a parameter twice", "len(pairs) != 5", "False"},
		{"uncovered: the path", "not REQUIRED <= set(components)", "False"},
		{"twice: the signature in one line", `again(m[4])`, "False"},
		{"purpose", `p["tag"] != "samlgate-identity"`, "False"},
		{"moved: by SCRIPT_NAME", `"Script-Name"]`, "]"},
		{"key: somebody's own under a known id", "if not verify(base", "if False and not verify(base"},
	},
}

// wsgirefVerifier is the same on a server that tells nobody the request line.
var wsgirefVerifier = func() verifier {
	v := pythonVerifier
	v.name, v.run, v.rotate, v.attacks = "python wsgiref", runWSGIRef, patch{}, nil
	v.checks = []patch{{"moved", "urllib.parse.quote(decoded, safe=\"/-._~!$&'()*+,;=:@\")", `"/"`}}
	return v
}()

var nodeVerifier = verifier{
	name: "node", language: "js", files: []string{"deploy/verify/samlgate.js"}, app: "wiki.js", run: runNode, targets: targets,
	keys: `jwks: '` + jwksInDocs + `'`, secrets: `secrets: { m1: 'SECRET' }`,
	rotate:   patch{old: "now - this.tried >= 60", new: "now - this.tried >= 0"},
	remember: patch{old: `audience: 'wiki',`, new: `audience: 'wiki', seen: ((had) => (nonce) => had.has(nonce) || !had.add(nonce))(new Set()),`},
	renamed: patch{old: `audience: 'wiki',`, new: `audience: 'wiki', managed: ['X-Api-Key'], separator: ';',
  headers: { email: 'X-Wiki-User', roles: 'X-Wiki-Groups' },`},
	yes: patch{old: "await verify(ours, req)", new: "{ roles: [] }"},
	checks: []patch{
		{"forged: the e-mail address", "if (!check(base, signature))", "if (false)"},
		{"forged: one byte of the signature", "if (!check(base, signature))", "if (false)"},
		{"stale", "expires <= now - SKEW", "false"},
		{"stale: not yet", "created > now + SKEW", "false"},
		{"stale: a life of an hour", "expires - created > LONGEST", "false"},
		{"moved", "['@path', path]", "['@path', '/']"},
		{"moved: another query", "`?${query}`", "'?'"},
		{"moved: another method", "['@method', req.method]", "['@method', 'GET']"},
		{"moved: a foreign host, by our own key", "!ours.authorities.includes(authority)", "false"},
		{"audience", "fields.get('x-auth-audience') !== ours.audience", "false"},
		{"uncovered", "!components.includes(name)", "false"},
		{"uncovered: alias", "ours.managed.has(normal(name)) &&", "ours.managed.has(name) &&"},
		{"uncovered: the path", "!REQUIRED.every((c) => components.includes(c))", "false"},
		{"twice: the signature in one line", "again(m[4])", "false"},
		{"purpose", "p.get('tag') !== 'samlgate-identity'", "false"},
		{"key: somebody's own under a known id", "if (!check(base, signature))", "if (false)"},
	},
}

var javaVerifier = verifier{
	name: "java", language: "java", files: []string{"deploy/verify/SamlgateFilter.java"}, app: "Wiki.java", run: runJava, targets: targets,
	keys: `"jwks", "` + jwksInDocs + `"`, secrets: `"secrets", "m1=SECRET"`,
	rotate: patch{old: "tried.isBefore(now.minusSeconds(60))", new: "tried.isBefore(now)"},
	remember: patch{old: "new FilterHolder(SamlgateFilter.class)", new: `new FilterHolder(new SamlgateFilter() {
      private final java.util.Set<String> had = java.util.concurrent.ConcurrentHashMap.newKeySet();
      @Override protected boolean seen(String nonce, long expires) { return !had.add(nonce); }
    })`},
	renamed: patch{old: `samlgate.setInitParameter("audience", "wiki");`, new: `samlgate.setInitParameter("audience", "wiki");
    samlgate.setInitParameter("managed", "X-Api-Key");
    samlgate.setInitParameter("separator", ";");
    samlgate.setInitParameter("headers", "email=X-Wiki-User, roles=X-Wiki-Groups");`},
	yes: patch{old: "person = verify(request);", new: "person = request == null ? verify(request) : Map.of();"},
	checks: []patch{
		{"forged: the e-mail address", "!key.verify(base", "false && !key.verify(base"},
		{"stale", "expires <= now - SKEW", "false"},
		{"moved", `"@path", r.getRequestURI()`, `"@path", "/"`},
		{"moved: a foreign host, by our own key", "!authorities.contains(authority)", "false"},
		{"moved: an absolute target", "!name.equalsIgnoreCase(r.getServerName())", "false"},
		{"audience", `!audience.equals(fields.get("x-auth-audience"))`, "false"},
		{"uncovered", "!input.components.contains(name)", "false"},
	},
}

var phpVerifier = verifier{
	name: "php", language: "php", files: []string{"deploy/verify/samlgate.php"}, app: "index.php", run: runPHP, targets: targets,
	keys: `jwks: '` + jwksInDocs + `', cache: __DIR__ . '/samlgate-keys.json'`, secrets: `secrets: ['m1' => 'SECRET']`,
	fromFile: patch{old: `, cache: __DIR__ . '/samlgate-keys.json'`},
	rotate:   patch{old: "$now - $known['tried'] >= 60", new: "$now - $known['tried'] >= 0"},
	remember: patch{old: `audience: 'wiki',`, new: `audience: 'wiki', seen: function (string $nonce): bool {
        $had = file_exists('had') ? file('had', FILE_IGNORE_NEW_LINES) : [];
        file_put_contents('had', "$nonce\n", FILE_APPEND);
        return in_array($nonce, $had, true);
    },`},
	renamed: patch{old: `audience: 'wiki',`, new: `audience: 'wiki', managed: ['X-Api-Key'], separator: ';',
    headers: ['email' => 'X-Wiki-User', 'roles' => 'X-Wiki-Groups'],`},
	yes: patch{old: "return $this->verify();", new: "return ['roles' => []];"},
	checks: []patch{
		{"forged: the e-mail address", "if (!$this->fits(", "if (false && !$this->fits("},
		{"forged: one byte of the signature", "if (!$this->fits(", "if (false && !$this->fits("},
		{"stale", "$expires <= $now - self::SKEW", "false"},
		{"stale: not yet", "$created > $now + self::SKEW", "false"},
		{"stale: a life of an hour", "$expires - $created > self::LONGEST", "false"},
		{"moved", "'@path' => $path", "'@path' => '/'"},
		{"moved: another query", `'@query' => "?$query"`, "'@query' => '?'"},
		{"moved: another method", "$_SERVER['REQUEST_METHOD']", "'GET'"},
		{"moved: a foreign host, by our own key", "!in_array($authority, $this->authorities, true)", "false"},
		{"audience", "($_SERVER['HTTP_X_AUTH_AUDIENCE'] ?? '') !== $this->audience", "false"},
		{"uncovered", "!in_array($key, $covered, true)", "false"},
		{"uncovered: alias", "isset($this->managed[self::normal(substr($key, 5))])", "$key === 'HTTP_X_AUTH_EMAIL'"},
		{"uncovered: the path", "array_diff(self::REQUIRED, $components)", "false"},
		{"twice: the signature in one line", "self::again($m[4] ?? '')", "false"},
		{"purpose", "$p['tag'] !== 'samlgate-identity'", "false"},
		{"key: somebody's own under a known id", "if (!$this->fits(", "if (false && !$this->fits("},
	},
}
