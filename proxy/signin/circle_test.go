package signin

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

var causes = []string{causeMissing, causeTwice, causeUnreadable, causeEnded, causeSignedOut, causeShort, causeHost, causeHTTP, causeCode, causeLoginCookie, causeUnanswered}

// Everything that can be measured has words in each language and a row for operators.
func TestCausesHaveWords(t *testing.T) {
	doc, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"en", "de", "fr"} {
		raw, err := os.ReadFile("../../pages/lang/" + tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var words struct {
			Values map[string]map[string]string `json:"values"`
		}
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		for _, c := range causes {
			if words.Values["cause"][c] == "" || words.Values["remedy"][c] == "" {
				t.Errorf("%s: no words for %s", tag, c)
			}
		}
	}
	for _, c := range causes {
		if !strings.Contains(string(doc), "| `"+c+"` |") {
			t.Errorf("docs/troubleshooting.md has no row for %s", c)
		}
	}
}

// Only a journey that begins where an earlier one has ended is another round.
func TestRounds(t *testing.T) {
	now := time.Now()
	var tr travels
	for range 9 { // nine tabs at once
		if n, _ := tr.round("/x", now); n != 1 {
			t.Fatalf("round %d", n)
		}
	}
	for want := 1; want <= 7; want++ {
		n, since := tr.round("/x", now)
		if n != want {
			t.Fatalf("round %d, want %d", n, want)
		}
		tr.arrive(journey{URL: "/x", Round: n, Since: since}, arrival{}, now)
		tr.arrive(journey{URL: "/x", Round: 1, Since: since}, arrival{}, now) // a tab that was slow
		now = now.Add(5 * time.Second)
	}
	if n, _ := tr.round("/y", now); n != 1 {
		t.Error("another page counts")
	}
	if n, _ := tr.round("/x", now.Add(time.Minute)); n != 1 {
		t.Error("a minute later it still counts")
	}
}

// A ticket is good for its time, under any key of the ring, and not changed.
func TestTickets(t *testing.T) {
	now := time.Unix(1790000000, 0)
	old, j := jar(t, "", keyA), jar(t, "", keyB, keyA)
	ticket := old.ticket(now)
	if len(ticket) > 80 || !j.ticketValid(ticket, now) || !j.ticketValid(ticket, now.Add(pendingLife)) {
		t.Errorf("%s is refused", ticket)
	}
	if j.ticketValid(ticket, now.Add(pendingLife+2*time.Second)) || jar(t, "", keyB).ticketValid(ticket, now) {
		t.Error("too late, or under another key")
	}
	for i := range ticket {
		b := []byte(ticket)
		if b[i]++; j.ticketValid(string(b), now) {
			t.Errorf("changed at %d", i)
		}
	}
}
