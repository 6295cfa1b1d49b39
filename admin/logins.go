package admin

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/samlgate/samlgate/admin/logins"
)

// loginList is the answer to GET /api/v1/logins.
type loginList struct {
	Logins []logins.Attempt `json:"logins"`
	// Complete is false while the store is away: the list is what this process knows.
	Complete bool `json:"complete"`
}

func (cfg Config) listLogins(w http.ResponseWriter, r *http.Request) {
	f, ok := filter(r)
	if !ok {
		refuse(w, http.StatusBadRequest, "bad_request", "the parameters are failed=true|false, idp=NAME and limit=1…1000, each once")
		return
	}
	all, err := cfg.API.Logins.List(r.Context(), f)
	if all == nil {
		all = []logins.Attempt{}
	}
	reply(w, http.StatusOK, loginList{all, err == nil})
}

// filter reads the parameters; one that is unknown or comes twice is a mistake.
func filter(r *http.Request) (f logins.Filter, ok bool) {
	for name, values := range r.URL.Query() {
		if len(values) != 1 {
			return f, false
		}
		var err error
		switch name {
		case "failed":
			f.Failed, err = strconv.ParseBool(values[0])
		case "idp":
			f.IDP = values[0]
		case "limit":
			f.Limit, err = strconv.Atoi(values[0])
			if f.Limit < 1 || f.Limit > logins.Most {
				return f, false
			}
		default:
			return f, false
		}
		if err != nil {
			return f, false
		}
	}
	return f, true
}

func (cfg Config) showLogin(w http.ResponseWriter, r *http.Request) {
	a, err := cfg.API.Logins.Find(r.Context(), r.PathValue("request_id"))
	switch {
	case errors.Is(err, logins.ErrNotFound):
		refuse(w, http.StatusNotFound, "not_found", "no attempt among the last 1,000 has this request id")
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "store_down", "the session store does not answer")
	default:
		reply(w, http.StatusOK, a)
	}
}
