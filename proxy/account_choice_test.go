package proxy_test

import (
	"context"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// mayChoose lets people choose within bounds.
func mayChoose(s *setup) {
	s.limits.MaxConcurrent = 3
	s.choice = sessionstore.Bounds{
		Idle:          &sessionstore.Range[time.Duration]{Min: 5 * time.Minute, Max: 2 * time.Hour},
		MaxConcurrent: &sessionstore.Range[int]{Min: 1, Max: 5},
	}
}

func TestPeopleChooseWithinBounds(t *testing.T) {
	w := newWorld(t, mayChoose)
	desk, phone := w.browser(), w.browser()
	desk.comes(ann, firefox)
	phone.comes(ann, iphone)
	phone.open(account).is(200, "Your own limits", "As set here (1 hour)", "As set here (3)", `<option value="300">5 minutes</option>`)
	phone.wants("do", "choose", "idle", "300", "max", "1").leads("/.samlgate/account?done")
	phone.open(account).is(200, `<option value="300" selected>`, `<option value="1" selected>`)
	if desk.signedIn() || !phone.signedIn() {
		t.Error("one session is left, and it is this one")
	}
	w.later(6 * time.Minute)
	if phone.signedIn() {
		t.Error("the session outlives the chosen time")
	}
	tablet := w.browser()
	tablet.comes(ann, firefox)
	tablet.wants("do", "choose", "idle", "", "max", "").leads("/.samlgate/account?done")
	p, err := w.sessions.Preferences(context.Background(), identity.Person(ann))
	w.must(err)
	if p != (sessionstore.Preferences{}) {
		t.Errorf("what was taken back is remembered: %+v", p)
	}
}

func TestNobodyChoosesOutOfBounds(t *testing.T) {
	one := 1
	w := newWorld(t, mayChoose, func(s *setup) { s.overrides = []sessionstore.Override{{Roles: []string{"hr"}, MaxConcurrent: &one}} })
	b := w.browser()
	b.comes(ann, firefox)
	for _, c := range [][2]string{
		{"299", ""}, {"7201", ""}, {"0", ""}, {"-300", ""}, {"300.5", ""}, {"1h", ""}, {"99999999999999999999", ""}, {" 300", ""},
		{"", "0"}, {"", "6"}, {"", "-1"}, {"", "x"}, {"", "4294967297"},
	} {
		b.wants("do", "choose", "idle", c[0], "max", c[1]).is(400)
	}
	w.later(11 * time.Minute)
	b.wants("do", "choose", "idle", "7200").is(200, "Is it still you?")
	p, err := w.sessions.Preferences(context.Background(), identity.Person(ann))
	w.must(err)
	if p != (sessionstore.Preferences{}) {
		t.Errorf("chosen all the same: %+v", p)
	}
}

func TestWherePeopleMayNotChoose(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.comes(ann, firefox)
	b.wants("do", "choose", "idle", "300").is(400)
	b.wants("do", "choose").is(400)
}
