package gateway

import (
	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// tokens are those of the current configuration, none before there is one.
func (r *Runner) tokens() []admin.Token {
	t := r.current.Load()
	if t == nil {
		return nil
	}
	var all []admin.Token
	for _, a := range t.cfg.Server.AdminTokens {
		all = append(all, admin.Token{Hash: a.Hash, Role: a.Role})
	}
	return all
}

// state is what a scrape wants to know about the current tree: who can be
// asked, and all that expires (ours, the next one too, the identity providers',
// who signs their metadata, TLS).
func (r *Runner) state() (s admin.State) {
	t := r.current.Load()
	s.Live = r.live.Len()
	s.Cache = cacheState(t.hot.Stats(), r.feed.Watched())
	for _, c := range t.cfg.SAML.IDPs {
		idp, loaded := t.sp.IDP(c.Name)
		ready := loaded && (idp.ValidUntil.IsZero() || r.now().Before(idp.ValidUntil))
		s.IDPs = append(s.IDPs, admin.IDP{Name: c.Name, Ready: ready})
		if !loaded {
			continue
		}
		for _, x := range idp.Certificates {
			s.Certificates = append(s.Certificates, admin.Certificate{Kind: "idp", Name: c.Name, X509: x})
		}
	}
	for name, signers := range t.signers {
		for _, x := range signers {
			s.Certificates = append(s.Certificates, admin.Certificate{Kind: "metadata", Name: name, X509: x})
		}
	}
	for _, k := range t.cfg.SAML.Keys {
		s.Certificates = append(s.Certificates, admin.Certificate{Kind: "sp", Name: "saml", X509: k.Certificates[0]})
	}
	if t.cfg.Server.TLS != nil {
		for _, k := range t.cfg.Server.TLS.Certificates {
			s.Certificates = append(s.Certificates, admin.Certificate{Kind: "tls", Name: "public", X509: k.Certificates[0]})
		}
	}
	return s
}

func cacheState(s hot.Stats, watched bool) admin.Cache {
	return admin.Cache{Hits: s.Hits, Misses: s.Misses, Suspended: s.Suspended, Graced: s.Graced, Entries: s.Entries, Bytes: s.Bytes, Watched: watched}
}
