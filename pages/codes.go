package pages

import "net/http"

// Code names a kind of problem. It picks the words on the page, is the "error"
// member of the JSON twin, and never changes once released.
type Code string

// The problems that have a page. The comment names the Args that the page uses;
// an absent one is replaced by general words.
const (
	BadRequest     Code = "bad_request"
	AmbiguousPath  Code = "ambiguous_path"
	HostMismatch   Code = "host_mismatch"
	NotSignedIn    Code = "not_signed_in"      // route
	Forbidden      Code = "forbidden"          // email, route
	RoleDenied     Code = "role_denied"        // email
	Blocked        Code = "blocked"            //
	CSRF           Code = "csrf"               //
	WildcardHost   Code = "wildcard_host"      // host
	ValueTooLarge  Code = "value_too_large"    // route
	LimitReached   Code = "limit_reached"      // max
	NotFound       Code = "not_found"          //
	NoRoute        Code = "no_route"           // host
	UnknownIDP     Code = "unknown_idp"        //
	Method         Code = "method_not_allowed" //
	ACSGet         Code = "acs_get"            //
	TooLarge       Code = "too_large"          //
	URLTooLong     Code = "url_too_long"       //
	TooMany        Code = "too_many"           //
	HeaderTooLarge Code = "header_too_large"   //
	Internal       Code = "internal"           //
	UpstreamDown   Code = "upstream_down"      // route
	UpstreamSlow   Code = "upstream_timeout"   // route
	StoreDown      Code = "store_down"         //
	Draining       Code = "draining"           //

	IDPUnavailable Code = "idp_unavailable"   // idp
	SAMLRefused    Code = "saml_refused"      // idp
	AuthnTooOld    Code = "authn_too_old"     // idp
	AuthnContext   Code = "authn_context"     // idp
	SAMLClock      Code = "saml_clock"        // idp, skew ("4m12s"), direction ("ahead" or "behind")
	SAMLStatus     Code = "saml_status"       // idp, status
	SAMLReplay     Code = "saml_replay"       // idp
	LoginExpired   Code = "login_expired"     //
	LoginLoop      Code = "login_loop"        // idp; cause and remedy add what was measured
	Unsolicited    Code = "unsolicited"       // idp
	MissingAttr    Code = "missing_attribute" // idp, field; wanted and got add a line about the near miss
	EmailRefused   Code = "email_refused"     // idp
	SLORefused     Code = "slo_refused"       // idp
	OtherPerson    Code = "other_person"      //
)

// kind is what a Code implies beside its words.
type kind struct {
	status int
	glyph  glyph
	next   ActionKind // offered when the caller offers nothing
}

// kinds lists every Code; the catalogues must have words for exactly these.
var kinds = map[Code]kind{
	BadRequest:     {http.StatusBadRequest, glyphQuestion, ""},
	AmbiguousPath:  {http.StatusBadRequest, glyphQuestion, ""},
	HostMismatch:   {http.StatusBadRequest, glyphQuestion, ""},
	NotSignedIn:    {http.StatusUnauthorized, glyphKey, ""},
	Forbidden:      {http.StatusForbidden, glyphLock, ""},
	RoleDenied:     {http.StatusForbidden, glyphLock, ""},
	Blocked:        {http.StatusForbidden, glyphLock, ""},
	CSRF:           {http.StatusForbidden, glyphShield, ""},
	WildcardHost:   {http.StatusForbidden, glyphShield, ""},
	ValueTooLarge:  {http.StatusForbidden, glyphShield, ""},
	LimitReached:   {http.StatusForbidden, glyphLock, ""},
	NotFound:       {http.StatusNotFound, glyphSearch, ""},
	NoRoute:        {http.StatusNotFound, glyphSearch, ""},
	UnknownIDP:     {http.StatusNotFound, glyphSearch, StartAgain},
	Method:         {http.StatusMethodNotAllowed, glyphQuestion, ""},
	ACSGet:         {http.StatusMethodNotAllowed, glyphKey, SignIn},
	TooLarge:       {http.StatusRequestEntityTooLarge, glyphQuestion, ""},
	URLTooLong:     {http.StatusRequestURITooLong, glyphQuestion, ""},
	TooMany:        {http.StatusTooManyRequests, glyphClock, Retry},
	HeaderTooLarge: {http.StatusRequestHeaderFieldsTooLarge, glyphQuestion, ""},
	Internal:       {http.StatusInternalServerError, glyphPlug, Retry},
	UpstreamDown:   {http.StatusBadGateway, glyphPlug, Retry},
	UpstreamSlow:   {http.StatusGatewayTimeout, glyphClock, Retry},
	StoreDown:      {http.StatusServiceUnavailable, glyphPlug, Retry},
	Draining:       {http.StatusServiceUnavailable, glyphPlug, Retry},

	IDPUnavailable: {http.StatusServiceUnavailable, glyphPlug, Retry},
	SAMLRefused:    {http.StatusForbidden, glyphShield, StartAgain},
	AuthnTooOld:    {http.StatusForbidden, glyphKey, StartAgain},
	AuthnContext:   {http.StatusForbidden, glyphKey, StartAgain},
	SAMLClock:      {http.StatusForbidden, glyphClock, ""},
	SAMLStatus:     {http.StatusForbidden, glyphShield, StartAgain},
	SAMLReplay:     {http.StatusForbidden, glyphShield, StartAgain},
	LoginExpired:   {http.StatusForbidden, glyphClock, StartAgain},
	LoginLoop:      {http.StatusForbidden, glyphShield, StartAgain},
	Unsolicited:    {http.StatusForbidden, glyphKey, SignIn},
	MissingAttr:    {http.StatusForbidden, glyphShield, ""},
	EmailRefused:   {http.StatusForbidden, glyphShield, StartAgain},
	SLORefused:     {http.StatusForbidden, glyphShield, ""},
	OtherPerson:    {http.StatusForbidden, glyphShield, AccountPage},
}

// fallbacks answer a Code that we have no words for, by its status.
var fallbacks = map[int]Code{
	http.StatusBadRequest: BadRequest, http.StatusUnauthorized: NotSignedIn, http.StatusForbidden: Forbidden,
	http.StatusNotFound: NotFound, http.StatusMethodNotAllowed: Method, http.StatusTooManyRequests: TooMany,
	http.StatusRequestEntityTooLarge: TooLarge, http.StatusRequestURITooLong: URLTooLong,
	http.StatusRequestHeaderFieldsTooLarge: HeaderTooLarge, http.StatusBadGateway: UpstreamDown,
	http.StatusServiceUnavailable: StoreDown, http.StatusGatewayTimeout: UpstreamSlow,
}

// settle returns a Code that has words, what it implies, and a status between
// 400 and 599.
func settle(code Code, status int) (Code, kind, int) {
	k, known := kinds[code]
	if !known {
		code = fallbacks[status]
		if k, known = kinds[code]; !known {
			code, k = Internal, kinds[Internal]
		}
	}
	if status < 400 || status > 599 {
		status = k.status
	}
	return code, k, status
}
