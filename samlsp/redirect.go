package samlsp

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/beevik/etree"
)

// redirectURL is the HTTP-Redirect binding with the DEFLATE encoding. What is
// signed is the text SAMLRequest=…&RelayState=…&SigAlg=… exactly as it stands
// in the URL (Bindings §3.4.4.1); a query that the address had already stays in
// front of it, unsigned.
func (sp *ServiceProvider) redirectURL(request *etree.Element, address string, sign bool, relayState string) (string, error) {
	packed, err := deflate(request)
	if err != nil {
		return "", err
	}
	query := "SAMLRequest=" + url.QueryEscape(packed)
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	if sign {
		key := sp.cfg.Keys[0]
		query += "&SigAlg=" + url.QueryEscape(key.algorithm())
		value, err := key.sign([]byte(query))
		if err != nil {
			return "", err
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(value))
	}
	return address + joint(address) + query, nil
}

// joint is what must stand between an address and further parameters.
func joint(address string) string {
	switch {
	case !strings.Contains(address, "?"):
		return "?"
	case strings.HasSuffix(address, "?"), strings.HasSuffix(address, "&"):
		return ""
	}
	return "&"
}

func deflate(request *etree.Element) (string, error) {
	data, err := canonicalBytes(request)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
