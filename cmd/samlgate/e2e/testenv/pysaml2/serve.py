"""The web server of the test identity provider: serve.py SETTINGS.json"""

import json
import secrets
import sys
import traceback
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pages
from idp import IDP, Refused, Session
from saml2 import BINDING_HTTP_POST, BINDING_SOAP
from slo import BINDINGS, Logout

COOKIE = "pysaml2_session"


class Pending:
    """A login that waits for its password."""

    def __init__(self, sp, relay, request=None):
        self.sp, self.relay, self.request = sp, relay, request


class Service:
    """What each address does. Every method takes the Exchange and answers it."""

    def __init__(self, settings):
        self.idp = IDP(settings)
        self.logout = Logout(self.idp)
        self.pending = {}
        self.routes = {
            "/metadata": self.metadata,
            "/sso/redirect": self.sso, "/sso/post": self.sso,
            "/login": self.login,
            "/idp-initiated": self.unsolicited,
            "/slo/redirect": self.slo, "/slo/post": self.slo, "/slo/soap": self.slo_soap,
            "/logout": self.begin_logout,
            "/forget": self.forget,
            "/test/options": self.options, "/test/trust": self.trust, "/test/state": self.state,
        }

    def metadata(self, x):
        x.send(200, self.idp.metadata(), "application/samlmetadata+xml")

    def sso(self, x):
        form = x.form()
        request = self.idp.authn_request(BINDINGS[x.binding()], form)
        self.proceed(x, Pending(request.issuer.text.strip(), form.get("RelayState", ""), request))

    def unsolicited(self, x):
        form = x.form()
        self.idp.signing_certificates(form["sp"])  # of one whom we know
        self.proceed(x, Pending(form["sp"], form.get("relay", "")))

    def proceed(self, x, p):
        """Answer at once who is signed in already; ask everybody else."""
        session = self.idp.sessions.get(x.session())
        if session and not (p.request and p.request.force_authn == "true"):
            self.answer(x, session, p)
            return
        self.ask(x, p)

    def ask(self, x, p, wrong=False):
        token = secrets.token_urlsafe()
        self.pending[token] = p
        x.send(200, pages.login(token, wrong))

    def login(self, x):
        form = x.form()
        p = self.pending.pop(form.get("token"), None)
        if p is None:
            raise Refused("no login was begun")
        person = self.idp.people.get(form["username"])
        if person is None or person["password"] != form["password"]:
            self.ask(x, p, wrong=True)
            return
        session, key = Session(person), secrets.token_urlsafe()
        self.idp.sessions.pop(x.session(), None)
        self.idp.sessions[key] = session
        x.headers_out.append(("Set-Cookie", f"{COOKIE}={key}; Path=/; HttpOnly"))
        self.answer(x, session, p)

    def answer(self, x, session, p):
        where, response = self.idp.answer(session, p.sp, p.request)
        x.carry(self.idp.library.apply_binding(BINDING_HTTP_POST, response, where, p.relay, response=True))

    def slo(self, x):
        form, binding = x.form(), BINDINGS[x.binding()]
        if "SAMLRequest" in form:
            x.carry(self.logout.requested(binding, form))
            return
        try:
            run, _ = self.logout.finish(binding, form)
        except Exception as e:
            self.logout.note("", binding, error=f"{type(e).__name__}: {e}")
            raise
        self.farewell(x, self.logout.proceed(run))

    def slo_soap(self, x):
        x.carry(self.logout.requested(BINDING_SOAP, {"SAMLRequest": x.body()}))

    def begin_logout(self, x):
        session = self.idp.sessions.pop(x.session(), None)
        if session is None:
            raise Refused("nobody is signed in")
        form = x.form()
        self.farewell(x, self.logout.begin(session, BINDINGS[form.get("binding", "redirect")], named="all" not in form))

    def farewell(self, x, message):
        if message is None:
            x.send(200, pages.signed_out())
        else:
            x.carry(message)

    def forget(self, x):
        self.idp.sessions.pop(x.session(), None)
        x.send(200, pages.signed_out())

    def options(self, x):
        self.idp.options = json.loads(x.body())
        x.send(200, "{}", "application/json")

    def trust(self, x):
        self.idp.trust(x.body())
        x.send(200, "{}", "application/json")

    def state(self, x):
        with self.idp.lock:
            state = {"sessions": [s.shown() for s in self.idp.sessions.values()], "outcomes": self.logout.outcomes}
        x.send(200, json.dumps(state), "application/json")


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer."""

    protocol_version = "HTTP/1.1"
    service = None

    def do_GET(self):
        self.headers_out = []
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        try:
            self.service.routes.get(self.path.split("?")[0], lambda x: x.send(404, pages.refused("no such page")))(self)
        except Refused as e:
            self.log_error("refused: %s", e)
            self.send(403, pages.refused(str(e)))
        except Exception as e:  # pysaml2 refuses by many kinds of exceptions
            traceback.print_exc()
            self.send(403, pages.refused(f"{type(e).__name__}: {e}"))

    do_POST = do_GET

    def log_request(self, code="-", size="-"):
        self.log_message("%s %s %s", self.command, self.path.split("?")[0], code)

    def body(self):
        return self.content

    def form(self):
        encoded = self.content if self.command == "POST" else urlsplit(self.path).query
        return dict(parse_qsl(encoded, keep_blank_values=True))

    def binding(self):
        return self.path.split("?")[0].rsplit("/", 1)[1]

    def session(self):
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        return cookies[COOKIE].value if COOKIE in cookies else None

    def carry(self, info):
        """Answer with what pysaml2 has made for a binding."""
        data = info["data"] if isinstance(info["data"], str) else b"".join(info["data"]).decode()
        kinds = {k.lower(): v for k, v in info["headers"]}
        if "location" in kinds:
            self.headers_out.append(("Location", kinds["location"]))
            self.send(303, data)
        else:
            self.send(200, data, kinds["content-type"].replace("application/soap+xml", "text/xml"))

    def send(self, status, text, kind="text/html"):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        for name, value in self.headers_out:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


class WebServer(ThreadingHTTPServer):
    """A server that is not upset when a browser goes away."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        settings = json.load(f)
    Exchange.service = Service(settings)
    WebServer(("127.0.0.1", settings["port"]), Exchange).serve_forever()


if __name__ == "__main__":
    main()
