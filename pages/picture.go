package pages

import (
	"errors"
	"fmt"
)

// maxPicture bounds a picture of an identity provider: twelve of them must not
// keep a telephone waiting.
const maxPicture = 256 << 10

// newPictures names the pictures by their content; pictures of the same bytes
// are one file.
func newPictures(all map[string][]byte) (byKey, byName map[string]*asset, err error) {
	byKey, byName = make(map[string]*asset), make(map[string]*asset)
	var errs []error
	for key, body := range all {
		if len(body) > maxPicture {
			errs = append(errs, fmt.Errorf("logo of %q: more than %d KiB", key, maxPicture>>10))
			continue
		}
		a, err := newLogo(body, "")
		if err != nil {
			errs = append(errs, fmt.Errorf("logo of %q: %w", key, err))
		}
		if a != nil {
			byKey[key], byName[a.name] = a, a
		}
	}
	return byKey, byName, errors.Join(errs...)
}

// Picture returns the path of the picture that [Config.Pictures] has for key,
// empty when there is none. The path changes with the picture.
func (p *Pages) Picture(key string) string {
	if a := p.pictures[key]; a != nil {
		return p.prefix + staticPath + a.name
	}
	return ""
}

// file returns the asset of that name.
func (p *Pages) file(name string) *asset {
	if p.logo != nil && name == p.logo.name {
		return p.logo
	}
	return p.files[name]
}
