"""Tells a WSGI app who is there, and lets nobody else in.

samlgate signs every request of a signed-in person (RFC 9421). This middleware
verifies the signature and refuses whatever does not come from the gateway,
was meant for another app, path or time, or carries an identity header that is
not signed. Python 3.9 or newer; for public keys Debian's python3-cryptography.

    application = Samlgate(application, audience="wiki", authorities=["wiki.example.com"],
                           jwks="https://wiki.example.com/.samlgate/jwks.json")

The app finds the person in environ["samlgate.identity"], a dict: "email",
"first_name", "last_name", "employee_id" where they are known, and "roles".

Replays: without `seen` a request that somebody overheard is accepted again
until it expires, about a minute and a half. Pass seen(nonce, expires) -> bool,
which remembers nonces for all processes of the app and returns True for one
that it had before.

WSGI cannot tell X_Auth_Email from X-Auth-Email: servers join the two or let one
win. What is verified is the very value that the app would read.
"""

import base64
import hashlib
import hmac
import io
import json
import logging
import re
import threading
import time
import urllib.parse
import urllib.request

HEADERS = {  # what the gateway calls them, `headers` in its configuration
    "email": "X-Auth-Email", "first_name": "X-Auth-First-Name", "last_name": "X-Auth-Last-Name",
    "roles": "X-Auth-Roles", "employee_id": "X-Auth-Employee-Id",
}
MANAGED = [*HEADERS.values(), "X-Auth-Assertion", "X-Auth-Audience", "Remote-User", "X-Remote-User",
           "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
           "X-WEBAUTH-USER", "X-WEBAUTH-GROUPS", "Remote-Groups",
           "Script-Name"]  # before version 22, gunicorn believes a client that it hides a part of the path
REQUIRED = {"@method", "@authority", "@path", "@query", "x-auth-audience"}
SKEW, LONGEST = 30, 300  # seconds

log = logging.getLogger("samlgate")


class Refused(Exception):
    """Why a request is refused. It holds no value of the request."""


class Samlgate:
    """WSGI middleware. `secrets` are {key id: text of the key file} for hmac-sha256;
    `managed` are further headers that only the gateway sets, as in `headers.set`."""

    def __init__(self, app, audience, authorities, jwks=None, secrets=None, headers=None, managed=(),
                 separator=",", seen=None, clock=time.time):
        if not audience or not authorities or isinstance(authorities, str):
            raise ValueError("samlgate: an audience and a list of authorities are required")
        self.app, self.audience, self.separator, self.clock = app, audience, separator, clock
        self.authorities = {a.lower() for a in authorities}
        self.headers = HEADERS if headers is None else headers
        self.managed = {normal(name) for name in [*MANAGED, *self.headers.values(), *managed]}
        self.seen = seen or (lambda nonce, expires: False)
        self.keys = Keys(jwks, secrets or {})

    def __call__(self, environ, start_response):
        environ.pop("samlgate.identity", None)
        try:
            environ["samlgate.identity"] = self.verify(environ)
        except Refused as reason:
            log.warning("refused a request: %s", reason)
            start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Cache-Control", "no-store")])
            return [b"This request does not come from the sign-in gateway.\n"]
        return self.app(environ, start_response)

    def verify(self, environ):
        """Returns the identity that the request carries, or raises Refused."""
        params, components, p = signature_input(environ.get("HTTP_SIGNATURE_INPUT", ""))
        signature = signature_value(environ.get("HTTP_SIGNATURE", ""))
        self.judge(environ, components, p)
        values = self.values(environ, components)
        base = b"".join(b'"%s": %s\n' % (c.encode(), values[c]) for c in components)
        verify = self.keys.find(p["keyid"])
        if not verify:
            raise Refused("the key is unknown")
        if not verify(base + b'"@signature-params": ' + params.encode(), signature):
            raise Refused("the signature does not fit the request")
        if "content-digest" in components:
            check_body(environ, values["content-digest"].decode())
        if self.seen(p["nonce"], int(p["expires"]) + SKEW):
            raise Refused("the request was here before")
        return self.identity(values)

    def judge(self, environ, components, p):
        """What a genuine signature must say (docs/header-contract.md)."""
        now, created, expires = self.clock(), int(p["created"]), int(p["expires"])
        if p["tag"] != "samlgate-identity" or not p["nonce"]:
            raise Refused("the signature has another purpose")
        if created > now + SKEW or expires <= now - SKEW or not 0 < expires - created <= LONGEST:
            raise Refused("the signature is not of this time")
        if not REQUIRED <= set(components):
            raise Refused("the signature leaves out a part of the request")
        covered = {variable(c) for c in components if c[0] != "@"}
        if any(k[:5] == "HTTP_" and normal(k[5:]) in self.managed and k not in covered for k in environ):
            raise Refused("an identity header is not covered by the signature")
        if environ.get("HTTP_X_AUTH_AUDIENCE") != self.audience:
            raise Refused("the request is meant for another audience")

    def values(self, environ, components):
        """The bytes of every covered component (RFC 9421 §2)."""
        path, query = target(environ)
        values = {"@method": environ["REQUEST_METHOD"], "@authority": authority(environ), "@path": path, "@query": "?" + query}
        if values["@authority"] not in self.authorities:
            raise Refused("the request is meant for another host")
        for c in components:
            if c not in values:
                if c[0] == "@" or variable(c) not in environ:
                    raise Refused("the signature covers what is not there")
                values[c] = environ[variable(c)].strip(" \t")
            if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", values[c]):
                raise Refused("a covered value holds a control character")
        return {c: v.encode("latin-1") for c, v in values.items()}  # WSGI hands bytes over as latin-1 (PEP 3333)

    def identity(self, values):
        """From covered headers alone."""
        try:
            person = {k: values[h.lower()].decode() for k, h in self.headers.items() if h and h.lower() in values}
        except UnicodeDecodeError:
            raise Refused("a header is not UTF-8") from None
        roles = person.get("roles", "")
        person["roles"] = [r.strip(" ") for r in roles.split(self.separator)] if roles else []
        return person


def variable(header):
    """The name of a header in environ (PEP 3333)."""
    return "HTTP_" + header.upper().replace("-", "_")


def normal(header):
    """The same for all names that some framework could take for this one."""
    return re.sub("[^a-z0-9]", "-", header.lower())


def signature_input(field):
    """Parses the member that the gateway puts in front, strictly, and returns it as it
    stands, its components and its parameters. Members of others are not looked at."""
    m = re.fullmatch(r"samlgate=(\(([^()]*)\)([^,]*))(,.*)?", field) if len(field) <= 8192 else None
    if not m or again(m[4]):
        raise Refused("it carries no signature of the gateway, or two")
    quoted = [re.fullmatch(r'"(@?[a-z0-9_.-]+)"', c) for c in m[2].split(" ")]
    pairs = [re.fullmatch(r'(created|expires)=([0-9]{1,12})|(keyid|nonce|tag)="([!#-\[\]-~]*)"', p) for p in m[3].split(";")[1:]]
    if not all(quoted) or not all(pairs) or not m[3].startswith(";"):
        raise Refused("the signature asks for what is not supported")
    components = [c[1] for c in quoted]
    p = {x[1] or x[3]: x[2] or x[4] for x in pairs}
    if len({normal(c) for c in components}) != len(components) or len(p) != 5 or len(pairs) != 5:
        raise Refused("the signature says something twice, or too little")
    return m[1], components, p


def signature_value(field):
    m = re.fullmatch(r"samlgate=:([A-Za-z0-9+/]{4,128}={0,2}):(,.*)?", field) if len(field) <= 8192 else None
    try:
        signature = base64.b64decode(m[1], validate=True)
    except (TypeError, ValueError):
        raise Refused("it carries no signature of the gateway") from None
    if again(m[2]) or base64.b64encode(signature).decode() != m[1]:
        raise Refused("it carries two signatures of the gateway, or one in disguise")
    return signature


def again(rest):
    return re.search(r"[,\s]samlgate(?![a-z0-9_.*-])", rest or "")


def authority(environ):
    """RFC 9421 §2.2.3: lower case, without the default port of the connection to the app."""
    port = ":443" if environ.get("wsgi.url_scheme") == "https" else ":80"
    host = environ.get("HTTP_HOST", "").lower()
    return host[:-len(port)] if host.endswith(port) else host


def target(environ):
    """Path and query as they were sent. PATH_INFO is decoded, so we take the request line
    where the server tells it (gunicorn, uWSGI, mod_wsgi, waitress do), and demand that the
    app reads the same. Elsewhere we escape PATH_INFO again: a path that was escaped in
    another way does not verify."""
    decoded = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    asked = environ.get("QUERY_STRING", "")
    raw = environ.get("RAW_URI", environ.get("REQUEST_URI"))
    if raw is None:
        return urllib.parse.quote(decoded, safe="/-._~!$&'()*+,;=:@"), asked
    path, _, query = raw.partition("?")
    if not path.startswith("/") or urllib.parse.unquote_to_bytes(path.encode("latin-1")) != decoded or query != asked:
        raise Refused("the app would read another path or query than the one that was sent")
    return path, query


def check_body(environ, digest):
    """The digest covers all that the app can read: with it the gateway sends the length of a body
    (RFC 9530; content_digest_bytes in its configuration, at most 1 MiB)."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in environ or not re.fullmatch("[0-9]{1,7}", length) or int(length) > 1 << 20:
        raise Refused("the body is another one than was signed")
    body = environ["wsgi.input"].read(int(length))
    if digest != "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":":
        raise Refused("the body is another one than was signed")
    environ["wsgi.input"] = io.BytesIO(body)


class Keys:
    """The gateway's keys by id, from a file or URL. Each is good for one algorithm, whatever
    a request says. They are read again every five minutes, or for an unknown id, but at most
    once a minute; what could not be renewed for a day is forgotten."""

    def __init__(self, jwks, secrets):
        if jwks and not re.match(r"https://|http://(localhost|127\.[0-9.]+|\[::1\])[:/]", jwks) and "://" in jwks:
            raise ValueError("samlgate: jwks must be a file, or an https URL")
        if not jwks and not secrets:
            raise ValueError("samlgate: jwks or a secret is required")
        self.source, self.lock = jwks, threading.Lock()
        self.secrets = {kid: hmac_sha256(text) for kid, text in secrets.items()}
        self.public, self.read, self.tried = {}, float("-inf"), float("-inf")

    def find(self, kid):
        if kid in self.secrets or not self.source:
            return self.secrets.get(kid)
        with self.lock:
            now = time.monotonic()
            if (kid not in self.public or now - self.read > 300) and now - self.tried >= 60:
                self.tried = now
                try:
                    self.public, self.read = public_keys(self.fetch()), now
                except (OSError, ValueError, KeyError, TypeError) as problem:
                    log.error("reading the gateway's keys: %s", problem)
            return self.public.get(kid) if now - self.read < 86400 else None

    def fetch(self):
        if "://" not in self.source:
            with open(self.source, "rb") as file:
                return file.read()
        with urllib.request.build_opener(NoRedirects).open(self.source, timeout=5) as answer:
            return answer.read(1 << 18)


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def public_keys(jwks):
    keys = {}
    for k in json.loads(jwks)["keys"]:
        if "d" in k or k["kid"] in keys:
            raise ValueError("the key set holds a private key, or one id twice")
        if k.get("use", "sig") == "sig" and (k["kty"], k.get("crv")) in ALGORITHMS:
            keys[k["kid"]] = ALGORITHMS[k["kty"], k["crv"]](k)
    return keys


def unbase64url(text):
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def ed25519(jwk):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    key = Ed25519PublicKey.from_public_bytes(unbase64url(jwk["x"]))

    def verify(base, signature):
        try:
            key.verify(signature, base)
        except InvalidSignature:
            return False
        return True
    return verify


def ecdsa_p256_sha256(jwk):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    x, y = (int.from_bytes(unbase64url(jwk[n]), "big") for n in "xy")
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()

    def verify(base, signature):
        if len(signature) != 64:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        try:
            key.verify(utils.encode_dss_signature(r, s), base, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True
    return verify


def hmac_sha256(text):
    text = text.strip()
    secret = bytes.fromhex(text) if re.fullmatch("[0-9A-Fa-f]{64}", text) else unbase64url(text)
    if len(secret) < 32:
        raise ValueError("samlgate: a secret of fewer than 32 bytes")
    return lambda base, signature: hmac.compare_digest(hmac.new(secret, base, hashlib.sha256).digest(), signature)


ALGORITHMS = {("OKP", "Ed25519"): ed25519, ("EC", "P-256"): ecdsa_p256_sha256}
