package signin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// chooseLimits keeps the limits that a person chooses for themselves. A field that is
// empty chooses nothing; the operator's bounds hold whatever the form says.
func (h *Handler) chooseLimits(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	offer, err := h.Sessions.Offer(r.Context(), s.Identity)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	choice, ok := chosen(single(r, "idle"), single(r, "max"))
	if !ok || !offer.Allows(choice) || offer.Idle == nil && offer.MaxConcurrent == nil {
		h.problem(w, r, v, pages.BadRequest, h.accountAction())
		return
	}
	h.changed(v, s, "choose_limits")
	_, err = h.Sessions.Choose(r.Context(), s, choice)
	h.backToAccount(w, r, v, err)
}

// chosen reads an idle time in seconds and a number of sessions.
func chosen(idle, count string) (c sessionstore.Choice, ok bool) {
	if idle != "" {
		n, err := strconv.ParseUint(idle, 10, 31)
		if err != nil {
			return c, false
		}
		d := time.Duration(n) * time.Second
		c.Idle = &d
	}
	if count != "" {
		n, err := strconv.ParseUint(count, 10, 20)
		if err != nil {
			return c, false
		}
		i := int(n)
		c.MaxConcurrent = &i
	}
	return c, true
}

// choosable are the forms of an offer; nil where there is nothing to choose.
func choosable(o sessionstore.Offer) *pages.AccountChoice {
	if o.Idle == nil && o.MaxConcurrent == nil {
		return nil
	}
	c := &pages.AccountChoice{Idle: o.Default.Idle, Max: o.Default.MaxConcurrent, OwnIdle: o.Own.Idle, OwnMax: o.Own.MaxConcurrent}
	if o.Idle != nil {
		c.Idles = append(c.Idles, o.Idle.Min)
		for _, d := range idleSteps {
			if d > o.Idle.Min && d < o.Idle.Max {
				c.Idles = append(c.Idles, d)
			}
		}
		if o.Idle.Max > o.Idle.Min {
			c.Idles = append(c.Idles, o.Idle.Max)
		}
	}
	if b := o.MaxConcurrent; b != nil {
		top := b.Max
		if top == 0 {
			top = b.Min + mostCounts
		}
		for n := b.Min; n <= min(top, b.Min+mostCounts); n++ {
			c.Maxes = append(c.Maxes, n)
		}
		if b.Max == 0 {
			c.Maxes = append(c.Maxes, 0)
		}
	}
	return c
}

// mostCounts bounds how many numbers the page offers.
const mostCounts = 19

// idleSteps are the idle times that the page offers between the bounds.
var idleSteps = [...]time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, 45 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}
