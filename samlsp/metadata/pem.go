package metadata

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	maxCertificateFile = 1 << 20
	maxCertificates    = 50
)

// ParseCertificates reads what an operator was given as "the certificate": PEM
// blocks, one or several, DER, or the base64 alone, with any line breaks or
// none, and with BEGIN and END on the same line as the rest. Anything else is
// refused with what it is; of a private key not a byte is repeated.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	if len(data) > maxCertificateFile {
		return nil, errors.New("the certificate file exceeds 1 MiB")
	}
	if len(data) > 0 && data[0] == 0x30 && bytes.ContainsFunc(data[:min(len(data), 64)], func(r rune) bool { return r < '\t' || r > '~' }) {
		return fromDER(data) // an ASN.1 SEQUENCE; as text it would begin with a zero digit
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))
	text = strings.NewReplacer(`\r`, " ", `\n`, " ").Replace(text) // line breaks that an environment variable kept as two characters
	switch {
	case text == "":
		return nil, errors.New("the certificate is empty")
	case strings.HasPrefix(text, "<"):
		return nil, errors.New("this is XML, not a certificate; metadata goes under metadata_file")
	case strings.Contains(text, "--"):
		return fromPEM(text)
	}
	return fromBase64(text)
}

// fromPEM reads BEGIN … END blocks more tolerantly than RFC 7468, which asks
// for line breaks. Text between the blocks is a comment.
func fromPEM(text string) ([]*x509.Certificate, error) {
	marker := regexp.MustCompile(`-{2,}\s*(BEGIN|END)\s+([A-Z0-9 ]+?)\s*-{2,}`)
	marks := marker.FindAllStringSubmatchIndex(text, -1)
	var certs []*x509.Certificate
	for i := 0; i < len(marks); i += 2 {
		label := text[marks[i][4]:marks[i][5]]
		if err := refuseLabel(label); err != nil {
			return nil, err
		}
		if i+1 == len(marks) || text[marks[i][2]:marks[i][3]] != "BEGIN" || text[marks[i+1][2]:marks[i+1][3]] != "END" ||
			text[marks[i+1][4]:marks[i+1][5]] != label {
			return nil, errors.New("the certificate is cut off: each BEGIN CERTIFICATE line needs its END CERTIFICATE line")
		}
		found, err := fromBase64(text[marks[i][1]:marks[i+1][0]])
		if err != nil {
			return nil, err
		}
		if certs = append(certs, found...); len(certs) > maxCertificates {
			return nil, fmt.Errorf("the file holds more than %d certificates", maxCertificates)
		}
	}
	if len(certs) == 0 {
		return nil, errors.New("the certificate's BEGIN line is damaged")
	}
	return certs, nil
}

func refuseLabel(label string) error {
	switch {
	case strings.Contains(label, "PRIVATE KEY"):
		return errPrivate
	case strings.Contains(label, "CERTIFICATE REQUEST"):
		return errRequest
	case strings.Contains(label, "PUBLIC KEY"):
		return errPublic
	case label == "CERTIFICATE", label == "X509 CERTIFICATE", label == "TRUSTED CERTIFICATE":
		return nil
	case label == "PKCS7":
		return errors.New("this is a PKCS#7 bundle; export the certificate alone as PEM")
	}
	return errors.New("this PEM file does not hold a certificate")
}

var (
	errPrivate = errors.New("this is a private key, not a certificate: the identity provider never shares its private key, " +
		"so ask for the certificate, and consider this key exposed if it was sent to you")
	errRequest = errors.New("this is a certificate request (CSR), not a certificate: ask for the signed certificate")
	errPublic  = errors.New("this is a bare public key, not a certificate: ask for the X.509 certificate")
)

func fromBase64(text string) ([]*x509.Certificate, error) {
	text = strings.Join(strings.Fields(text), "")
	der, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(der) == 0 {
		return nil, errors.New("this is neither PEM, DER nor base64 of a certificate")
	}
	return fromDER(der)
}

func fromDER(der []byte) ([]*x509.Certificate, error) {
	certs, err := x509.ParseCertificates(der)
	if err == nil && len(certs) > 0 && len(certs) <= maxCertificates {
		return certs, nil
	}
	if isPrivate(der) {
		return nil, errPrivate
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return nil, errRequest
	}
	if _, err := x509.ParsePKIXPublicKey(der); err == nil {
		return nil, errPublic
	}
	if _, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return nil, errPublic
	}
	return nil, errors.New("the certificate is damaged, or this is another kind of file")
}

func isPrivate(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(der)
	return err == nil
}
