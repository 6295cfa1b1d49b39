// Package testenv sets up the real world around a gateway under test: Debian's
// SimpleSAMLphp as the identity provider, a Redis that can die, a headless
// Chromium, a legacy app that shows what it received, and the gateway itself as
// a separate process. Every helper takes a testing.TB, uses free loopback ports
// and temporary folders, and takes away what it started when the test ends.
//
// Host names below .localhost mean this machine: Chromium resolves them by
// itself, and [NewClient] does the same for plain HTTP.
package testenv
