package config

// entity is who an identity provider is, and the key that says so; the zero
// entity is nobody yet, such as one behind a URL.
type entity struct {
	id, path string
	written  bool // in entity_id, where twins were refused already
}

// metadata judges a metadata_file.
func (c *checker) metadata(path string, p *IDP, signers [][]byte) entity {
	at, by := path+".metadata_file", path+".entity_id"
	document, ok := c.read(at, p.MetadataFile)
	switch {
	case c.unknown(by): // whom to look for is not known
	case p.MetadataFile == "" && p.EntityID != "":
		return entity{p.EntityID, by, true}
	case ok && c.hooks.Metadata != nil:
		id, err := c.hooks.Metadata(document, p.EntityID, signers)
		if err == nil {
			return entity{id, at, p.EntityID != ""}
		}
		c.mistake(at, "%s: %v", c.quoted(at), err)
	}
	return entity{}
}

// entities refuses those that may not be, and the second of two that are the
// same: whose answer is it (SAML Core §2.2.5)? An ID out of a file is not quoted.
func (c *checker) entities(all []entity) {
	first := map[string]entity{}
	for _, e := range all {
		if e.id == "" || c.noFiles {
			continue
		}
		if c.hooks.Entity != nil {
			if err := c.hooks.Entity(e.id); err != nil {
				c.mistake(e.path, "%v", err)
				continue
			}
		}
		o, taken := first[e.id]
		switch {
		case !taken:
			first[e.id] = e
		case e.written && o.written: // said where entity_id is checked
		default:
			at := c.place(o.path)
			c.mistake(e.path, "two identity providers may not share one entity ID, and %s:%d: %s has it", at.File, at.Line, at.Path)
		}
	}
}
