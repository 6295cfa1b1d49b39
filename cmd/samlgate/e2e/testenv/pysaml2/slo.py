"""Single logout (SAML Profiles 4.4): begun here, and begun by a service provider."""

import urllib.request
from urllib.parse import urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, BINDING_SOAP
from saml2.ident import code
from saml2.request import LogoutRequest
from saml2.response import LogoutResponse
from saml2.s_utils import UnsupportedBinding, success_status_factory
from saml2.samlp import STATUS_PARTIAL_LOGOUT, STATUS_SUCCESS, Status, StatusCode
from saml2.time_util import before, in_a_while

from idp import Refused

BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST, "soap": BINDING_SOAP}


class Run:
    """A logout begun here, which visits one service provider after the other."""

    def __init__(self, session, binding, named=True):
        self.binding = binding
        self.named = named  # the LogoutRequests name the session
        self.queue = farewells(session)


class Logout:
    """The single logout service."""

    def __init__(self, idp):
        self.idp = idp
        self.runs = {}  # by the ID of the request that waits for its answer
        self.outcomes = []  # what service providers answered

    def begin(self, session, binding, named):
        run = Run(session, binding, named)
        if binding != BINDING_SOAP:
            return self.proceed(run)
        for sp, visits in run.queue:
            self.call(sp, visits, named)
        return None

    def proceed(self, run):
        """Return what the browser must carry to the next service provider, None after the last."""
        if not run.queue:
            return None
        sp, visits = run.queue.pop(0)
        try:
            where = self.endpoint(sp, run.binding)["location"]
        except Refused as e:
            self.note(sp, run.binding, error=e)
            return self.proceed(run)
        request, message = self.request(where, visits, run.named, signed=run.binding == BINDING_HTTP_POST)
        self.runs[request] = run, sp
        return self.carried(run.binding, message, where, "run-" + request, response=False)

    def call(self, sp, visits, named=True):
        """Ask a service provider directly (SAML Bindings 3.2)."""
        try:
            where = self.endpoint(sp, BINDING_SOAP)["location"]
            request, message = self.request(where, visits, named, signed=True)
            envelope = self.carried(BINDING_SOAP, message, where, "", response=False)["data"]
            answer = post(where, envelope)
            self.runs[request] = None, sp
            return self.finish(BINDING_SOAP, {"SAMLResponse": answer})[1]
        except Exception as e:
            self.note(sp, BINDING_SOAP, error=e)
            return False

    def request(self, where, visits, named, signed):
        return self.idp.library.create_logout_request(
            where, self.idp.library.config.entityid, name_id=visits[0].name_id,
            session_indexes=[v.index for v in visits] if named else None, expire=in_a_while(minutes=1), sign=signed)

    def finish(self, binding, form):
        """Take a LogoutResponse. Returns the run that goes on, and whether all went well."""
        response, content = self.idp.receive(LogoutResponse, binding, form, parameter="SAMLResponse")
        if content.in_response_to not in self.runs:
            raise Refused("nobody asked for this LogoutResponse")
        run, sp = self.runs.pop(content.in_response_to)
        if content.issuer.text.strip() != sp:
            raise Refused("the LogoutResponse is of another service provider")
        if binding != BINDING_SOAP and content.destination not in response.return_addrs:
            raise Refused("the LogoutResponse has a wrong Destination")
        main = content.status.status_code
        sub = main.status_code.value if main.status_code else ""
        relay = form.get("RelayState", "")
        self.note(sp, binding, status=main.value, sub_status=sub, relay=relay == "run-" + content.in_response_to)
        return run, main.value == STATUS_SUCCESS and not sub

    def note(self, sp, binding, error=None, **more):
        self.outcomes.append({"sp": sp, "binding": binding, "error": str(error or ""), **more})

    def requested(self, binding, form):
        """Answer a LogoutRequest: end the sessions it means, and tell the other service providers."""
        request, content = self.idp.receive(LogoutRequest, binding, form)
        if not request.verify() or (content.not_on_or_after and not before(content.not_on_or_after)):
            raise Refused("the LogoutRequest is too old")
        if content.name_id is None:
            raise Refused("the LogoutRequest names nobody")
        sp = content.issuer.text.strip()
        complete = True
        for session in self.end(sp, content):
            for other, visits in farewells(session):
                if other != sp:
                    complete = self.call(other, visits) and complete
        return self.answer(binding, content, sp, complete, form.get("RelayState", ""))

    def end(self, sp, content):
        """End and return the sessions that a LogoutRequest means."""
        indexes = [i.text for i in content.session_index]
        with self.idp.lock:
            meant = {
                key: s for key, s in self.idp.sessions.items()
                if any(v.meant_by(sp, content.name_id, indexes) for v in s.visits)
            }
            for key in meant:
                del self.idp.sessions[key]
        return meant.values()

    def answer(self, binding, content, sp, complete, relay):
        where = ""
        if binding != BINDING_SOAP:
            service = self.endpoint(sp, binding)
            where = service.get("response_location") or service["location"]
        message = self.idp.library.create_logout_response(
            content, [binding], status=success_status_factory() if complete else partial(),
            sign=binding != BINDING_HTTP_REDIRECT)
        return self.carried(binding, message, where, relay, response=True)

    def endpoint(self, sp, binding):
        try:
            return self.idp.library.metadata.single_logout_service(sp, binding, "spsso")[0]
        except (UnsupportedBinding, IndexError):
            raise Refused(f"{sp} has no single logout service for {binding}")

    def carried(self, binding, message, where, relay, response):
        return self.idp.library.apply_binding(
            binding, str(message), where, relay, response=response, sign=binding == BINDING_HTTP_REDIRECT)


def farewells(session):
    """Whom to tell, with the visits that one LogoutRequest can name: those with one NameID."""
    grouped = {}
    for v in session.visits:
        grouped.setdefault((v.sp, code(v.name_id)), []).append(v)
    return [(sp, visits) for (sp, _), visits in grouped.items()]


def partial():
    return Status(status_code=StatusCode(value=STATUS_SUCCESS, status_code=StatusCode(value=STATUS_PARTIAL_LOGOUT)))


def post(url, envelope):
    """Send a SOAP message. Names below .localhost are this machine (RFC 6761 6.3)."""
    parts = urlsplit(url)
    if parts.hostname.endswith(".localhost"):
        url = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
    data = envelope if isinstance(envelope, bytes) else envelope.encode()
    request = urllib.request.Request(url, data, {
        "Host": parts.netloc, "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": '"http://www.oasis-open.org/committees/security"'})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return answer.read().decode()
