package signin

import (
	"net/http"
	"time"
)

// choiceLife is how long a choice is remembered: browsers keep no cookie longer
// (RFC 6265bis §5.5).
const choiceLife = 400 * 24 * time.Hour

// keepChoice remembers the name of an identity provider on this host, and
// nothing else: neither the person nor their address.
func (j *Jar) keepChoice(w http.ResponseWriter, host, idp string) error {
	sealed, err := j.seal(j.choiceRing, j.choice, host, []byte(idp))
	if err != nil || len(j.choice)+len(sealed) > maxCookie {
		return errTooLong(err)
	}
	j.set(w, j.choice, sealed, http.SameSiteLaxMode, choiceLife)
	return nil
}

// keptChoice returns the name that [Jar.keepChoice] remembered.
func (j *Jar) keptChoice(r *http.Request, host string) (idp string, ok bool) {
	value, ok := open(r, j.choiceRing, j.choice, host)
	return string(value), ok
}

// dropChoice forgets it, if there is anything to forget.
func (j *Jar) dropChoice(w http.ResponseWriter, r *http.Request) {
	if len(r.CookiesNamed(j.choice)) > 0 {
		j.expire(w, j.choice, http.SameSiteLaxMode)
	}
}

// maxSilent is how many logins may go straight to the remembered provider
// within roundTime without an answer. A provider that is down answers nothing,
// and must not take the chooser away with it: whoever goes back and tries again
// sees the chooser at last. More than one, for a browser that opens yesterday's
// tabs.
const maxSilent = 3

// kept is the remembered identity provider, if it may be used now.
func (h *Handler) kept(r *http.Request, q question) (IDP, bool) {
	name, ok := h.Jar.keptChoice(r, h.Host)
	if !ok {
		return IDP{}, false
	}
	idp, ok := q.choice(name)
	began, _ := h.Jar.readLogins(r, h.Host)
	return idp, ok && began.rounds(name, h.Now()) < maxSilent
}
