// Package demo lets somebody try the whole thing in a minute: a gateway, an
// identity provider on the gateway's own origin, and two apps that know nothing
// of single sign-on. It uses no file and no network beyond loopback, and its
// keys are new at each start.
package demo
