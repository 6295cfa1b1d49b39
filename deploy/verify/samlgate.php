<?php
/*
 * Tells a PHP app who is there, and lets nobody else in.
 *
 * samlgate signs every request of a signed-in person (RFC 9421). This file
 * verifies the signature and refuses whatever does not come from the gateway,
 * was meant for another app, path or time, or carries an identity header that is
 * not signed. PHP 8.0 or newer with its own sodium and openssl, nothing else.
 *
 *   require 'samlgate.php';
 *   $person = (new Samlgate(audience: 'wiki', authorities: ['wiki.example.com'],
 *       jwks: 'https://wiki.example.com/.samlgate/jwks.json', cache: '/var/lib/wiki/samlgate.json'))->person();
 *
 * Put it in front of everything (auto_prepend_file does so for a whole app).
 * person() answers 403 and ends when the request is refused; else it returns
 * 'email', 'first_name', 'last_name', 'employee_id' where they are known, and
 * 'roles'. Do not read the headers yourself.
 *
 * Replays: without `seen` a request that somebody overheard is accepted again
 * until it expires, about a minute and a half. Pass seen($nonce, $expires),
 * which remembers nonces for all processes of the app and returns true for one
 * that it had before.
 *
 * $_SERVER cannot tell X_Auth_Email from X-Auth-Email: one of them wins. Two of
 * them are refused where PHP still shows both, and what is verified is the very
 * value in $_SERVER.
 */
declare(strict_types=1);

/** Why a request is refused. It holds no value of the request. */
final class SamlgateRefused extends Exception
{
}

final class Samlgate
{
    private const HEADERS = [ // what the gateway calls them, `headers` in its configuration
        'email' => 'X-Auth-Email', 'first_name' => 'X-Auth-First-Name', 'last_name' => 'X-Auth-Last-Name',
        'roles' => 'X-Auth-Roles', 'employee_id' => 'X-Auth-Employee-Id',
    ];
    private const MANAGED = ['X-Auth-Email', 'X-Auth-First-Name', 'X-Auth-Last-Name', 'X-Auth-Roles', 'X-Auth-Employee-Id',
        'X-Auth-Assertion', 'X-Auth-Audience', 'Remote-User', 'X-Remote-User', 'X-Forwarded-User', 'X-Forwarded-Email',
        'X-Forwarded-Groups', 'X-WEBAUTH-USER', 'X-WEBAUTH-GROUPS', 'Remote-Groups'];
    private const REQUIRED = ['@method', '@authority', '@path', '@query', 'x-auth-audience'];
    private const SKEW = 30;
    private const LONGEST = 300; // seconds

    // X.509 SubjectPublicKeyInfo of a key on P-256 up to the key itself (RFC 5480 §2).
    private const P256 = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';

    private array $managed; // normal form => true

    /**
     * secrets are [key id => text of the key file] for hmac-sha256; managed are further headers that only the
     * gateway sets, as in `headers.set`. A jwks that is a URL needs cache: a file that nobody but the app can write.
     */
    public function __construct(
        private string $audience, private array $authorities, private string $jwks = '', private string $cache = '',
        private array $secrets = [], private array $headers = self::HEADERS, array $managed = [],
        private string $separator = ',', private ?Closure $seen = null, private ?Closure $now = null,
    ) {
        $url = str_contains($jwks, '://');
        if ($audience === '' || !$authorities || $jwks === '' && !$secrets) {
            throw new InvalidArgumentException('samlgate: an audience, authorities, and jwks or a secret are required');
        }
        if ($url && ($cache === '' || !preg_match('~\A(https://|http://(localhost|127\.[0-9.]+|\[::1\])[:/])~', $jwks))) {
            throw new InvalidArgumentException('samlgate: jwks must be a file, or an https URL with a cache');
        }
        $names = array_merge(self::MANAGED, array_values($headers), $managed);
        $this->managed = array_fill_keys(array_map([self::class, 'normal'], $names), true);
        $this->authorities = array_map('strtolower', $authorities);
    }

    /** Returns the person who sent this request, or answers 403 and ends. */
    public function person(): array
    {
        try {
            return $this->verify();
        } catch (SamlgateRefused $reason) {
            error_log('samlgate: refused a request: ' . $reason->getMessage());
            http_response_code(403);
            header('Content-Type: text/plain');
            header('Cache-Control: no-store');
            exit("This request does not come from the sign-in gateway.\n");
        }
    }

    /** Returns the identity that this request carries, or throws SamlgateRefused. */
    public function verify(): array
    {
        [$params, $components, $p] = self::signatureInput($_SERVER['HTTP_SIGNATURE_INPUT'] ?? '');
        $signature = self::signature($_SERVER['HTTP_SIGNATURE'] ?? '');
        $this->judge($components, $p);
        $values = $this->values($components);
        $base = '';
        foreach ($components as $c) {
            $base .= "\"$c\": $values[$c]\n";
        }
        if (!$this->fits($p['keyid'], $base . '"@signature-params": ' . $params, $signature)) {
            throw new SamlgateRefused('the key is unknown, or the signature does not fit the request');
        }
        if (isset($values['content-digest'])) { // RFC 9530; PHP hides the body of multipart/form-data, which is refused
            $body = (string) file_get_contents('php://input');
            if ($values['content-digest'] !== 'sha-256=:' . base64_encode(hash('sha256', $body, true)) . ':') {
                throw new SamlgateRefused('the body is another one than was signed, or PHP does not show it');
            }
        }
        if ($this->seen && ($this->seen)($p['nonce'], (int) $p['expires'] + self::SKEW)) {
            throw new SamlgateRefused('the request was here before');
        }
        return $this->identity($values);
    }

    /** What a genuine signature must say (docs/header-contract.md). */
    private function judge(array $components, array $p): void
    {
        $now = $this->now ? ($this->now)() : time();
        $created = (int) $p['created'];
        $expires = (int) $p['expires'];
        if ($p['tag'] !== 'samlgate-identity' || $p['nonce'] === '') {
            throw new SamlgateRefused('the signature has another purpose');
        }
        if ($created > $now + self::SKEW || $expires <= $now - self::SKEW || $expires <= $created || $expires - $created > self::LONGEST) {
            throw new SamlgateRefused('the signature is not of this time');
        }
        if (array_diff(self::REQUIRED, $components)) {
            throw new SamlgateRefused('the signature leaves out a part of the request');
        }
        $covered = array_map([self::class, 'variable'], $components);
        foreach (array_keys($_SERVER) as $key) {
            if (str_starts_with((string) $key, 'HTTP_') && isset($this->managed[self::normal(substr($key, 5))]) && !in_array($key, $covered, true)) {
                throw new SamlgateRefused('an identity header is not covered by the signature');
            }
        }
        $forms = array_map([self::class, 'normal'], array_map('strval', array_keys(function_exists('getallheaders') ? getallheaders() : [])));
        foreach (array_count_values($forms) as $form => $times) {
            if ($times > 1 && (isset($this->managed[$form]) || in_array($form, ['host', 'signature', 'signature-input'], true))) {
                throw new SamlgateRefused('an identity header is there twice');
            }
        }
        if (($_SERVER['HTTP_X_AUTH_AUDIENCE'] ?? '') !== $this->audience) {
            throw new SamlgateRefused('the request is meant for another audience');
        }
    }

    /** Every covered component (RFC 9421 §2). */
    private function values(array $components): array
    {
        $target = $_SERVER['REQUEST_URI'] ?? ''; // as in the request line
        if (!str_starts_with($target, '/')) {
            throw new SamlgateRefused('the target is not a path');
        }
        [$path, $query] = explode('?', $target, 2) + [1 => ''];
        // §2.2.3: lower case, without the default port of the connection to the app.
        $tls = !in_array(strtolower($_SERVER['HTTPS'] ?? ''), ['', 'off'], true);
        $authority = preg_replace($tls ? '/:443\z/' : '/:80\z/', '', strtolower($_SERVER['HTTP_HOST'] ?? ''));
        if (!in_array($authority, $this->authorities, true)) {
            throw new SamlgateRefused('the request is meant for another host');
        }
        $values = ['@method' => $_SERVER['REQUEST_METHOD'], '@authority' => $authority, '@path' => $path, '@query' => "?$query"];
        foreach ($components as $c) {
            $values[$c] ??= $c[0] === '@' ? null : $_SERVER[self::variable($c)] ?? null;
            if (!is_string($values[$c])) {
                throw new SamlgateRefused('the signature covers what is not there');
            }
            $values[$c] = trim($values[$c], " \t");
            if (preg_match('/[\x00-\x08\x0a-\x1f\x7f]/', $values[$c]) !== 0) {
                throw new SamlgateRefused('a covered value holds a control character');
            }
        }
        return $values;
    }

    /** The person, from covered headers alone. */
    private function identity(array $values): array
    {
        $person = [];
        foreach ($this->headers as $what => $header) {
            $value = $values[strtolower($header)] ?? null;
            if ($value !== null && preg_match('//u', $value) !== 1) {
                throw new SamlgateRefused('a header is not UTF-8');
            }
            if ($value !== null) {
                $person[$what] = $value;
            }
        }
        $roles = $person['roles'] ?? '';
        $person['roles'] = $roles === '' ? [] : array_map(fn (string $r): string => trim($r, ' '), explode($this->separator, $roles));
        return $person;
    }

    /** The name of a header in $_SERVER. */
    private static function variable(string $header): string
    {
        return 'HTTP_' . strtoupper(str_replace('-', '_', $header));
    }

    /** The same for all names that some framework could take for this one. */
    private static function normal(string $header): string
    {
        return preg_replace('/[^a-z0-9]/', '-', strtolower($header));
    }

    /** Parses the member that the gateway puts in front, strictly, and returns it as it stands, its components and
     *  its parameters. Members of others are not looked at. */
    private static function signatureInput(string $field): array
    {
        if (strlen($field) > 8192 || preg_match('/\Asamlgate=(\(([^()]*)\)(;[^,]*))(,.*)?\z/', $field, $m) !== 1 || self::again($m[4] ?? '')) {
            throw new SamlgateRefused('it carries no signature of the gateway, or two');
        }
        $components = $p = $forms = [];
        foreach (explode(' ', $m[2]) as $quoted) {
            if (preg_match('/\A"(@?[a-z0-9_.-]+)"\z/', $quoted, $c) !== 1 || isset($forms[self::normal($c[1])])) {
                throw new SamlgateRefused('the signature covers what is not supported, or something twice');
            }
            $forms[self::normal($c[1])] = true;
            $components[] = $c[1];
        }
        foreach (explode(';', substr($m[3], 1)) as $pair) {
            $known = preg_match('/\A(?|(created|expires)=([0-9]{1,12})|(keyid|nonce|tag)="([!#-\[\]-~]*)")\z/', $pair, $x) === 1;
            if (!$known || isset($p[$x[1]])) {
                throw new SamlgateRefused('the signature has a parameter that is not supported, or twice');
            }
            $p[$x[1]] = $x[2];
        }
        if (count($p) !== 5) {
            throw new SamlgateRefused('the signature lacks a parameter');
        }
        return [$m[1], $components, $p];
    }

    private static function signature(string $field): string
    {
        if (strlen($field) <= 8192 && preg_match('~\Asamlgate=:([A-Za-z0-9+/]{4,128}={0,2}):(,.*)?\z~', $field, $m) === 1 && !self::again($m[2] ?? '')) {
            $signature = base64_decode($m[1], true);
            if ($signature !== false && base64_encode($signature) === $m[1]) {
                return $signature;
            }
        }
        throw new SamlgateRefused('it carries no signature of the gateway, two, or one in disguise');
    }

    private static function again(string $rest): bool
    {
        return preg_match('/[,\s]samlgate(?![a-z0-9_.*-])/', $rest) !== 0;
    }

    /** Whether the key of this id made the signature. Each is good for one algorithm, whatever a request says. */
    private function fits(string $kid, string $base, string $signature): bool
    {
        if (isset($this->secrets[$kid])) {
            return hash_equals(hash_hmac('sha256', $base, self::secret($this->secrets[$kid]), true), $signature);
        }
        $key = $this->jwks === '' ? null : $this->key($kid);
        if ($key === null || strlen($signature) !== 64) {
            return false;
        }
        if ($key['kty'] === 'OKP') {
            return sodium_crypto_sign_verify_detached($signature, $base, self::unbase64url($key['x']));
        }
        $spki = hex2bin(self::P256) . self::unbase64url($key['x']) . self::unbase64url($key['y']);
        $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($spki), 64, "\n") . "-----END PUBLIC KEY-----\n";
        return openssl_verify($base, self::der($signature), $pem, OPENSSL_ALGO_SHA256) === 1;
    }

    /** OpenSSL wants the two halves of the signature as ASN.1, RFC 9421 §3.3.4 has them side by side. */
    private static function der(string $signature): string
    {
        $der = '';
        foreach (str_split($signature, 32) as $half) {
            $half = ltrim($half, "\0");
            $half = ($half === '' || ord($half[0]) > 127 ? "\0" : '') . $half;
            $der .= "\x02" . chr(strlen($half)) . $half;
        }
        return "\x30" . chr(strlen($der)) . $der;
    }

    /** The public key of this id. Keys from a URL are fetched again every five minutes, or for an unknown id, but at
     *  most once a minute; what could not be renewed for a day is forgotten. */
    private function key(string $kid): ?array
    {
        if ($this->cache === '') {
            $jwks = @file_get_contents($this->jwks);
            return self::publicKeys($jwks === false ? throw new SamlgateRefused('the keys cannot be read') : $jwks)[$kid] ?? null;
        }
        $known = json_decode((string) @file_get_contents($this->cache), true) ?? ['tried' => 0, 'read' => 0, 'jwks' => '{"keys":[]}'];
        $keys = self::publicKeys($known['jwks']);
        $now = time();
        if ((!isset($keys[$kid]) || $now - $known['read'] > 300) && $now - $known['tried'] >= 60) {
            $known['tried'] = $now;
            $jwks = @file_get_contents($this->jwks, false, stream_context_create(['http' => ['timeout' => 5, 'follow_location' => 0]]));
            if ($jwks !== false && ($new = self::publicKeys($jwks))) {
                [$known['read'], $known['jwks'], $keys] = [$now, $jwks, $new];
            } else {
                error_log("samlgate: reading the gateway's keys failed");
            }
            file_put_contents($this->cache, json_encode($known), LOCK_EX);
        }
        return $now - $known['read'] < 86400 ? $keys[$kid] ?? null : null;
    }

    private static function publicKeys(string $jwks): array
    {
        $keys = [];
        foreach (json_decode($jwks, true)['keys'] ?? [] as $k) {
            $known = in_array(($k['kty'] ?? '') . ' ' . ($k['crv'] ?? ''), ['OKP Ed25519', 'EC P-256'], true);
            if (isset($k['d']) || isset($keys[$k['kid'] ?? ''])) {
                throw new SamlgateRefused('the key set holds a private key, or one id twice');
            }
            if ($known && isset($k['kid']) && ($k['use'] ?? 'sig') === 'sig') {
                $keys[$k['kid']] = $k;
            }
        }
        return $keys;
    }

    private static function unbase64url(string $text): string
    {
        return base64_decode(strtr($text, '-_', '+/'), true) ?: throw new SamlgateRefused('a key is damaged');
    }

    private static function secret(string $text): string
    {
        $text = trim($text);
        $secret = preg_match('/\A[0-9A-Fa-f]{64}\z/', $text) === 1 ? hex2bin($text) : self::unbase64url($text);
        return strlen($secret) >= 32 ? $secret : throw new SamlgateRefused('the secret has fewer than 32 bytes');
    }
}
