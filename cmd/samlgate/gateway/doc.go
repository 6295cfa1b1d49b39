// Package gateway builds a gateway from a configuration and runs it: it is
// where the packages that know nothing of each other are introduced. It links
// no part of the demo.
package gateway
