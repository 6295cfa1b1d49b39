// Package proxy is the request path: it finds the route of a request and the
// session of its browser, decides, and hands the request to the app with the
// person's signed identity, or shows the person why not.
//
// Three rules hold on every route, public ones and upgrades too: what a client
// could have used to pretend is gone before ours is set; the path that was
// judged is the path that is forwarded; the gateway's own cookies go no further.
package proxy
