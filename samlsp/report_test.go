package samlsp_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// checkReport: a report on what is refused tells names and times, and little
// from outside; nothing is known before it is proven; and what was not looked at
// has not passed.
func checkReport(t *testing.T, m idptest.Misbehaviour, r samlsp.Report) {
	t.Helper()
	for i, v := range r.Verdicts {
		if last := i == len(r.Verdicts)-1; v.Passed == last || last && v.Check != m.Want {
			t.Errorf("verdict %d of %d is %+v", i+1, len(r.Verdicts), v)
		}
		for _, value := range []string{"ana@", idptest.Mallory, "Doe", "E1", "staff"} {
			if strings.Contains(v.Detail, value) {
				t.Errorf("tells a value: %s", v.Detail)
			}
		}
		if len(v.Detail) > 200 {
			t.Errorf("tells %d bytes: %s", len(v.Detail), v.Detail)
		}
		if v.Passed && v.Check == "digest_mismatch" && !r.Proven {
			t.Error("a digest fits, and nothing is proven")
		}
		if v.Passed && v.Check == "no_signature" && r.Encrypted && (m.Want == "encryption_algorithm" || m.Want == "encryption_shape" || m.Want == "decrypt") && !r.Proven {
			t.Error("something is signed inside what was never opened")
		}
	}
	// The time of an envelope that nobody signed is not that of the identity provider.
	if !r.Proven && (!r.Issued.IsZero() || r.UsedSHA1 || r.Attributes != nil) || r.Issued.IsZero() && r.ClockOff != 0 {
		t.Errorf("nothing is proven, and yet: %+v", r)
	}
	if m.Name == "destination elsewhere, response unsigned" && !r.Issued.IsZero() {
		t.Errorf("a time of a stranger: %v", r.Issued)
	}
}

// sameReports: what may have been changed to learn from our answers what a
// ciphertext says has one report, however far the verifier came: an operator's
// page, too, may become an oracle.
func sameReports(t *testing.T, reports map[string]samlsp.Report) {
	t.Helper()
	if len(reports) < 6 {
		t.Errorf("only %d ciphertexts", len(reports))
	}
	var first *samlsp.Report
	for name, r := range reports {
		if r.Bytes = 0; first == nil {
			first = &r
		}
		if r.Proven || !reflect.DeepEqual(r, *first) {
			t.Errorf("%s:\n%+v\nand another\n%+v", name, r, *first)
		}
	}
}
