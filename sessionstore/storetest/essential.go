package storetest

import (
	"slices"
	"testing"
)

// essential are the cases that could come out otherwise where a store has several
// servers, or changes them.
var essential = []string{
	"create and load",
	"the oldest goes at the limit",
	"replacing the session of another person",
	"a browser changes person across buckets",
	"end one",
	"end all of a person",
	"those of an earlier epoch count nowhere",
	"ping",
	"keys come and go",
	"records that were tampered with",
	"a watch hears every end",
	"a watch ends with its context",
	"a note is heard",
	"racing choices all count",
	"racing sign-ins under evict_oldest",
	"racing sign-ins under evict_idle",
	"racing sign-ins under deny",
	"a sign-in racing the end of all",
	"touch never goes back and never creates",
	"a token is taken once",
	"the first claimant wins",
	"what is kept first stays",
	"a list keeps the newest",
	"entries of a name",
	"single logout ends what it names, and tells",
	"sign-ins race single logout",
}

// RunEssential is [Run] for the cases that could come out otherwise where a store
// has several servers, or changes them.
func RunEssential(t *testing.T, newHarness func(*testing.T) Harness) {
	runCases(t, newHarness, func(name string) bool { return slices.Contains(essential, name) })
}
