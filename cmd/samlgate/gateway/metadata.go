package gateway

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/metadata"
)

// source keeps the metadata of one identity provider fresh.
type source struct {
	idp   config.IDP
	fetch *metadata.Source
}

// run ends with ctx.
func (s *source) run(ctx context.Context) { s.fetch.Run(ctx) }

// source fetches the metadata of one identity provider for the tree t.
func (b *base) source(t *tree, c config.IDP, old *tree) (*source, error) {
	cfg := metadata.SourceConfig{
		URL: c.MetadataURL.String(), EntityID: c.EntityID, Interval: c.MetadataRefresh, Signers: t.signers[c.Name], Now: b.now,
		MaxValidity: c.MetadataMaxValidity,
		OnChange:    func(d, before *metadata.Descriptor) error { return b.take(t.identities, c, d, before) },
		OnError:     func(err error) { b.log.Warn("metadata trouble", "idp", c.Name, "err", err) },
	}
	if b.state != "" {
		cfg.Copy = filepath.Join(b.state, "metadata-cache", metadata.CopyName(c.Name, c.MetadataURL.String()))
	}
	if s := before(c, old); s != nil {
		cfg.Known, _ = s.fetch.Current()
	}
	fetch, err := metadata.NewSource(cfg)
	return &source{c, fetch}, err
}

// take puts new metadata in force, or refuses it.
func (b *base) take(all identities, c config.IDP, d, before *metadata.Descriptor) error {
	idp := d.ApplyTo(resolve(c))
	if err := b.accept(idp); err != nil {
		return err
	}
	if err := all.set(idp); err != nil {
		return err
	}
	b.warn(c.Name, d.Warnings)
	if before == nil {
		b.log.Info("metadata loaded", "idp", c.Name)
	} else if changes := d.Changes(before); len(changes) > 0 {
		b.log.Info("metadata changed", "idp", c.Name, "changes", strings.Join(changes, "; "))
	}
	return nil
}

// signers are the certificates of which one must have signed the metadata.
func (b *base) signers(c config.IDP) ([]*x509.Certificate, error) {
	if len(c.MetadataCertificates) == 0 {
		return nil, nil
	}
	certs, err := parsed("metadata_certificates", c.MetadataCertificates)
	if err != nil {
		return nil, err
	}
	usable, warnings, err := metadata.Usable(certs, b.now())
	if err != nil {
		return nil, fmt.Errorf("metadata_certificates: %w", err)
	}
	b.warn(c.Name, warnings)
	b.warnExpiry(fmt.Sprintf("idp %q", c.Name), usable)
	return usable, nil
}

func parsed(key string, entries []config.Certificate) (all []*x509.Certificate, err error) {
	for i, entry := range entries {
		some, err := metadata.ParseCertificates(entry.Content)
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", key, i, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// before is the source that the tree before a reload had for the same document,
// judged by the same rules, or nil.
func before(c config.IDP, old *tree) *source {
	if old == nil {
		return nil
	}
	for _, s := range old.sources {
		if s.idp.Name == c.Name && s.idp.MetadataURL.String() == c.MetadataURL.String() && s.idp.EntityID == c.EntityID &&
			s.idp.MetadataMaxValidity == c.MetadataMaxValidity &&
			slices.EqualFunc(s.idp.MetadataCertificates, c.MetadataCertificates, sameContent) {
			return s
		}
	}
	return nil
}

func sameContent(a, b config.Certificate) bool { return bytes.Equal(a.Content, b.Content) }

// known is the copy that the tree before a reload had of the same document.
func known(c config.IDP, old *tree, idp samlsp.IdentityProvider) *samlsp.IdentityProvider {
	s := before(c, old)
	if s == nil {
		return nil
	}
	if d, had := s.fetch.Current(); had {
		return d.ApplyTo(idp)
	}
	return nil
}

// warnExpiry tells check of certificates that will expire soon. A gateway that
// runs has a metric for that.
func (b *base) warnExpiry(name string, certs []*x509.Certificate) {
	if b.doubt == nil {
		return
	}
	for _, w := range metadata.Expiring(certs, b.now()) {
		b.doubt(name + ": " + w)
	}
}
