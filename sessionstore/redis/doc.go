// Package redis keeps sessions in Redis (7.0 or newer) or Valkey, so that any
// number of gateways share them.
//
// Keys begin with the prefix of the gateway, then the bucket as a hash tag, so
// that one script finds all it needs on one server of a cluster:
//
//	samlgate:{b042}:s:ID       one session: header and sealed body; expires with it
//	samlgate:{b042}:p:PERSON   ids of a person by creation; lives as long as the longest of them
//	samlgate:{b042}:x          ids of the bucket by end; likewise
//	samlgate:{b042}:e:PERSON   epoch of a person; never expires
//	samlgate:{b042}:e          epoch of the bucket; never expires
//	samlgate:{b042}:n:PERSON   limits that were chosen for a person, sealed; never expires
//	samlgate:{nNAME}:s         sessions of a NameID, for single logout; lives as long as the longest
//	samlgate:{nNAME}:l         logouts of a NameID; 90 minutes
//	samlgate:o:HASH            single-use value
//	samlgate:k:HASH            value that was kept first, such as somebody's roles
//	samlgate:c:HASH            claim
//	samlgate:{b042}:ping       written by Ping, on every master
//	samlgate:{b042}:beat       written by each heartbeat of a watch, on every master
//
// PERSON and NAME are hashes. A NAME is a hash tag of its own: the sessions of one
// NameID may belong to several persons, in several buckets. The channel
// samlgate:ends carries "session:ID REASON", "person:PERSON REASON" and
// "bucket:bNNN REASON", and "review:PERSON unknown" when limits of a person were
// chosen; further words may follow, and a kind that is not known is
// passed over. Each watch has a channel samlgate:beat:RANDOM of its own for its
// heartbeat.
//
// docs/redis.md tells operators which rights and settings the server needs.
//
// All time is that of the server: scripts ask it with TIME and get durations.
package redis
