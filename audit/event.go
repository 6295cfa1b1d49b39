package audit

import (
	"encoding/json"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Type says what was decided.
type Type string

// The decisions on record.
const (
	LoginAccepted    Type = "login_accepted"
	LoginRefused     Type = "login_refused"
	LoginTried       Type = "login_tried" // a dry run, which signs nobody in
	LogLevelChanged  Type = "log_level_changed"
	LogoutAccepted   Type = "logout_accepted" // a message of single logout
	LogoutRefused    Type = "logout_refused"
	SessionEnded     Type = "session_ended"
	AccountChanged   Type = "account_changed" // a person ended sessions of theirs, or chose limits
	AccessDenied     Type = "access_denied"
	HandoverIssued   Type = "handover_issued"
	HandoverRefused  Type = "handover_refused"
	HeaderForged     Type = "header_forged"
	ValueDropped     Type = "value_dropped"
	GatewayStarted   Type = "gateway_started"
	GatewayStopped   Type = "gateway_stopped"
	GatewayReloaded  Type = "gateway_reloaded"
	SetCookieDropped Type = "set_cookie_dropped"
	OperatorEnded    Type = "operator_ended"      // one session, or many: Reason says which
	OperatorLimits   Type = "operator_set_limits" // of one person
	StoreUnconfirmed Type = "store_unconfirmed"   // what ended or was used up is on no replica yet: replicated=false
	StoreBackedUp    Type = "store_backed_up"
	StoreRestored    Type = "store_restored" // all sessions ended by it
)

// Event is one decision. Empty fields are left out of the line.
type Event struct {
	Type      Type
	Person    identity.Person // whom it concerns
	IDP       string          // configured name
	Route     string          // configured name
	Session   string          // hash of the session id, never the id
	Addr      string          // client address
	RequestID string
	Reason    string // an enum value of the deciding package, never free text from outside
	By        string // who caused it, when not the person: "operator", "gateway", …
	Note      string // why, in the words of an operator: one line of at most 200 bytes
}

// line is the order and spelling of the fields in the file.
type line struct {
	Time      string `json:"time"`
	Chain     string `json:"chain"`
	Seq       uint64 `json:"seq"`
	Prev      string `json:"prev"`
	Type      Type   `json:"type"`
	Person    string `json:"person,omitempty"`
	IDP       string `json:"idp,omitempty"`
	Route     string `json:"route,omitempty"`
	Session   string `json:"session,omitempty"`
	Addr      string `json:"addr,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	Reason    string `json:"reason,omitempty"`
	By        string `json:"by,omitempty"`
	Note      string `json:"note,omitempty"`
}

func (e Event) encode(now time.Time, chain string, seq uint64, prev string) ([]byte, error) {
	return json.Marshal(line{
		Time: now.UTC().Format(time.RFC3339Nano), Chain: chain, Seq: seq, Prev: prev,
		Type: e.Type, Person: string(e.Person), IDP: e.IDP, Route: e.Route, Session: e.Session,
		Addr: e.Addr, RequestID: e.RequestID, Reason: e.Reason, By: e.By, Note: e.Note,
	})
}
