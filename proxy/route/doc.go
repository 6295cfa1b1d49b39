// Package route decides which route a request belongs to, on the one reading
// of its host and path that everybody after it uses.
//
// [CanonicalHost] and [CanonicalPath] run first. What they accept has exactly
// one meaning: the same [Path] is matched against routes and patterns, judged,
// and forwarded. What could be read in two ways is [ErrAmbiguous] and answered
// with 400, since every disagreement between a gateway and an app about a path
// is somebody's way around a rule.
package route
