package slo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/samlsp"
)

// SOAPBinding is the URI of the SOAP binding (Bindings §3.2), by which identity
// providers reach us without a browser.
const SOAPBinding samlsp.Binding = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"

// Config describes the logout services of one service provider. What is also in
// samlsp.Config has the same value here.
type Config struct {
	SP        *samlsp.ServiceProvider // proves and signs
	EntityID  string
	URL       string // of the logout service for Redirect and POST
	SOAPURL   string // of the one for SOAP; empty refuses SOAP
	ClockSkew time.Duration
	Replay    ReplayCache
	Now       func() time.Time
	// ResponseLocation returns the address to which the identity provider of
	// that name wants logout responses, or "" where that is the address for
	// requests, too (Metadata §2.2.2). Nil means that this is so everywhere.
	ResponseLocation func(idp string, b samlsp.Binding) string
}

// ReplayCache remembers used requests as it does used assertions, and tells of
// them before one is used. Claimed reports whether somebody has claimed key.
type ReplayCache interface {
	samlsp.ReplayCache
	Claimed(ctx context.Context, key string) (bool, error)
}

// Service writes and verifies logout messages. It is safe for concurrent use.
type Service struct {
	cfg Config
	off map[Reason]bool // checks that are not made: filled by tests alone, as in samlsp
}

// makes says whether a check is made.
func (s *Service) makes(check Reason) bool { return !s.off[check] }

// New returns the logout services of one service provider, or an error that
// names what is missing.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.SP == nil:
		return nil, errors.New("single logout: a service provider is required")
	case cfg.EntityID == "" || cfg.URL == "":
		return nil, errors.New("single logout: entity id and address are both required")
	case cfg.Replay == nil || cfg.Now == nil:
		return nil, errors.New("single logout: a replay cache and a clock are required")
	case cfg.ClockSkew < 0:
		return nil, fmt.Errorf("single logout: clock skew %v is negative", cfg.ClockSkew)
	case cfg.ResponseLocation == nil:
		cfg.ResponseLocation = func(string, samlsp.Binding) string { return "" }
	}
	return &Service{cfg: cfg}, nil
}

// Offers says whether the identity provider of that name can be asked to log
// somebody out.
func (s *Service) Offers(idp string) bool {
	p, ok := s.cfg.SP.IDP(idp)
	return ok && (p.SLO[samlsp.RedirectBinding] != "" || p.SLO[samlsp.PostBinding] != "")
}
