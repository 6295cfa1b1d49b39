"""The SAML side of the test identity provider: pysaml2 and how we set it up."""

import re
import shutil
import threading
import time

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, BINDING_SOAP
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.entity import Entity
from saml2.ident import code
from saml2.mdstore import MetadataStore
from saml2.metadata import entity_descriptor
from saml2.request import AuthnRequest
from saml2.saml import (
    NAME_FORMAT_URI, NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_TRANSIENT,
    NAMEID_FORMAT_UNSPECIFIED, NameID)
from saml2.server import Server
from saml2.sigver import get_pem_wrapped_unwrapped, make_temp, pre_encryption_part, verify_redirect_signature
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

# The XML Encryption algorithms that xmlsec1 knows, with its words for their keys.
CIPHERS = {
    "http://www.w3.org/2009/xmlenc11#aes128-gcm": "aes-128",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm": "aes-256",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc": "aes-128",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc": "aes-256",
    "http://www.w3.org/2001/04/xmlenc#tripledes-cbc": "des-192",
}


class Refused(Exception):
    """A message that this identity provider does not accept."""


class Session:
    """One person who is signed in here, and where else because of that."""

    def __init__(self, person):
        self.person = person
        self.began = int(time.time())
        self.visits = []  # of service providers

    def shown(self):
        return {"login": self.person["login"], "visits": [v.shown() for v in self.visits]}


class Visit:
    """What one assertion said: to whom, about whom, with which SessionIndex."""

    def __init__(self, sp, assertion):
        self.sp = sp
        self.name_id = assertion.subject.name_id
        self.index = assertion.authn_statement[0].session_index

    def shown(self):
        return {"sp": self.sp, "name_id": self.name_id.text, "format": self.name_id.format, "index": self.index}

    def meant_by(self, sp, name_id, indexes):
        """SAML Core 3.7.1: no SessionIndex means every session of that NameID."""
        return self.sp == sp and code(self.name_id) == code(name_id) and (not indexes or self.index in indexes)


class Library(Server):
    """pysaml2's server, which we make choose its ciphers and tell what it asserts."""

    cipher = ""
    asserted = None

    def setup_assertion(self, *args, **kwargs):
        self.asserted = super().setup_assertion(*args, **kwargs)
        return self.asserted

    def _encrypt_assertion(self, encrypt_cert, sp_entity_id, response, node_xpath=None):
        # pysaml2 has no setting for this and would take 3DES, but its parts can do more.
        pem, bare = get_pem_wrapped_unwrapped(encrypt_cert or self.metadata.certs(sp_entity_id, "spsso", "encryption")[0])
        file = make_temp(pem.encode("ascii"), decode=False)
        template = pre_encryption_part(msg_enc=self.cipher, encrypt_cert=bare)
        return self.sec.encrypt_assertion(response, file.name, template, key_type=CIPHERS[self.cipher], node_xpath=node_xpath)


class IDP:
    """An identity provider with its people, its sessions and whom it trusts."""

    def __init__(self, c):
        self.people = {p["login"]: p for p in c["people"]}
        self.options = c["options"]
        self.lock = threading.RLock()  # guards everything below
        self.sessions = {}
        self.trusted = {}
        self.library = Library(config=IdPConfig().load(settings(c)))
        for document in c["trust"]:
            self.trust(document)

    def metadata(self):
        return str(entity_descriptor(self.library.config))

    def trust(self, document):
        """Take over a service provider's metadata, or its newer version."""
        with self.lock:
            one = store(self.library.config, [document])
            self.trusted.update({entity: document for entity in one.keys()})
            known = store(self.library.config, set(self.trusted.values()))
            self.library.metadata = self.library.sec.metadata = known

    def signing_certificates(self, sp):
        try:
            return self.library.metadata.certs(sp, "spsso", "signing")
        except KeyError:
            raise Refused("unknown service provider " + sp)

    def receive(self, kind, binding, form, parameter="SAMLRequest", must=True):
        """Unpack a message and check its signature; without must only where the sender has a key."""
        xml = unpacked(form[parameter], binding, kind.msgtype)
        receivers = self.library.config.endpoint(SERVICE[kind.msgtype], binding, "idp")
        if parameter == "SAMLRequest":
            message = kind(self.library.sec, receivers, self.library.config.attribute_converters, timeslack=60)
            message.loads(xml, binding, origdoc=form[parameter])
            content = message.message
        else:
            message = kind(self.library.sec, receivers, timeslack=60)
            message.loads(xml, False, origxml=xml)
            content = message.response
        self.check_signature(content, binding, form, must)
        return message, content

    def check_signature(self, content, binding, form, must):
        """pysaml2 has checked a signature inside of the XML if there was one."""
        certificates = self.signing_certificates(content.issuer.text.strip())
        if not certificates and not must:
            return
        if binding != BINDING_HTTP_REDIRECT:
            if content.signature is None:
                raise Refused("the message is not signed")
            return
        if "Signature" not in form or "SigAlg" not in form:
            raise Refused("the query is not signed")
        backend = self.library.sec.sec_backend
        if not any(verify_redirect_signature(form, backend, c) for c in certificates):
            raise Refused("the query has a wrong signature")

    def authn_request(self, binding, form):
        request, _ = self.receive(AuthnRequest, binding, form, must=False)
        if not request.verify():
            raise Refused("the request is not of today")
        return request.message

    def answer(self, session, sp, request=None):
        """Return the address and the Response for a person; without a request it is unsolicited."""
        with self.lock:
            policy = request.name_id_policy if request else None
            o = self.options
            self.library.cipher = o["encrypt"]
            response = self.library.create_authn_response(
                attributes(session.person),
                in_response_to=request.id if request else None,
                destination=self.consumer(sp, request),
                sp_entity_id=sp,
                name_id=self.name_id(session.person, sp, policy),
                authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_instant": session.began},
                sign_assertion=o["sign_assertion"],
                sign_response=o["sign_response"],
                encrypt_assertion=bool(o["encrypt"]),
            )
            session.visits.append(Visit(sp, self.library.asserted))
            return self.consumer(sp, request), str(response)

    def consumer(self, sp, request):
        if request:
            return self.library.response_args(request, [BINDING_HTTP_POST])["destination"]
        services = self.library.metadata.assertion_consumer_service(sp, BINDING_HTTP_POST, "spsso")
        return min(services, key=lambda s: s.get("is_default") != "true")["location"]

    def name_id(self, person, sp, policy):
        form = policy.format if policy else None
        if form in (None, NAMEID_FORMAT_UNSPECIFIED):
            form = self.options["name_id_format"]
        if form == NAMEID_FORMAT_EMAILADDRESS:
            return NameID(format=form, text=person["email"])
        return self.library.ident.get_nameid(person["login"], form, sp, self.library.config.entityid)


SERVICE = {"authn_request": "single_sign_on_service", "logout_request": "single_logout_service", "logout_response": "single_logout_service"}


def unpacked(message, binding, kind):
    """pysaml2 renames the prefixes of what comes by SOAP, which breaks its signature, so we cut it out."""
    if binding != BINDING_SOAP:
        return Entity.unravel(message, binding, kind)
    found = re.search(r"<([\w.-]+:)?(Logout(?:Request|Response))\b.*</\1\2\s*>", message, re.DOTALL)
    if not found:
        raise Refused("no SAML message in the SOAP body")
    return found[0]


def store(config, documents):
    s = MetadataStore(config.attribute_converters, config)
    for d in documents:
        s.load("inline", d)
    return s


def attributes(person):
    """mail, givenName and sn go out under their OIDs, as pysaml2's maps say; the others as they are."""
    return {
        "mail": [person["email"]],
        "givenName": [person["first"]],
        "sn": [person["last"]],
        "Role": person["roles"],
        "EmployeeId": [person["employee_id"]],
    }


def settings(c):
    """pysaml2's configuration."""
    url = c["url"]
    return {
        "entityid": c["entity_id"],
        "key_file": c["key_file"],
        "cert_file": c["cert_file"],
        "xmlsec_binary": shutil.which("xmlsec1"),
        "service": {
            "idp": {
                # Left out, or written one level higher, these would be SHA-1.
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
                "want_authn_requests_signed": True,
                "name_id_format": [NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_TRANSIENT, NAMEID_FORMAT_EMAILADDRESS],
                "policy": {"default": {"lifetime": {"minutes": 5}, "name_form": NAME_FORMAT_URI}},
                "endpoints": {
                    "single_sign_on_service": [(url + "/sso/redirect", BINDING_HTTP_REDIRECT), (url + "/sso/post", BINDING_HTTP_POST)],
                    "single_logout_service": [
                        (url + "/slo/redirect", BINDING_HTTP_REDIRECT),
                        (url + "/slo/post", BINDING_HTTP_POST),
                        (c["direct_url"] + "/slo/soap", BINDING_SOAP),
                    ],
                },
            }
        },
    }
