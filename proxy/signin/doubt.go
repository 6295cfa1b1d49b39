package signin

import (
	"net/http"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// doubtful is an endpoint that reports whether a request was worth it: one that
// proved something, or did what only its sender could have asked for.
type doubtful func(http.ResponseWriter, *http.Request, *visit.Visit) (proven bool)

// doubted counts by address what serve does not find to be proven, and answers
// 429 where that was too much. What is proven is not counted: by SOAP all logouts
// of an identity provider come from one address, as all people of an office do
// in the morning, and at the end of a working day everybody signs out. It is
// done for the first time, too: a logout request is spent, and so is a code, so a
// copy of one counts. No rate is no limit.
func (h *Handler) doubted(rate Patience, serve doubtful) endpoint {
	return func(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
		if !h.crowded(rate, w, r, v) && !serve(w, r, v) && rate != nil {
			rate.Allow(v.Addr)
		}
	}
}

// crowded answers 429 where the address has sent too much that was not proven.
// It is asked again when a message has arrived: many that come slowly may be
// complete at the same moment.
func (h *Handler) crowded(rate Patience, w http.ResponseWriter, r *http.Request, v *visit.Visit) bool {
	if rate == nil {
		return false
	}
	ok, after := rate.Peek(v.Addr)
	if !ok {
		h.show(w, r, v, pages.Problem{Code: pages.TooMany, RetryAfter: after})
	}
	return !ok
}
