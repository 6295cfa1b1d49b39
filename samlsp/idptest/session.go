package idptest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const cookieName = "demo-idp"

// session is somebody whom a browser has chosen to be. It lives in a cookie
// alone, sealed by a MAC whose key dies with the process.
type session struct {
	person Person
	since  time.Time
	nonce  string
}

// index names the session towards service providers.
func (s session) index() string { return "_" + s.nonce }

// remember sets the cookie of a new session.
func (p *IDP) remember(w http.ResponseWriter, who Person) session {
	s := session{person: who, since: p.now(), nonce: newID()[1:]}
	text := strconv.FormatInt(s.since.Unix(), 10) + "|" + s.nonce + "|" + who.Email
	http.SetCookie(w, p.cookie(seal(p.secret, text), 0))
	return s
}

// remembered reads the cookie; false when there is none that we made for
// somebody who still exists.
func (p *IDP) remembered(r *http.Request) (session, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil || p.forgets {
		return session{}, false
	}
	text, ok := open(p.secret, c.Value)
	if !ok {
		return session{}, false
	}
	parts := strings.SplitN(text, "|", 3)
	if len(parts) != 3 {
		return session{}, false
	}
	unix, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return session{}, false
	}
	who, err := p.person(parts[2])
	return session{person: who, since: time.Unix(unix, 0), nonce: parts[1]}, err == nil
}

func (p *IDP) forget(w http.ResponseWriter) { http.SetCookie(w, p.cookie("", -1)) }

func (p *IDP) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, MaxAge: maxAge, Path: p.base.Path + "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: p.base.Scheme == "https",
	}
}

func seal(key []byte, text string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + base64.RawURLEncoding.EncodeToString(mac(key, text))
}

func open(key []byte, sealed string) (string, bool) {
	a, b, _ := strings.Cut(sealed, ".")
	text, err1 := base64.RawURLEncoding.DecodeString(a)
	tag, err2 := base64.RawURLEncoding.DecodeString(b)
	ok := err1 == nil && err2 == nil && hmac.Equal(tag, mac(key, string(text)))
	return string(text), ok
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
