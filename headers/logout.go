package headers

import (
	"encoding/json"
	"errors"
	"fmt"
)

const (
	logoutType  = "logout+jwt"
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// logoutWire is a logout token (OpenID Connect Back-Channel Logout 1.0, §2.4).
type logoutWire struct {
	Issuer    string              `json:"iss"`
	Subject   string              `json:"sub,omitempty"`
	Audience  string              `json:"aud"`
	IssuedAt  int64               `json:"iat"`
	Expires   int64               `json:"exp"`
	ID        string              `json:"jti"`
	SessionID string              `json:"sid"`
	Events    map[string]struct{} `json:"events"`
}

// LogoutToken returns a token that tells the app of that audience that the
// session is over: OpenID Connect Back-Channel Logout 1.0, §2.4. The session is
// named as the "sid" of the identity tokens names it. The type of the token is
// "logout+jwt", so a [Verifier] takes none for an identity.
func (s *Signer) LogoutToken(audience, subject, sessionID string) (string, error) {
	if audience == "" || sessionID == "" {
		return "", errors.New("signing a logout token: audience and session are required")
	}
	now := s.now()
	payload, err := json.Marshal(logoutWire{
		Issuer: s.issuer, Subject: text(subject), Audience: audience, IssuedAt: now.Unix(), Expires: now.Add(s.ttl).Unix(),
		ID: tokenID(), SessionID: sessionID, Events: map[string]struct{}{logoutEvent: {}},
	})
	if err != nil {
		return "", fmt.Errorf("signing a logout token: %w", err)
	}
	signed, err := s.pen().logout.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a logout token: %w", err)
	}
	return signed.CompactSerialize()
}
