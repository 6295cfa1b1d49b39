package upstream

import (
	"context"
	"net/http"
)

// Reach asks the app for the head of its first page, as operators do before people
// come, and returns the status that it answers: any says that it is there. host
// is what the request is for; it carries nobody's identity.
func (u *Upstream) Reach(ctx context.Context, host string) (status int, err error) {
	to := *u.base
	to.Path, to.RawPath = to.Path+"/", ""
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, to.String(), nil)
	if err != nil {
		return 0, err
	}
	if r.Host = host; u.host != "" {
		r.Host = u.host
	}
	resp, err := u.transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}
