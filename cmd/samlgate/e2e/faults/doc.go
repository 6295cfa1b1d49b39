// Package faults holds tests that break things while people sign in and out at
// several gateways with one store, and a checker that knows what each of them
// was told. It has no code of its own.
package faults
