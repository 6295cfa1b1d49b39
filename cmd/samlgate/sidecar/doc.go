// Package sidecar verifies for apps that cannot: it stands between the gateway
// and one app and refuses what the gateway did not sign. Either it forwards the
// rest itself, or it gives its verdict to a web server that asks (nginx's
// auth_request). It knows nothing of sessions or sign-ins.
package sidecar
