package idptest

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp/xmlenc"
	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

// encryption is how the assertion is encrypted.
type encryption struct {
	recipe  xmlenctest.Recipe
	to      []*rsa.PublicKey               // none = whoever the IDP knows as the service provider
	bare    bool                           // without the namespaces that the response declares
	replace func(assertion []byte) []byte  // the plaintext; nil = the assertion
	around  func(encrypted *etree.Element) // the EncryptedAssertion
}

// Encrypt encrypts the assertion when it is signed, and before the response is
// (SAML Core §2.3.4, §6.2), for the owners of the certificates, or else for all
// RSA certificates that the IDP knows of the service provider.
func Encrypt(r xmlenctest.Recipe, to ...*x509.Certificate) Option {
	return func(m *message) {
		e := &encryption{recipe: r}
		for _, c := range to {
			e.to = append(e.to, publicKeys(c)...)
		}
		m.encryption = e
	}
}

// GCM is how identity providers of today encrypt.
func GCM() xmlenctest.Recipe {
	return xmlenctest.Recipe{Content: xmlenc.AES256GCM, Transport: xmlenc.OAEPMGF1P}
}

// CBC is how those of yesterday do.
func CBC() xmlenctest.Recipe {
	return xmlenctest.Recipe{Content: xmlenc.AES128CBC, Transport: xmlenc.OAEPMGF1P}
}

var errNoRSA = errors.New("there is no RSA key to encrypt for")

func publicKeys(certs ...*x509.Certificate) []*rsa.PublicKey {
	var keys []*rsa.PublicKey
	for _, c := range certs {
		if k, ok := c.PublicKey.(*rsa.PublicKey); ok {
			keys = append(keys, k)
		}
	}
	return keys
}

// recipients are the keys of the service provider that the message is for.
func (m *message) recipients(to []*rsa.PublicKey) ([]*rsa.PublicKey, error) {
	if len(to) > 0 {
		return to, nil
	}
	sp, err := m.idp.sp(m.audience)
	if err != nil {
		return nil, err
	}
	if to = publicKeys(sp.Certificates...); len(to) == 0 {
		return nil, errNoRSA
	}
	return to, nil
}

// assertion puts an EncryptedAssertion in the place of a.
func (e *encryption) assertion(m *message, a *etree.Element) error {
	whole := standalone(a)
	if e.bare {
		whole = a.Copy()
	}
	plain, err := serialize(whole)
	if err != nil {
		return err
	}
	if e.replace != nil {
		plain = e.replace(plain)
	}
	encrypted, err := m.encrypt(e.recipe, "EncryptedAssertion", plain, e.to)
	if err != nil {
		return err
	}
	if e.around != nil {
		e.around(encrypted)
	}
	swap(a, encrypted)
	return nil
}

// encrypt returns the element of that name that holds plain.
func (m *message) encrypt(r xmlenctest.Recipe, tag string, plain []byte, to []*rsa.PublicKey) (*etree.Element, error) {
	to, err := m.recipients(to)
	if err != nil {
		return nil, err
	}
	text, err := r.Encrypt(tag, plain, to...)
	if err != nil {
		return nil, err
	}
	id := newID()
	text = strings.NewReplacer(`"_key`, `"`+id, `"#_key`, `"#`+id).Replace(text) // IDs are unique
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		return nil, err
	}
	return doc.Root(), nil
}

func swap(old, by *etree.Element) {
	parent, at := old.Parent(), old.Index()
	parent.RemoveChildAt(at)
	parent.InsertChildAt(at, by)
}

// EncryptNameID encrypts the NameID before the assertion is signed (SAML Core §2.2.4).
func EncryptNameID(r xmlenctest.Recipe) Option {
	return encryptPart(r, "EncryptedID", func(a *etree.Element) *etree.Element { return find(a, "NameID") })
}

// EncryptAttribute encrypts the attribute of that Name before the assertion is
// signed (SAML Core §2.7.3.2).
func EncryptAttribute(r xmlenctest.Recipe, name string) Option {
	return encryptPart(r, "EncryptedAttribute", func(a *etree.Element) *etree.Element { return attribute(a, name) })
}

func encryptPart(r xmlenctest.Recipe, tag string, pick func(*etree.Element) *etree.Element) Option {
	return func(m *message) {
		m.editAssertion = append(m.editAssertion, func(a *etree.Element) {
			part := pick(a)
			if part == nil {
				m.err = errors.New("nothing to encrypt as " + tag)
				return
			}
			whole := standalone(part)
			apply(m.editHidden, whole)
			plain, err := serialize(whole)
			if err != nil {
				m.err = err
				return
			}
			encrypted, err := m.encrypt(r, tag, plain, nil)
			if err != nil {
				m.err = err
				return
			}
			swap(part, encrypted)
		})
	}
}
