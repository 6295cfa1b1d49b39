package idptest

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const maxRequest = 64 << 10 // bytes of XML

// Request is a login that a service provider asks for.
type Request struct {
	ID, Issuer, ACSURL string
	Destination        string
	NameIDFormat       string
	ForceAuthn         bool
	Passive            bool
	RelayState         string
}

type authnRequest struct {
	XMLName     xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:protocol AuthnRequest"`
	ID          string   `xml:",attr"`
	Version     string   `xml:",attr"`
	Destination string   `xml:",attr"`
	ACSURL      string   `xml:"AssertionConsumerServiceURL,attr"`
	ForceAuthn  string   `xml:",attr"`
	IsPassive   string   `xml:",attr"`
	Issuer      string   `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	Policy      struct {
		Format string `xml:",attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:protocol NameIDPolicy"`
}

// ParseRequest reads the AuthnRequest that r carries, in the query (redirect
// binding, Bindings §3.4) or in the form (POST binding, §3.5), and checks it:
// its signature where the SP has certificates, its destination, and that the
// ACS URL is the one that this IDP was told.
func (p *IDP) ParseRequest(r *http.Request) (Request, error) {
	raw, redirect, err := received(r)
	if err != nil {
		return Request{}, err
	}
	var claimed authnRequest // unverified: only says whose certificates to try
	if err := xml.Unmarshal(raw, &claimed); err != nil {
		return Request{}, errors.New("the request is not an AuthnRequest")
	}
	sp, err := p.sp(strings.TrimSpace(claimed.Issuer))
	if err != nil {
		return Request{}, err
	}
	switch {
	case len(sp.Certificates) == 0:
	case redirect:
		err = verifyQuery(r.URL.RawQuery, sp.Certificates)
	default:
		raw, err = verifyXML(raw, sp.Certificates)
	}
	if err != nil {
		return Request{}, err
	}
	q, err := p.judge(raw, sp)
	if err != nil {
		return Request{}, err
	}
	q.RelayState = r.FormValue("RelayState")
	if redirect {
		q.RelayState = r.URL.Query().Get("RelayState")
	}
	return q, nil
}

// judge reads a request whose signature was checked.
func (p *IDP) judge(raw []byte, sp SP) (Request, error) {
	var a authnRequest
	if err := xml.Unmarshal(raw, &a); err != nil {
		return Request{}, errors.New("the request is not an AuthnRequest")
	}
	if a.ACSURL == "" {
		a.ACSURL = sp.ACSURL
	}
	switch {
	case a.ID == "" || a.Version != "2.0":
		return Request{}, errors.New("the request has no ID or is not of version 2.0")
	case strings.TrimSpace(a.Issuer) != sp.EntityID:
		return Request{}, errors.New("the signed request names another issuer")
	case a.Destination != "" && a.Destination != p.SSOURL():
		return Request{}, errors.New("the request was meant for another address")
	case a.ACSURL != sp.ACSURL:
		return Request{}, errors.New("the request asks for an answer at an unknown address")
	}
	return Request{
		ID: a.ID, Issuer: sp.EntityID, ACSURL: a.ACSURL, Destination: a.Destination, NameIDFormat: a.Policy.Format,
		ForceAuthn: xmlTrue(a.ForceAuthn), Passive: xmlTrue(a.IsPassive),
	}, nil
}

func xmlTrue(s string) bool { return s == "true" || s == "1" }

// received returns the XML, and whether it came by redirect.
func received(r *http.Request) (raw []byte, redirect bool, err error) {
	if v := r.URL.Query().Get("SAMLRequest"); v != "" {
		deflated, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return nil, true, errors.New("the request is not base64")
		}
		raw, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), maxRequest+1))
		if err != nil || len(raw) > maxRequest {
			return nil, true, errors.New("the request does not inflate, or is too large")
		}
		return raw, true, nil
	}
	v := r.PostFormValue("SAMLRequest")
	raw, err = base64.StdEncoding.DecodeString(v)
	if err != nil || v == "" || len(raw) > maxRequest {
		return nil, false, errors.New("there is no SAMLRequest, or it is not base64, or too large")
	}
	return raw, false, nil
}

// verifyQuery checks the signature over the query as it was sent, octet by
// octet: SAMLRequest, RelayState, SigAlg in this order (Bindings §3.4.4.1).
func verifyQuery(query string, certs []*x509.Certificate) error {
	raw := map[string]string{}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if _, twice := raw[name]; twice {
			return errors.New("a parameter of the request comes twice")
		}
		raw[name] = value
	}
	signed := "SAMLRequest=" + raw["SAMLRequest"]
	if v, ok := raw["RelayState"]; ok {
		signed += "&RelayState=" + v
	}
	signed += "&SigAlg=" + raw["SigAlg"]
	method, err := url.QueryUnescape(raw["SigAlg"])
	if err != nil {
		return errors.New("the signature algorithm of the request is badly escaped")
	}
	text, _ := url.QueryUnescape(raw["Signature"])
	sig, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sig) == 0 {
		return errors.New("the request must be signed")
	}
	for _, c := range certs {
		if verifyBytes(c, method, []byte(signed), sig) == nil {
			return nil
		}
	}
	return errors.New("the signature of the request does not fit")
}

func verifyBytes(c *x509.Certificate, method string, content, sig []byte) error {
	h, err := hashOf(method)
	if err != nil {
		return err
	}
	if h == crypto.MD5 || h == crypto.SHA1 {
		return errors.New("the signature algorithm of the request is too weak")
	}
	digest := sum(h, content)
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if strings.Contains(method, "#rsa-") {
			return rsa.VerifyPKCS1v15(k, h, digest, sig)
		}
	case *ecdsa.PublicKey:
		n := len(sig) / 2
		if strings.Contains(method, "#ecdsa-") && ecdsa.Verify(k, digest, new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])) {
			return nil
		}
	}
	return errors.New("signature method does not fit the key or signature")
}

// verifyXML checks the one signature of a POSTed request and returns the
// bytes that it covers; nothing else is read from there on.
func verifyXML(raw []byte, certs []*x509.Certificate) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil || doc.Root() == nil {
		return nil, errors.New("the request is not XML")
	}
	for _, c := range certs {
		ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c}})
		ctx.Clock = dsig.NewFakeClockAt(c.NotBefore) // the key counts, not the dates of its certificate (IIP-MD12)
		root := doc.Root().Copy()
		if sig := child(root, "Signature"); sig != nil {
			if info := child(sig, "KeyInfo"); info != nil {
				sig.RemoveChild(info) // trust comes from configuration, never from the message
			}
			rawToDER(sig, c)
		}
		if covered, err := ctx.Validate(root); err == nil {
			return serialize(covered)
		}
	}
	return nil, errors.New("the request must be signed, and its signature does not fit")
}
