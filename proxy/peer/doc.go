// Package peer says who is at the other end of a request: the client's
// address, and the scheme and host the client used. A TCP peer is believed
// about others only if it is a trusted proxy; in doubt the answer is the TCP
// peer itself.
package peer
