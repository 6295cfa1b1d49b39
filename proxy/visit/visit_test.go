package visit

import (
	"errors"
	"net/netip"
	"regexp"
	"testing"
)

func TestRequestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if !regexp.MustCompile(`^[a-z2-7]{16}$`).MatchString(id) || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

func TestAttrsHoldWhatIsKnown(t *testing.T) {
	if got := (&Visit{ID: "x"}).Attrs(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	v := &Visit{ID: "x", Route: "wiki", Session: "h", IDP: "corp", Reason: "r", Err: errors.New("e")}
	if got := v.Attrs(); len(got) != 6 || got[0].Key != "request_id" || got[5].Key != "err" {
		t.Errorf("%v", got)
	}
}

func TestClientWithoutAddress(t *testing.T) {
	if got := (&Visit{}).Client(); got != "" {
		t.Errorf("%q", got)
	}
	if got := (&Visit{Addr: netip.MustParseAddr("192.0.2.1")}).Client(); got != "192.0.2.1" {
		t.Errorf("%q", got)
	}
}
