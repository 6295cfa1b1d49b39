package metadata

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// setTimes takes the strictest validity of the elements that surround and
// describe the role (§2.3.1: the smallest applies).
func (d *Descriptor) setTimes(elements []*element) error {
	for _, e := range elements {
		if s, ok := e.attr["validUntil"]; ok {
			until, err := parseTime(s)
			if err != nil {
				return errors.New("the metadata's validUntil is no time")
			}
			if d.ValidUntil.IsZero() || until.Before(d.ValidUntil) {
				d.ValidUntil = until
			}
		}
		if s, ok := e.attr["cacheDuration"]; ok {
			switch life, ok := parseDuration(s); {
			case !ok:
				d.Warnings = append(d.Warnings, "the metadata's cacheDuration is no duration and is ignored")
			case d.CacheDuration == 0 || life < d.CacheDuration:
				d.CacheDuration = life
			}
		}
	}
	return nil
}

// expired returns an error when validUntil has passed.
func (d *Descriptor) expired(now time.Time) error {
	if d.ValidUntil.IsZero() || now.Before(d.ValidUntil) {
		return nil
	}
	return fmt.Errorf("%w: it was valid until %s", ErrExpired, d.ValidUntil.Format(time.RFC3339))
}

// parseTime reads an xs:dateTime; without a zone it is UTC (SAML Core §1.3.3).
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.ParseInLocation("2006-01-02T15:04:05", s, time.UTC)
	}
	return t.UTC(), err
}

// parseDuration reads a positive xs:duration of at most ten years, such as
// P1DT12H, with months of 30 and years of 365 days.
func parseDuration(s string) (time.Duration, bool) {
	const day = 24 * time.Hour
	rest, ok := strings.CutPrefix(s, "P")
	date, clock, timed := strings.Cut(rest, "T")
	if !ok || rest == "" || timed && clock == "" {
		return 0, false
	}
	a, okA := sumUnits(date, "YMD", []time.Duration{365 * day, 30 * day, day})
	b, okB := sumUnits(clock, "HMS", []time.Duration{time.Hour, time.Minute, time.Second})
	return a + b, okA && okB && a+b > 0
}

func sumUnits(s, letters string, units []time.Duration) (sum time.Duration, ok bool) {
	const most = 10 * 365 * 24 * time.Hour
	for s != "" {
		i := strings.IndexAny(s, letters)
		if i <= 0 {
			return 0, false
		}
		n, err := strconv.ParseFloat(s[:i], 64)
		at := strings.IndexByte(letters, s[i])
		if err != nil || strings.Trim(s[:i], "0123456789.") != "" || n > float64(most/units[at]) {
			return 0, false
		}
		sum += time.Duration(n * float64(units[at]))
		letters, units, s = letters[at+1:], units[at+1:], s[i+1:] // in order, each once
	}
	return sum, sum <= most
}
