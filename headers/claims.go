package headers

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
	"unicode/utf8"
)

// Claims are what a verified token says. The names in JSON are those of RFC 7519
// §4.1 and OpenID Connect Core §5.1 where these have one.
type Claims struct {
	Issuer            string              // iss: the gateway's origin
	Audience          string              // aud: the route's audience
	Subject           string              // sub: the stable key of the person
	Email             string              // email
	GivenName         string              // given_name
	FamilyName        string              // family_name
	PreferredUsername string              // preferred_username
	Roles             []string            // roles, complete even where the header drops one
	EmployeeID        string              // employee_id
	IDP               string              // idp: name of the identity provider
	AuthTime          time.Time           // auth_time: when the person proved who they are
	SessionID         string              // sid: a hash that tells sessions apart
	Attributes        map[string][]string // attributes: those that extra headers are made of
	Method, URL       string              // htm, htu: the one request that a bound token is good for
	IssuedAt          time.Time           // iat
	NotBefore         time.Time           // nbf
	Expires           time.Time           // exp
	ID                string              // jti: names the token; many requests carry the same one
}

// HasRole reports whether the person has this role, spelled exactly so.
func (c Claims) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// wire is the JSON form of Claims. Times are whole seconds (RFC 7519 §2).
type wire struct {
	Issuer            string              `json:"iss"`
	Audience          string              `json:"aud"`
	Subject           string              `json:"sub,omitempty"`
	Email             string              `json:"email,omitempty"`
	GivenName         string              `json:"given_name,omitempty"`
	FamilyName        string              `json:"family_name,omitempty"`
	PreferredUsername string              `json:"preferred_username,omitempty"`
	Roles             []string            `json:"roles,omitempty"`
	EmployeeID        string              `json:"employee_id,omitempty"`
	IDP               string              `json:"idp,omitempty"`
	AuthTime          int64               `json:"auth_time,omitempty"`
	SessionID         string              `json:"sid,omitempty"`
	Attributes        map[string][]string `json:"attributes,omitempty"`
	Method            string              `json:"htm,omitempty"`
	URL               string              `json:"htu,omitempty"`
	IssuedAt          int64               `json:"iat"`
	NotBefore         int64               `json:"nbf"`
	Expires           int64               `json:"exp"`
	ID                string              `json:"jti"`
}

// claims returns what a token says about v. A value that is not UTF-8 is left
// out: JSON would silently turn it into another one.
func (v Values) claims() Claims {
	c := Claims{
		Subject: text(v.Subject), Email: text(v.Email), GivenName: text(v.FirstName), FamilyName: text(v.LastName),
		PreferredUsername: text(v.Username), Roles: texts(v.Roles), EmployeeID: text(v.EmployeeID), IDP: text(v.IDP),
		AuthTime: v.AuthTime, SessionID: text(v.SessionID),
	}
	for key, values := range v.Attributes {
		// The header is made of the first value, so the second must not move up.
		if len(values) > 0 && utf8.ValidString(values[0]) && utf8.ValidString(key) {
			if c.Attributes == nil {
				c.Attributes = make(map[string][]string, len(v.Attributes))
			}
			c.Attributes[key] = texts(values)
		}
	}
	return c
}

func text(s string) string {
	if !utf8.ValidString(s) {
		return ""
	}
	return s
}

// texts keeps the values that are UTF-8.
func texts(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return !utf8.ValidString(s) })
}

// values is the inverse of [Values.claims].
func (c Claims) values() Values {
	return Values{
		Subject: c.Subject, Email: c.Email, FirstName: c.GivenName, LastName: c.FamilyName,
		Username: c.PreferredUsername, Roles: c.Roles, EmployeeID: c.EmployeeID, IDP: c.IDP,
		AuthTime: c.AuthTime, SessionID: c.SessionID, Attributes: c.Attributes,
	}
}

func (c Claims) marshal() ([]byte, error) {
	return json.Marshal(wire{
		Issuer: c.Issuer, Audience: c.Audience, Subject: c.Subject, Email: c.Email, GivenName: c.GivenName,
		FamilyName: c.FamilyName, PreferredUsername: c.PreferredUsername, Roles: c.Roles, EmployeeID: c.EmployeeID,
		IDP: c.IDP, AuthTime: seconds(c.AuthTime), SessionID: c.SessionID, Attributes: c.Attributes,
		Method: c.Method, URL: c.URL,
		IssuedAt: seconds(c.IssuedAt), NotBefore: seconds(c.NotBefore), Expires: seconds(c.Expires), ID: c.ID,
	})
}

func parseClaims(data []byte) (Claims, error) {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil { // an aud that is a list is refused here
		return Claims{}, errors.New("the claims do not have the expected form")
	}
	for _, at := range []int64{w.AuthTime, w.IssuedAt, w.NotBefore, w.Expires} {
		if at > maxSeconds || at < -maxSeconds { // time.Unix would turn it into the past
			return Claims{}, errors.New("the claims hold a time out of bounds")
		}
	}
	return Claims{
		Issuer: w.Issuer, Audience: w.Audience, Subject: w.Subject, Email: w.Email, GivenName: w.GivenName,
		FamilyName: w.FamilyName, PreferredUsername: w.PreferredUsername, Roles: w.Roles, EmployeeID: w.EmployeeID,
		IDP: w.IDP, AuthTime: moment(w.AuthTime), SessionID: w.SessionID, Attributes: w.Attributes, Method: w.Method, URL: w.URL,
		IssuedAt: moment(w.IssuedAt), NotBefore: moment(w.NotBefore), Expires: moment(w.Expires), ID: w.ID,
	}, nil
}

const maxSeconds = 1 << 40

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
