//go:build race

package testenv

// buildFlags builds the gateway with the race detector where the test has it.
var buildFlags = []string{"-race"}
