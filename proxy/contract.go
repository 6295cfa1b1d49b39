package proxy

import (
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// noteStripped counts what a client may not say. An attempt to pass for
// somebody is on record too, once a minute for each route and address.
func (g *Gateway) noteStripped(v *visit.Visit, s *sessionstore.Session, n headers.Stripped) {
	g.Observer.HeadersStripped(v.Route, n.Managed, n.Other)
	if n.Managed > 0 && g.forged.first(v.Route+" "+v.Client()) {
		g.Audit.Record(about(s, v, audit.HeaderForged, ""))
	}
}

// noteDropped counts values that the app does not see, and records them once an
// hour for each route and session: they come with every request.
func (g *Gateway) noteDropped(v *visit.Visit, s *sessionstore.Session, n int) {
	g.Observer.ValuesDropped(v.Route, n)
	if g.dropped.first(v.Route + " " + s.ID.Hash()) {
		g.Audit.Record(about(s, v, audit.ValueDropped, ""))
	}
}

// noteTooLarge records that a person may not pass since no header can tell who
// they are.
func (g *Gateway) noteTooLarge(v *visit.Visit, s *sessionstore.Session) {
	g.Audit.Record(about(s, v, audit.AccessDenied, string(pages.ValueTooLarge)))
}

// about is an event of a request, and of the person behind it if there is one.
func about(s *sessionstore.Session, v *visit.Visit, what audit.Type, reason string) audit.Event {
	e := audit.Event{Type: what, Route: v.Route, Addr: v.Client(), RequestID: v.ID, Reason: reason}
	if s != nil {
		e.Person, e.IDP, e.Session = s.Identity.Person, s.Identity.IDP, s.ID.Hash()
	}
	return e
}
