package signin

import (
	"net/http"

	"github.com/samlgate/samlgate/proxy/visit"
)

// Attempts hears of every attempt to sign in, once, when it is over. It must be
// quick: the person waits.
type Attempts interface {
	Attempt(visit.Visit)
}

// outcome counts how an attempt ended, and reports it.
func (h *Handler) outcome(v *visit.Visit, result, reason string) {
	h.Observer.Login(v.IDP, result, reason)
	v.Login.Result, v.Login.Reason = result, reason
	if h.Attempts != nil {
		h.Attempts.Attempt(*v)
	}
}

// undecided: the store is away, so that nobody can tell how an attempt would end.
func (h *Handler) undecided(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	h.outcome(v, "error", "unavailable")
	h.unavailable(w, r, v, err)
}
