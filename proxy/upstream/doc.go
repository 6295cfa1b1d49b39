// Package upstream carries one request to the app behind a route and its
// answer back.
//
// [Upstream.Forward] is a reverse proxy with a fixed order: hop-by-hop headers
// go, the caller strips and signs, then the forwarding headers are written by
// us. A path arrives as it was judged and leaves as the same bytes. What an
// app may not do to its visitors or to us (an upgrade nobody asked for, a flood
// of interim responses, a message with two lengths) ends in a 502 and a closed
// connection.
//
// Beside it are the three edits of headers that carry state across a gateway:
// [CutCookies], [DropSetCookie] and [PrivateCaching].
package upstream
