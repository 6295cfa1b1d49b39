// Package live knows the exchanges that may outlast their session: WebSockets,
// event streams, transfers. Each is registered before its session is looked at
// again, so that no end falls between; from then on an end that is heard of cuts
// it. A timer looks at what nobody tells of: the idle limit, the absolute end, a
// store that is away.
//
// A WebSocket that is cut is told so by a close frame (RFC 6455 §7.4): 4401 when
// its session has ended, 1013 when the store cannot tell.
package live
