// Package sessionstore starts, finds and ends sessions.
//
// A [Session] is one browser that signed in once. [Manager] is what the rest
// of the gateway talks to: it makes ids, seals records, applies limits and
// reports ends. [Store] is the contract below it, kept by the sub-packages
// embedded (in memory) and redis, and checked by the one suite in storetest.
//
// What a store holds of a session is a [Record]: a header of plain numbers,
// which the store needs for limits and expiry, and a body that only the
// gateway can open. A person appears there as a hash.
package sessionstore
