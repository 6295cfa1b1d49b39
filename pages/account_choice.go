package pages

import (
	"strconv"
	"strings"
	"time"
)

// AccountChoice is what a person may choose for their own sessions. A list that
// is empty offers nothing.
type AccountChoice struct {
	Idles   []time.Duration // idle times on offer, in whole seconds
	Maxes   []int           // numbers of sessions on offer; 0 is no limit
	Idle    time.Duration   // what holds without a choice
	Max     int
	OwnIdle *time.Duration // what was chosen; nil = nothing
	OwnMax  *int
}

// option is one line of a list to choose from.
type option struct {
	Value, Label string
	Selected     bool
}

// choiceForm is AccountChoice for the template.
type choiceForm struct{ Idles, Maxes []option }

func (c *catalogue) choices(a *AccountChoice) *choiceForm {
	if a == nil {
		return nil
	}
	f := &choiceForm{}
	add := func(to *[]option, value, label string, selected bool) {
		*to = append(*to, option{value, label, selected})
	}
	if len(a.Idles) > 0 {
		add(&f.Idles, "", c.Words.ChoiceNone+" ("+c.span(a.Idle)+")", a.OwnIdle == nil)
		for _, d := range a.Idles {
			add(&f.Idles, strconv.FormatInt(int64(d/time.Second), 10), c.span(d), a.OwnIdle != nil && *a.OwnIdle == d)
		}
	}
	if len(a.Maxes) > 0 {
		add(&f.Maxes, "", c.Words.ChoiceNone+" ("+c.number(a.Max)+")", a.OwnMax == nil)
		for _, n := range a.Maxes {
			add(&f.Maxes, strconv.Itoa(n), c.number(n), a.OwnMax != nil && *a.OwnMax == n)
		}
	}
	return f
}

func (c *catalogue) number(n int) string {
	if n == 0 {
		return c.Words.ChoiceNoLimit
	}
	return strconv.Itoa(n)
}

// span says how long d is, in its largest unit that leaves nothing over.
func (c *catalogue) span(d time.Duration) string {
	unit, n := "second", int(d/time.Second)
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		unit, n = "hour", int(d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		unit, n = "minute", int(d/time.Minute)
	}
	words := c.Time.Span[unit].Other
	if n == 1 {
		words = c.Time.Span[unit].One
	}
	return strings.ReplaceAll(words, "{n}", strconv.Itoa(n))
}
