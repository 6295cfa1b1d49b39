#!/usr/bin/python3
"""Writes the fixtures of this folder with pySAML2 (Debian: python3-pysaml2, xmlsec1).

They were made once, at the time in made.txt; the keys were thrown away.
"""
import datetime
import html
import os
import re
import subprocess
import tempfile

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, BINDING_SOAP
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.samlp import STATUS_PARTIAL_LOGOUT, STATUS_SUCCESS, LogoutResponse, Status, StatusCode
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256, SIG_RSA_SHA512

IDP, SLO, SOAP, PENDING = "https://corp.example.net/meta", "https://sp.example.com/slo", "https://sp.example.com/soap", "_pending1"
here = os.path.dirname(os.path.abspath(__file__))
work = tempfile.mkdtemp()
key, cert = os.path.join(work, "key.pem"), os.path.join(here, "idp.crt")
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
                "-days", "36500", "-subj", "/CN=pysaml2"], check=True, capture_output=True)
server = Server(config=IdPConfig().load({
    "entityid": IDP, "key_file": key, "cert_file": cert, "xmlsec_binary": "/usr/bin/xmlsec1",
    "signing_algorithm": SIG_RSA_SHA256, "digest_algorithm": DIGEST_SHA256,
    "service": {"idp": {"endpoints": {"single_sign_on_service": [("https://corp.example.net/sso", BINDING_HTTP_REDIRECT)]}}},
}))


def save(name, text):
    with open(os.path.join(here, name), "w", newline="") as f:
        f.write(text)


def request(destination, sign, number):
    name_id = NameID(text="ana-1", format=NAMEID_FORMAT_PERSISTENT, name_qualifier=IDP, sp_name_qualifier="https://sp.example.com/meta")
    expire = (datetime.datetime.utcnow() + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return server.create_logout_request(destination, IDP, name_id=name_id, expire=expire, message_id="_ask%d" % number,
                                        session_indexes=["s-1", "s-2"], sign=sign, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256)[1]


def response(sign, second=None):
    now = datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ")
    code = StatusCode(value=STATUS_SUCCESS, status_code=second and StatusCode(value=second))
    r = LogoutResponse(id="_answer1", version="2.0", issue_instant=now, destination=SLO, in_response_to=PENDING,
                       issuer=server._issuer(), status=Status(status_code=code))
    return server.sign(r, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256) if sign else r


def redirect(name, message, relay, response=False, alg=SIG_RSA_SHA256):
    args = server.apply_binding(BINDING_HTTP_REDIRECT, str(message), SLO, relay, response=response, sign=True, sigalg=alg)
    save(name, dict(args["headers"])["Location"].partition("?")[2])


def post(name, message, relay, response=False):
    args = server.apply_binding(BINDING_HTTP_POST, str(message), SLO, relay, response=response)
    field = "SAMLResponse" if response else "SAMLRequest"
    save(name, html.unescape(re.search('name="%s" value="([^"]*)"' % field, args["data"]).group(1)))


redirect("request.query", request(SLO, False, 1), "r+/=& 1")
redirect("request-sha512.query", request(SLO, False, 2), "", alg=SIG_RSA_SHA512)
post("request.form", request(SLO, True, 3), "r+/=& 1")
save("request.soap", str(server.apply_binding(BINDING_SOAP, str(request(SOAP, True, 4)), SOAP, "")["data"]))
redirect("response.query", response(False), "token-1", response=True)
post("response.form", response(True, STATUS_PARTIAL_LOGOUT), "token-1", response=True)
save("made.txt", datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ\n"))
