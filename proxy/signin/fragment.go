package signin

import (
	"net/http"

	"github.com/samlgate/samlgate/pages"
)

// The fragment of a deep link stays in the browser: no server is told, and the
// identity provider's answer comes back without it. So the page on which a
// journey begins keeps it in the tab, beside the journey's state, and the page
// on which it ends puts it back.

// leave sends the browser to the login, by way of a page that keeps the
// fragment where the browser can.
func (h *Handler) leave(w http.ResponseWriter, r *http.Request, to, state string) {
	if !pages.CanHop(r) {
		Redirect(w, to)
		return
	}
	h.Pages.Leave(w, r, h.hop(to, state))
}

// arrive sends the browser to the end of its journey, with the fragment that
// it began with.
func (h *Handler) arrive(w http.ResponseWriter, r *http.Request, to, state string) {
	if _, err := r.Cookie(fragmentNote); err != nil || !pages.CanHop(r) {
		Redirect(w, to)
		return
	}
	h.Pages.Arrive(w, r, h.hop(to, state))
}

// fragmentNote is the cookie that says that this browser keeps a fragment. It
// comes to the callback alone, holds nothing, and is believed nothing: without
// it one page less is shown.
const fragmentNote = "samlgate-fragment"

func (h *Handler) hop(to, state string) pages.Hop {
	return pages.Hop{To: to, Key: "samlgate." + state, Note: fragmentNote, Path: h.below("callback")}
}
