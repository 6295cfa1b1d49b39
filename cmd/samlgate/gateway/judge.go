package gateway

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/metadata"
)

// Hooks let the configuration name what is wrong with the files of identity
// providers, by the same rules as Run.
func Hooks(now func() time.Time) config.Hooks {
	return config.Hooks{
		Metadata: func(document []byte, entityID string, signers [][]byte) (string, error) {
			var certs []*x509.Certificate
			for _, data := range signers {
				some, err := believed(data, now())
				if err != nil {
					return "", err
				}
				certs = append(certs, some...)
			}
			d, err := parseMetadata(document, entityID, certs, now())
			if err != nil {
				return "", err
			}
			return d.EntityID, nil
		},
		Certificates: func(data []byte) error {
			_, err := believed(data, now())
			return err
		},
		Entity: earnest,
	}
}

func believed(data []byte, now time.Time) ([]*x509.Certificate, error) {
	certs, err := metadata.ParseCertificates(data)
	if err != nil {
		return nil, err
	}
	usable, _, err := metadata.Usable(certs, now)
	return usable, err
}

// demoEntity is in the entity ID of every demo identity provider: one that
// signs in anyone as anyone must never guard a real door.
const demoEntity = "/.demo-idp/"

// accept refuses an identity provider that serves anybody.
func (b *base) accept(idp *samlsp.IdentityProvider) error {
	if b.demo {
		return nil
	}
	return earnest(idp.EntityID)
}

func earnest(entityID string) error {
	if strings.Contains(entityID, demoEntity) {
		return errors.New("this is the demo's identity provider, where everyone may sign in as anyone; it guards no real door")
	}
	return nil
}

// CheckMetadata says what keeps a file from being the metadata of an identity
// provider that guards a door.
func CheckMetadata(file string, now time.Time) error {
	d, err := readMetadata(file, "", nil, now)
	if err != nil {
		return err
	}
	return earnest(d.EntityID)
}

func readMetadata(file, entityID string, signers []*x509.Certificate, now time.Time) (*metadata.Descriptor, error) {
	doc, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d, err := parseMetadata(doc, entityID, signers, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

// parseMetadata repeats nothing of the document in its errors: the file that a
// configuration names by mistake may hold anything.
func parseMetadata(document []byte, entityID string, signers []*x509.Certificate, now time.Time) (*metadata.Descriptor, error) {
	d, err := metadata.ParseSigned(document, entityID, signers, now)
	if err != nil {
		quoted := regexp.MustCompile(`"(\\.|[^"\\])*"`)
		return nil, errors.New(quoted.ReplaceAllString(err.Error(), "another"))
	}
	return d, nil
}
