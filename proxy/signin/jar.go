package signin

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
)

// Life of a login that has been begun, and of the place to return to.
const pendingLife = 10 * time.Minute

// A browser keeps about 4096 bytes of name and value (RFC 6265 §6.1).
const maxCookie = 4000

// Jar seals and opens the gateway's cookies. Every value is encrypted and
// authenticated under its cookie's name and the host it was set for, so that a
// value copied to another name or another host does not open.
type Jar struct {
	session, login, state, choice      string // cookie names
	sessionRing, loginRing, choiceRing []securecookie.Codec
	ticketRing                         [][]byte
	realmKey                           []byte
	pseudonymKeys                      [][]byte
	secure                             bool
}

// JarConfig is what a [Jar] is made of.
type JarConfig struct {
	Keys     [][]byte      // ring of at least one secret, newest first
	Name     string        // of the session cookie; empty = the default
	Secure   bool          // the gateway origin is https
	Lifetime time.Duration // absolute life of a session
}

// NewJar derives the sub-keys and names the cookies.
func NewJar(cfg JarConfig) (*Jar, error) {
	if len(cfg.Keys) == 0 {
		return nil, errors.New("no cookie key")
	}
	j := &Jar{session: cfg.Name, login: "samlgate-login", state: "samlgate-state", choice: "samlgate-idp", secure: cfg.Secure}
	if j.session == "" {
		j.session = "samlgate"
		if cfg.Secure {
			j.session = "__Host-samlgate"
		}
	}
	if cfg.Secure {
		j.login, j.state, j.choice = "__Host-"+j.login, "__Host-"+j.state, "__Host-"+j.choice
	}
	if strings.EqualFold(j.session, j.login) || strings.EqualFold(j.session, j.state) || strings.EqualFold(j.session, j.choice) {
		return nil, fmt.Errorf("session cookie name %q is taken by another cookie of the gateway", j.session)
	}
	for _, secret := range cfg.Keys {
		session, err := codec(secret, "cookie-mac", "cookie-enc", cfg.Lifetime)
		if err != nil {
			return nil, err
		}
		login, err := codec(secret, "login mac", "login enc", pendingLife)
		if err != nil {
			return nil, err
		}
		ticket, err := hkdf.Key(sha256.New, secret, nil, "login ticket", 32)
		if err != nil {
			return nil, fmt.Errorf("deriving a cookie key: %w", err)
		}
		j.sessionRing, j.loginRing = append(j.sessionRing, session), append(j.loginRing, login)
		pseudonym, err := hkdf.Key(sha256.New, secret, nil, "pseudonym", 32)
		if err != nil {
			return nil, fmt.Errorf("deriving a key: %w", err)
		}
		j.ticketRing, j.pseudonymKeys = append(j.ticketRing, ticket), append(j.pseudonymKeys, pseudonym)
		choice, err := codec(secret, "choice mac", "choice enc", choiceLife)
		if err != nil {
			return nil, err
		}
		j.choiceRing = append(j.choiceRing, choice)
	}
	var err error
	if j.realmKey, err = hkdf.Key(sha256.New, cfg.Keys[0], nil, "home realm", 32); err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return j, nil
}

func codec(secret []byte, macLabel, encLabel string, life time.Duration) (securecookie.Codec, error) {
	mac, err := hkdf.Key(sha256.New, secret, nil, macLabel, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a cookie key: %w", err)
	}
	enc, err := hkdf.Key(sha256.New, secret, nil, encLabel, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a cookie key: %w", err)
	}
	age := int((life + time.Second - 1) / time.Second)
	return securecookie.New(mac, enc).MaxAge(age).SetSerializer(securecookie.NopEncoder{}), nil
}

// Ours reports whether name is a cookie of the gateway, in any case: such a
// cookie never reaches an upstream, and no upstream may set one.
func (j *Jar) Ours(name string) bool {
	return slices.ContainsFunc([]string{j.session, j.login, j.state, j.choice, fragmentNote}, func(ours string) bool { return strings.EqualFold(name, ours) })
}

// open returns the value of the one cookie called name. A name that occurs
// twice counts as absent: one of the two was planted.
func open(r *http.Request, ring []securecookie.Codec, name, host string) ([]byte, bool) {
	cookie, ok := one(r, name)
	if !ok {
		return nil, false
	}
	return decode(cookie, ring, name, host)
}

func decode(cookie string, ring []securecookie.Codec, name, host string) (value []byte, ok bool) {
	err := securecookie.DecodeMulti(name+"|"+host, cookie, &value, ring...)
	return value, err == nil
}

// one returns the value of the one cookie called name, as
// [http.Request.CookiesNamed] reads it and without garbage, since every request
// passes here. A second of that name counts whatever its value is.
func one(r *http.Request, name string) (value string, ok bool) {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			key, val, _ := strings.Cut(textproto.TrimString(part), "=")
			if textproto.TrimString(key) != name {
				continue
			}
			if ok {
				return "", false
			}
			value, ok = val, true
		}
	}
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	return value, ok
}

func (j *Jar) seal(ring []securecookie.Codec, name, host string, value []byte) (string, error) {
	return securecookie.EncodeMulti(name+"|"+host, value, ring...)
}

// set writes a host-only cookie for the whole host.
func (j *Jar) set(w http.ResponseWriter, name, value string, sameSite http.SameSite, maxAge time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", Secure: j.secure, HttpOnly: true,
		SameSite: sameSite, MaxAge: int(maxAge / time.Second),
	})
}

func (j *Jar) expire(w http.ResponseWriter, name string, sameSite http.SameSite) {
	j.set(w, name, "", sameSite, -time.Second)
}
