// Package signin owns the way in and the way out: the login cookie, the
// chooser, the assertion consumer service, the hand-over of a session to an
// app host, logout and the account page.
//
// Three cookies exist. The session cookie holds a sealed session id, for one
// host. The login cookie, on the gateway origin alone, remembers which logins
// this browser began, since the answer arrives as a cross-site POST. The state
// cookie, on every host, remembers where the person wanted to go; nothing that
// travels through the address bar can change that.
package signin
