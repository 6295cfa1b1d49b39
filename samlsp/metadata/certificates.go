package metadata

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxSigning is how many certificates may sign for one identity provider: every
// forgery costs a key operation for each.
const maxSigning = 32

var errTooMany = fmt.Errorf("the metadata has more than %d signing certificates", maxSigning)

// setCertificates collects the certificates that may sign: those of key
// descriptors for signing, or without a use (errata E62).
func (d *Descriptor) setCertificates(role *element, now time.Time) error {
	var found []*x509.Certificate
	keys, seen := 0, 0
	for _, k := range role.all("KeyDescriptor") {
		if use := k.attr["use"]; use != "" && use != "signing" {
			continue
		}
		keys++
		var own []*x509.Certificate
		given := k.find(nsSignature, "X509Certificate")
		if seen += len(given); seen > maxSigning { // before any is parsed, and compared with others
			return errTooMany
		}
		for _, e := range given {
			certs, err := ParseCertificates(e.text)
			if err != nil {
				d.Warnings = append(d.Warnings, "a certificate in the metadata is ignored: "+err.Error())
			}
			own = append(own, certs...)
		}
		found = append(found, withoutIssuers(own)...)
	}
	if keys == 0 {
		return errors.New("the metadata has no signing certificate (KeyDescriptor)")
	}
	if len(found) > maxSigning {
		return errTooMany
	}
	certs, warnings, err := Usable(found, now)
	d.Certificates, d.Warnings = certs, append(d.Warnings, warnings...)
	return err
}

// withoutIssuers drops what issued another certificate of the same key
// descriptor: a chain names one signer, and its authority is not it.
func withoutIssuers(certs []*x509.Certificate) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(certs), func(ca *x509.Certificate) bool {
		return slices.ContainsFunc(certs, func(c *x509.Certificate) bool {
			return string(c.RawIssuer) == string(ca.RawSubject) && string(c.RawIssuer) != string(c.RawSubject)
		})
	})
}

// Usable returns the certificates whose key is strong enough to be believed,
// each once, with a warning for each that is left out and for each that is not
// valid now, which SAML does not mind. It fails when none is left.
func Usable(certs []*x509.Certificate, now time.Time) (usable []*x509.Certificate, warnings []string, err error) {
	warn := func(c *x509.Certificate, format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf("the certificate with serial number %.40x ", c.SerialNumber)+fmt.Sprintf(format, args...))
	}
	for _, c := range certs {
		if slices.ContainsFunc(usable, c.Equal) {
			continue
		}
		if weakness := weak(c); weakness != "" {
			warn(c, "is ignored: %s", weakness)
			continue
		}
		if now.After(c.NotAfter) {
			warn(c, "expired on %s", c.NotAfter.UTC().Format(time.DateOnly))
		} else if now.Before(c.NotBefore) {
			warn(c, "is not valid before %s", c.NotBefore.UTC().Format(time.DateOnly))
		}
		usable = append(usable, c)
	}
	if len(usable) == 0 {
		return nil, warnings, errors.New("no usable signing certificate is left: RSA keys need 2048 bits, ECDSA keys a curve of P-256 or more")
	}
	return usable, warnings, nil
}

func weak(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < 2048 || bits > 8192 {
			return fmt.Sprintf("its RSA key has %d bits, 2048 to 8192 are believed", bits)
		}
	case *ecdsa.PublicKey:
		if bits := key.Curve.Params().BitSize; bits < 256 {
			return fmt.Sprintf("its ECDSA key has %d bits, 256 are needed", bits)
		}
	default:
		return "its key is neither RSA nor ECDSA"
	}
	return ""
}
