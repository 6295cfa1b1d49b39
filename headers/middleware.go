package headers

import (
	"context"
	"errors"
	"net/http"
)

type claimsKey struct{}

// Middleware lets a request through to next when [Verifier.Verify] does, with
// the claims in its context ([FromContext]). Any other is answered 401 with a
// plain sentence that tells nothing about the reason, or 503 while the
// gateway's keys are out of reach: that is no verdict about the person.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := v.Verify(r)
		if err != nil {
			if v.cfg.Refused != nil {
				v.cfg.Refused(r, err)
			}
			w.Header().Set("Cache-Control", "no-store")
			if errors.Is(err, ErrKeysUnavailable) {
				w.Header().Set("Retry-After", "10")
				http.Error(w, "The sign-in gateway's keys are not available. Please try again in a moment.", http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 §15.5.2 asks for one
			http.Error(w, "This request does not come from the sign-in gateway.", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
	})
}

// FromContext returns the claims that a [Verifier.Middleware] left in ctx.
func FromContext(ctx context.Context) (Claims, bool) {
	claims, ok := ctx.Value(claimsKey{}).(Claims)
	return claims, ok
}
