// Package admin is the operators' listener: health, metrics, and the door to
// the administration API. Nothing of it is ever mounted on the public listener.
package admin
