// Package hot keeps the sessions in use in memory, so that nearly every request
// is answered without a round trip to the store, and yet no session is served
// after its end.
//
// A [Feed] watches the store for the whole process. Each bucket of the store has
// a lane there:
//
//	generation  moves with everything that ends something in the bucket
//	round       odd while the bucket is watched; moves when the watch is lost
//	sent        when the last beat set out that came back
//
// A [Cache] holds what one configuration has read. Three rules make a copy as
// good as the store:
//
//   - It is served only while the beat is younger than [Lease] and came in the
//     round in which the copy was read: the server took a write then, and has
//     told everything that ended before.
//   - It is kept only if the generation has not moved since before it was read:
//     nothing that ended meanwhile is stored, and what ends later removes it.
//   - It may only say yes. Before it says that a session is idle or over, the
//     store is asked, as it is for everything that is not there.
//
// A beat that stays out suspends the copies, and they go on when it is back. When
// the watch was lost they are forgotten: what ended meanwhile was not heard.
package hot
