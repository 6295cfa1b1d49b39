package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Session returns the live session of this browser on the visited host, nil
// for none; first is true until [Jar.Seen]. An error means that the store could
// not tell, which is neither yes nor no.
func (h *Handler) Session(r *http.Request, v *visit.Visit) (s *sessionstore.Session, first bool, err error) {
	cookie, ok := one(r, h.Jar.session)
	if !ok {
		return nil, false, nil
	}
	found, err := h.Hot.Get(r.Context(), h.Now(), hot.Key{Host: v.Host, Cookie: cookie}, func() (o hot.Opened, ok bool) {
		o.ID, o.First, ok = h.Jar.openSession(cookie, v.Host)
		return o, ok
	})
	s, err = h.admitted(r.Context(), found.Session, err)
	return s, found.First, err
}

// Touch notes that a session which was just found is used now, unless the visit
// is a passive one. It is sessionstore.ErrNotFound where it has ended meanwhile.
// A store that is away ends nobody's session while its grace lasts.
func (h *Handler) Touch(ctx context.Context, v *visit.Visit, s *sessionstore.Session) error {
	if v.Passive {
		return nil
	}
	err := h.Sessions.Touch(ctx, s)
	switch {
	case err == nil || h.Hot.Tolerates(err, s):
		return nil
	case errors.Is(err, sessionstore.ErrNotFound):
		h.Hot.Forget(s.ID)
	}
	return err
}

// live loads a session.
func (h *Handler) live(ctx context.Context, id sessionstore.ID) (*sessionstore.Session, error) {
	s, err := h.Sessions.Get(ctx, id)
	return h.admitted(ctx, s, err)
}

// admitted returns a session that was found, or nil where there is none. One
// whose identity provider is no longer configured ends here, unless the operator
// keeps them.
func (h *Handler) admitted(ctx context.Context, s *sessionstore.Session, err error) (*sessionstore.Session, error) {
	if err == nil {
		if _, known := h.idps[s.Identity.IDP]; known || h.KeepRemoved {
			return s, nil
		}
		err = h.Sessions.End(ctx, s.ID, sessionstore.ReasonIDPRemoved)
	}
	if err == nil || errors.Is(err, sessionstore.ErrNotFound) {
		return nil, nil
	}
	return nil, err
}
