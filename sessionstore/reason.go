package sessionstore

// Reason says why a session ended.
type Reason uint8

// The reasons. Names and values are kept: they stand in logs, metrics and
// messages between replicas.
const (
	ReasonUnknown      Reason = iota // a reason of a newer release
	ReasonLogout                     // the person signed out here
	ReasonSingleLogout               // the identity provider asked for it
	ReasonEvicted                    // a newer sign-in reached the limit
	ReasonReplaced                   // a newer sign-in in the same browser
	ReasonIdle                       // unused for longer than the idle limit
	ReasonLifetime                   // the absolute end
	ReasonOperator                   // an operator ended it
	ReasonSelf                       // the person ended it on the account page
	ReasonRole                       // the person lost a role
	ReasonDeactivated                // the person was switched off
	ReasonIDPRemoved                 // its identity provider is no longer configured
)

var reasonNames = [...]string{"unknown", "logout", "single_logout", "evicted", "replaced", "idle",
	"lifetime", "operator", "self", "role", "deactivated", "idp_removed"}

// String returns the name of the reason: lower case letters and underscores.
func (r Reason) String() string {
	if int(r) >= len(reasonNames) {
		return reasonNames[ReasonUnknown]
	}
	return reasonNames[r]
}

// ParseReason returns the reason called name, or [ReasonUnknown].
func ParseReason(name string) Reason {
	for i, n := range reasonNames {
		if n == name {
			return Reason(i)
		}
	}
	return ReasonUnknown
}
