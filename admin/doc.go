// Package admin is the operators' listener: health, metrics, the pages that
// tell an identity provider's administrator what to enter, and the door to the
// administration API. Nothing of it is ever mounted on the public listener.
package admin
