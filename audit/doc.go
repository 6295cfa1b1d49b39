// Package audit writes one record per security decision: who was let in, who
// was not, whose session ended and why.
//
// A record is one JSON line. The lines of one process form a chain: each
// carries the chain's random name, a sequence number and, as prev, the
// HMAC-SHA256 of the line before it (of the chain's name for the first), so
// that an edited, missing or moved line shows. The record is the one place
// that names people; the diagnostic log never does.
package audit
