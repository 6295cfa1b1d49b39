package pages

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timeWords are the words about time of one language.
type timeWords struct {
	Now    string           `json:"now"`
	Future map[string]count `json:"future"` // second, minute, hour, day
	Past   map[string]count `json:"past"`
	Span   map[string]count `json:"span"`  // second, minute, hour
	Exact  string           `json:"exact"` // {day} {month} {year} {clock} {zone}
	Months [12]string       `json:"months"`
}

// count is a phrase for exactly one and for more; German, English and French
// have no further forms for whole numbers above zero.
type count struct {
	One   string `json:"one"`
	Other string `json:"other"`
}

// moment is a point in time, ready for a <time> element.
type moment struct {
	Machine  string // RFC 3339, for the datetime attribute
	Relative string // "in 2 hours"
	Exact    string // "3 March 2026, 14:05 CET"
}

// Duration writes a length of time in the short form "4m12s": whole seconds, no
// sign. It is how the argument "skew" of [SAMLClock] is written.
func Duration(d time.Duration) string { return d.Abs().Round(time.Second).String() }

func (p *Pages) moment(c *catalogue, t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	t = t.In(p.location)
	return &moment{Machine: t.Format(time.RFC3339), Relative: c.relative(t.Sub(p.now())), Exact: c.exact(t)}
}

func (c *catalogue) exact(t time.Time) string {
	return c.fill(c.Time.Exact, map[string]string{
		"day": strconv.Itoa(t.Day()), "month": c.Time.Months[t.Month()-1], "year": strconv.Itoa(t.Year()),
		"clock": t.Format("15:04"), "zone": zone(t),
	}).String()
}

// zone names the zone of t; the time zone database has only an offset, such as
// "+03", for places without an abbreviation.
func zone(t time.Time) string {
	name, offset := t.Zone()
	if name != "" && !strings.ContainsAny(name, "+-0123456789") {
		return name
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return fmt.Sprintf("UTC%c%02d:%02d", sign, offset/3600, offset/60%60)
}

// relative says how far away a time is, in its largest fitting unit.
func (c *catalogue) relative(d time.Duration) string {
	phrases := c.Time.Future
	if d < 0 {
		phrases = c.Time.Past
	}
	unit, n := largest(d.Abs())
	switch n {
	case 0:
		return c.Time.Now
	case 1:
		return strings.ReplaceAll(phrases[unit].One, "{n}", "1")
	}
	return strings.ReplaceAll(phrases[unit].Other, "{n}", strconv.Itoa(n))
}

// largest rounds to the unit in which people speak: 90 minutes, 26 hours and 3
// days keep their sense, 100 seconds become 2 minutes.
func largest(d time.Duration) (unit string, n int) {
	switch {
	case d < 90*time.Second:
		return "second", int(d.Round(time.Second) / time.Second)
	case d < 100*time.Minute:
		return "minute", int(d.Round(time.Minute) / time.Minute)
	case d < 48*time.Hour:
		return "hour", int(d.Round(time.Hour) / time.Hour)
	}
	const day = 24 * time.Hour
	return "day", int(d.Round(day) / day)
}
