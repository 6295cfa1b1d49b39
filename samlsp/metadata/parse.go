package metadata

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const protocol = "urn:oasis:names:tc:SAML:2.0:protocol"

// ErrExpired is wrapped when validUntil has passed.
var ErrExpired = errors.New("the metadata has expired")

// Parse reads the metadata of the one identity provider in data, an
// EntityDescriptor or an EntitiesDescriptor around it (§2.3). Errors are
// sentences for the operator who fetched the wrong file.
func Parse(data []byte, now time.Time) (*Descriptor, error) { return ParseEntity(data, "", now) }

// ParseEntity is [Parse] for the identity provider called entityID among any
// number of entities. An empty entityID means that there must be only one.
func ParseEntity(data []byte, entityID string, now time.Time) (*Descriptor, error) {
	if err := notMetadata(data); err != nil {
		return nil, err
	}
	c := candidates{entityID: entityID}
	r := reader{done: c.consider}
	root, err := r.read(data)
	if err != nil {
		return nil, err
	}
	if !root.is(nsMetadata, "EntityDescriptor") && !root.is(nsMetadata, "EntitiesDescriptor") {
		return nil, errors.New("this is no SAML metadata: its root element is not EntityDescriptor")
	}
	if err := c.onlyOne(); err != nil {
		return nil, err
	}
	return c.found.descriptor(now)
}

// candidate is an entity with an identity provider in it.
type candidate struct {
	entity, role *element
	around       []*element
}

// candidates picks the entity that is meant while the document is read.
type candidates struct {
	entityID string
	found    *candidate
	idps     int // identity providers that speak SAML 2.0, and are meant
	others   int // all other entities
	sps      int // those among them that are service providers only
	old      int // identity providers that do not speak SAML 2.0
}

func (c *candidates) consider(entity *element, around []*element) error {
	for _, e := range around {
		if !e.is(nsMetadata, "EntitiesDescriptor") {
			return errors.New("an EntityDescriptor stands where none may be")
		}
	}
	var role *element
	roles := entity.all("IDPSSODescriptor")
	for _, r := range roles {
		speaks, said := r.attr["protocolSupportEnumeration"]
		if role == nil && (!said || slices.Contains(strings.Fields(speaks), protocol)) {
			role = r
		}
	}
	meant := c.entityID == "" || entity.attr["entityID"] == c.entityID
	switch {
	case meant && role != nil:
		c.idps++
		c.found = &candidate{entity: entity, role: role, around: slices.Clone(around)}
	case meant && len(roles) > 0:
		c.old++
	default:
		c.others++
		if len(roles) == 0 {
			c.sps += min(1, len(entity.all("SPSSODescriptor")))
		}
	}
	return nil
}

func (c *candidates) onlyOne() error {
	switch {
	case c.idps == 1:
		return nil
	case c.idps > 1 && c.entityID != "":
		return errors.New("the metadata describes this entity ID more than once")
	case c.idps > 1:
		return fmt.Errorf("the metadata describes %d identity providers: say which one by its entity ID", c.idps)
	case c.old > 0:
		return errors.New("this identity provider does not speak SAML 2.0")
	case c.sps > 0 && c.sps == c.others:
		return errors.New("this is a service provider's metadata: ask for the metadata of the identity provider, " +
			"and give this file to the identity provider's administrator")
	case c.entityID != "" && c.others > 0:
		return errors.New("the metadata does not describe an identity provider with the expected entity ID")
	}
	return errors.New("the metadata describes no identity provider (it has no IDPSSODescriptor)")
}

func (c *candidate) descriptor(now time.Time) (*Descriptor, error) {
	d := &Descriptor{EntityID: c.entity.attr["entityID"]}
	if d.EntityID == "" || len(d.EntityID) > 1024 { // §2.2.1
		return nil, errors.New("the metadata has no entityID, or one longer than 1024 characters")
	}
	if err := d.setTimes(append(c.around, c.entity, c.role)); err != nil {
		return nil, err
	}
	if err := d.expired(now); err != nil {
		return nil, err
	}
	switch c.role.attr["WantAuthnRequestsSigned"] {
	case "true", "1":
		d.WantAuthnRequestsSigned = true
	}
	if err := d.setEndpoints(c.role); err != nil {
		return nil, err
	}
	if err := d.setCertificates(c.role, now); err != nil {
		return nil, err
	}
	return d, nil
}
