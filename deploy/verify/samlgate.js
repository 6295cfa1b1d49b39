'use strict';
// Tells a Node app who is there, and lets nobody else in.
//
// samlgate signs every request of a signed-in person (RFC 9421). This middleware
// for Express, Connect or plain node:http verifies the signature and refuses
// whatever does not come from the gateway, was meant for another app, path or
// time, or carries an identity header that is not signed. Node 18 or newer,
// nothing else.
//
//   app.use(samlgate({ audience: 'wiki', authorities: ['wiki.example.com'],
//     jwks: 'https://wiki.example.com/.samlgate/jwks.json' }));
//
// The app finds the person in req.identity: email, first_name, last_name,
// employee_id where they are known, and roles. Put it before whatever rewrites
// req.method or req.originalUrl.
//
// Replays: without `seen` a request that somebody overheard is accepted again
// until it expires, about a minute and a half. Pass seen(nonce, expires), which
// remembers nonces for all processes of the app and returns, or promises, true
// for one that it had before.

const crypto = require('node:crypto');
const { once } = require('node:events');
const { readFile } = require('node:fs/promises');

const HEADERS = { // what the gateway calls them, `headers` in its configuration
  email: 'X-Auth-Email', first_name: 'X-Auth-First-Name', last_name: 'X-Auth-Last-Name',
  roles: 'X-Auth-Roles', employee_id: 'X-Auth-Employee-Id',
};
const MANAGED = [...Object.values(HEADERS), 'X-Auth-Assertion', 'X-Auth-Audience', 'Remote-User', 'X-Remote-User',
  'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups',
  'X-WEBAUTH-USER', 'X-WEBAUTH-GROUPS', 'Remote-Groups'];
const REQUIRED = ['@method', '@authority', '@path', '@query', 'x-auth-audience'];
const SKEW = 30, LONGEST = 300; // seconds

// Why a request is refused. It holds no value of the request.
class Refused extends Error {}

// normal is the same for all names that some framework could take for this one.
const normal = (header) => header.toLowerCase().replace(/[^a-z0-9]/g, '-');

// samlgate returns the middleware. secrets are { key id: text of the key file }
// for hmac-sha256; managed are further headers that only the gateway sets, as in
// `headers.set`.
function samlgate({ audience, authorities, jwks, secrets = {}, headers = HEADERS, managed = [], separator = ',',
  seen = () => false, now = () => Date.now() / 1000, log = console.error }) {
  if (!audience || !Array.isArray(authorities) || authorities.length === 0) {
    throw new Error('samlgate: an audience and a list of authorities are required');
  }
  const ours = { audience, headers, separator, now, seen, keys: new Keys(jwks, secrets, log),
    authorities: authorities.map((a) => a.toLowerCase()),
    managed: new Set([...MANAGED, ...Object.values(headers), ...managed].map(normal)) };
  const middleware = async (req, res, next) => {
    delete req.identity;
    try {
      req.identity = await verify(ours, req);
    } catch (reason) {
      log(`samlgate: refused a request: ${reason instanceof Refused ? reason.message : reason.name}`);
      res.writeHead(403, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
      res.end('This request does not come from the sign-in gateway.\n');
      return;
    }
    next();
  };
  // identify(req) promises the identity, or fails: for server.on('upgrade'), which passes no middleware.
  middleware.identify = (req) => verify(ours, req);
  return middleware;
}

// verify returns the identity that the request carries, or throws.
async function verify(ours, req) {
  const fields = readFields(ours, req.rawHeaders);
  const { params, components, p } = signatureInput(fields.get('signature-input'));
  const signature = signatureValue(fields.get('signature'));
  judge(ours, fields, components, p);
  const values = readValues(ours, req, fields, components);
  const lines = components.map((c) => `"${c}": ${values.get(c)}\n`).join('');
  const base = Buffer.from(`${lines}"@signature-params": ${params}`, 'latin1');
  const check = await ours.keys.find(p.get('keyid'));
  if (!check) throw new Refused('the key is unknown');
  if (!check(base, signature)) throw new Refused('the signature does not fit the request');
  if (values.has('content-digest')) await checkBody(req, fields, values.get('content-digest'));
  if (await ours.seen(p.get('nonce'), Number(p.get('expires')) + SKEW)) throw new Refused('the request was here before');
  return identity(ours, values);
}

// readFields reads what Node calls rawHeaders, since it joins duplicates in
// req.headers or drops them. A name that matters may be there once only, under
// whatever spelling.
function readFields(ours, raw) {
  const fields = new Map(), forms = new Set();
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase(), form = normal(name);
    if (ours.managed.has(form) || ['host', 'signature', 'signature-input'].includes(form)) {
      if (forms.has(form)) throw new Refused('an identity header is there twice');
      forms.add(form);
    }
    const value = raw[i + 1].replace(/^[ \t]+|[ \t]+$/g, '');
    fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
  }
  return fields;
}

// judge checks what a genuine signature must say (docs/header-contract.md).
function judge(ours, fields, components, p) {
  const now = ours.now(), created = Number(p.get('created')), expires = Number(p.get('expires'));
  if (p.get('tag') !== 'samlgate-identity' || !p.get('nonce')) throw new Refused('the signature has another purpose');
  if (created > now + SKEW || expires <= now - SKEW || expires <= created || expires - created > LONGEST) {
    throw new Refused('the signature is not of this time');
  }
  if (!REQUIRED.every((c) => components.includes(c))) throw new Refused('the signature leaves out a part of the request');
  for (const name of fields.keys()) {
    if (ours.managed.has(normal(name)) && !components.includes(name)) {
      throw new Refused('an identity header is not covered by the signature');
    }
  }
  if (fields.get('x-auth-audience') !== ours.audience) throw new Refused('the request is meant for another audience');
}

// readValues returns every covered component (RFC 9421 §2). Node hands bytes over as latin1.
function readValues(ours, req, fields, components) {
  const target = req.originalUrl || req.url; // Express shortens url below a mount
  if (!target.startsWith('/')) throw new Refused('the target is not a path');
  const [path] = target.split('?', 1), query = target.slice(path.length + 1);
  // RFC 9421 §2.2.3: lower case, without the default port of the connection to the app.
  const authority = (fields.get('host') || '').toLowerCase().replace(req.socket.encrypted ? /:443$/ : /:80$/, '');
  if (!ours.authorities.includes(authority)) throw new Refused('the request is meant for another host');
  const values = new Map([['@method', req.method], ['@authority', authority], ['@path', path], ['@query', `?${query}`]]);
  for (const c of components) {
    if (!values.has(c)) values.set(c, fields.get(c));
    if (values.get(c) === undefined) throw new Refused('the signature covers what is not there');
    if (/[^\t\x20-\x7e\x80-\xff]/.test(values.get(c))) throw new Refused('a covered value holds a control character');
  }
  return values;
}

// checkBody reads the whole body, which has a length when its digest is covered
// (RFC 9530; content_digest_bytes at the gateway, at most 1 MiB), and puts it back.
async function checkBody(req, fields, digest) {
  const length = Number(fields.get('content-length') || 0), chunks = [];
  if (fields.has('transfer-encoding') || !(length <= 1 << 20)) throw new Refused('the body is another one than was signed');
  for (let left = length; left > 0;) {
    const chunk = req.read();
    if (chunk) left -= chunks[chunks.push(chunk) - 1].length;
    else await once(req, 'readable');
  }
  const body = Buffer.concat(chunks);
  if (length > 0) req.unshift(body);
  if (digest !== `sha-256=:${crypto.createHash('sha256').update(body).digest('base64')}:`) {
    throw new Refused('the body is another one than was signed');
  }
}

// identity is read from covered headers alone.
function identity(ours, values) {
  const person = {}, utf8 = new TextDecoder('utf-8', { fatal: true });
  for (const [what, header] of Object.entries(ours.headers)) {
    const value = values.get(header.toLowerCase());
    if (value !== undefined) person[what] = utf8.decode(Buffer.from(value, 'latin1'));
  }
  person.roles = person.roles ? person.roles.split(ours.separator).map((r) => r.replace(/^ +| +$/g, '')) : [];
  return person;
}

// signatureInput parses the member that the gateway puts in front, strictly, and
// returns it as it stands, its components and its parameters. Members of others
// are not looked at.
function signatureInput(field = '') {
  const m = field.length <= 8192 && /^samlgate=(\(([^()]*)\)(;[^,]*))(,.*)?$/.exec(field);
  if (!m || again(m[4])) throw new Refused('it carries no signature of the gateway, or two');
  const components = m[2].split(' ').map((c) => (/^"(@?[a-z0-9_.-]+)"$/.exec(c) || [])[1]);
  const pairs = m[3].slice(1).split(';').map((s) => (
    /^(?:(created|expires)=([0-9]{1,12})|(keyid|nonce|tag)="([!#-[\]-~]*)")$/.exec(s) || []));
  const p = new Map(pairs.map((x) => [x[1] || x[3], x[2] || x[4]]));
  if (components.includes(undefined) || p.has(undefined)) throw new Refused('the signature asks for what is not supported');
  if (new Set(components.map(normal)).size !== components.length || pairs.length !== 5 || p.size !== 5) {
    throw new Refused('the signature says something twice, or too little');
  }
  return { params: m[1], components, p };
}

function signatureValue(field = '') {
  const m = field.length <= 8192 && /^samlgate=:([A-Za-z0-9+/]{4,128}={0,2}):(,.*)?$/.exec(field);
  const signature = m && Buffer.from(m[1], 'base64');
  if (!m || again(m[2]) || signature.toString('base64') !== m[1]) {
    throw new Refused('it carries no signature of the gateway, two, or one in disguise');
  }
  return signature;
}

const again = (rest) => /[,\s]samlgate(?![a-z0-9_.*-])/.test(rest || '');

// Keys are the gateway's, by id, from a file or URL. Each is good for one
// algorithm, whatever a request says. They are read again every five minutes, or
// for an unknown id, but at most once a minute; what could not be renewed for a
// day is forgotten.
class Keys {
  constructor(jwks, secrets, log) {
    if (jwks && /:\/\//.test(jwks) && !/^(https:\/\/|http:\/\/(localhost|127\.[0-9.]+|\[::1\])[:/])/.test(jwks)) {
      throw new Error('samlgate: jwks must be a file, or an https URL');
    }
    this.secrets = new Map(Object.entries(secrets).map(([kid, text]) => [kid, hmacSha256(text)]));
    if (!jwks && this.secrets.size === 0) throw new Error('samlgate: jwks or a secret is required');
    Object.assign(this, { source: jwks, log, public: new Map(), read: -Infinity, tried: -Infinity, reading: null });
  }

  async find(kid) {
    if (this.secrets.has(kid) || !this.source) return this.secrets.get(kid);
    const now = performance.now() / 1000;
    if ((!this.public.has(kid) || now - this.read > 300) && now - this.tried >= 60) {
      this.tried = now;
      this.reading = this.renew(now);
    }
    await this.reading;
    return now - this.read < 86400 ? this.public.get(kid) : undefined;
  }

  async renew(now) {
    try {
      this.public = publicKeys(JSON.parse(await this.fetch()));
      this.read = now;
    } catch (problem) {
      this.log(`samlgate: reading the gateway's keys: ${problem.message}`);
    }
  }

  async fetch() {
    if (!this.source.includes('://')) return readFile(this.source, 'utf8');
    const answer = await fetch(this.source, { redirect: 'error', signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`the answer is ${answer.status}`);
    return answer.text();
  }
}

function publicKeys({ keys }) {
  const found = new Map();
  for (const k of keys) {
    const algorithm = { 'OKP Ed25519': ed25519, 'EC P-256': ecdsaP256Sha256 }[`${k.kty} ${k.crv}`];
    if (k.d !== undefined || found.has(k.kid)) throw new Error('the key set holds a private key, or one id twice');
    if (algorithm && k.kid && (k.use || 'sig') === 'sig') found.set(k.kid, algorithm(crypto.createPublicKey({ key: k, format: 'jwk' })));
  }
  return found;
}

const ed25519 = (key) => (base, signature) => crypto.verify(null, base, key, signature);

const ecdsaP256Sha256 = (key) => (base, signature) => signature.length === 64
  && crypto.verify('sha256', base, { key, dsaEncoding: 'ieee-p1363' }, signature);

function hmacSha256(text) {
  const secret = Buffer.from(text.trim(), /^[0-9A-Fa-f]{64}$/.test(text.trim()) ? 'hex' : 'base64');
  if (secret.length < 32) throw new Error('samlgate: a secret of fewer than 32 bytes');
  return (base, signature) => {
    const mac = crypto.createHmac('sha256', secret).update(base).digest();
    return mac.length === signature.length && crypto.timingSafeEqual(mac, signature);
  };
}

module.exports = samlgate;
