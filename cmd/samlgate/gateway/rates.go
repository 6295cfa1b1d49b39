package gateway

import (
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/limit"
	"github.com/samlgate/samlgate/proxy/signin"
)

// rates are the limits of what one address may ask of the sign-in. Each counts
// for itself, those that have one value in the file, too.
type rates struct{ login, acs, logout, relay, code, account signin.Patience }

func (b *base) rates(c config.RateLimits) (r rates, err error) {
	for _, one := range []struct {
		to    *signin.Patience
		limit config.Rate
	}{
		{&r.login, c.Login}, {&r.acs, c.ACS}, {&r.logout, c.ACS}, {&r.relay, c.ACS}, {&r.code, c.ACS}, {&r.account, c.Account},
	} {
		if *one.to, err = rate(one.limit, b.now); err != nil {
			return rates{}, err
		}
	}
	return r, nil
}

// rate returns nil where the operator switched the limit off.
func rate(r config.Rate, now func() time.Time) (signin.Patience, error) {
	if r.Events == 0 {
		return nil, nil
	}
	return limit.New(limit.Config{Events: r.Events, Per: r.Per, Now: now})
}
