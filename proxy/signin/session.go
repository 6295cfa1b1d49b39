package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// Session returns the live session of this browser on the visited host, nil
// for none; first is true until [Jar.Seen]. An error means that the store could
// not tell, which is neither yes nor no.
func (h *Handler) Session(r *http.Request, v *visit.Visit) (s *sessionstore.Session, first bool, err error) {
	id, first, ok := h.Jar.Session(r, v.Host)
	if !ok {
		return nil, false, nil
	}
	s, err = h.live(r.Context(), id)
	return s, first, err
}

// live loads a session. One whose identity provider is no longer configured
// ends here.
func (h *Handler) live(ctx context.Context, id sessionstore.ID) (*sessionstore.Session, error) {
	s, err := h.Sessions.Get(ctx, id)
	if err == nil {
		if _, known := h.idps[s.Identity.IDP]; known {
			return s, nil
		}
		err = h.Sessions.End(ctx, id, sessionstore.ReasonIDPRemoved)
	}
	if err == nil || errors.Is(err, sessionstore.ErrNotFound) {
		return nil, nil
	}
	return nil, err
}
