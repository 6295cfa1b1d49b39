package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samlgate/samlgate/admin/logins"
)

type loginsCmd struct {
	List loginsListCmd `cmd:"" help:"List the last attempts to sign in, newest first."`
	Show loginsShowCmd `cmd:"" help:"Show one attempt and the verdict of each check."`
}

type loginsListCmd struct {
	adminFlags
	outputFlag
	Failed bool   `help:"Only those that did not succeed."`
	IDP    string `name:"idp" help:"Only those at this identity provider." placeholder:"NAME"`
	Limit  int    `help:"At most so many, up to 1000." default:"50"`
}

// Run lists attempts.
func (c *loginsListCmd) Run(s streams) error {
	if c.Limit < 1 || c.Limit > logins.Most {
		return fmt.Errorf("--limit is 1 to %d", logins.Most)
	}
	client, err := c.client(s)
	if err != nil {
		return err
	}
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	if c.Failed {
		q.Set("failed", "true")
	}
	if c.IDP != "" {
		q.Set("idp", c.IDP)
	}
	var list struct {
		Logins   []logins.Attempt `json:"logins"`
		Complete bool             `json:"complete"`
	}
	if err := client.Get(context.Background(), "/api/v1/logins", q, &list); err != nil {
		return err
	}
	if !list.Complete {
		fmt.Fprintln(s.err, "warning: the session store does not answer; this is what one gateway remembers")
	}
	if c.Output == "json" {
		return printJSON(s.out, list)
	}
	printAttempts(s.out, list.Logins)
	return nil
}

// printAttempts writes a table of 80 columns.
func printAttempts(w io.Writer, all []logins.Attempt) {
	if len(all) == 0 {
		fmt.Fprintln(w, "No attempt to sign in is on record.")
		return
	}
	row := func(when, result, idp, reason, id string) {
		line := fmt.Sprintf("%-14s  %-8s  %-12s  %-20s  %s", when, cut(result, 8), cut(idp, 12), cut(reason, 20), cut(id, 16))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	row("TIME (UTC)", "RESULT", "IDP", "REASON", "REQUEST ID")
	for _, a := range all {
		result := a.Result
		if a.Trial {
			result = "trial"
		}
		row(a.Time.UTC().Format("01-02 15:04:05"), result, a.IDP, a.Reason, a.RequestID)
	}
}

// cut shortens s to n characters, and drops what a terminal would obey.
func cut(s string, n int) string {
	r := []rune(logins.Printable(s))
	if len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return string(r)
}

type loginsShowCmd struct {
	adminFlags
	outputFlag
	RequestID string `arg:"" help:"The support id of the page, request_id in the log."`
}

// Run shows one attempt.
func (c *loginsShowCmd) Run(s streams) error {
	client, err := c.client(s)
	if err != nil {
		return err
	}
	var a logins.Attempt
	if err := client.Get(context.Background(), "/api/v1/logins/"+url.PathEscape(c.RequestID), nil, &a); err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.out, a)
	}
	printAttempt(s.out, a)
	return nil
}

// printAttempt writes everything that is known of an attempt, in plain words.
func printAttempt(w io.Writer, a logins.Attempt) {
	a = logins.Clean(a)
	line := func(name, value string) {
		if value != "" {
			wrap(w, fmt.Sprintf("%-13s", name), value)
		}
	}
	line("Request id", a.RequestID)
	line("Time", a.Time.UTC().Format("2006-01-02 15:04:05 UTC"))
	line("Result", strings.Join(slices.DeleteFunc([]string{a.Result, a.Reason}, func(s string) bool { return s == "" }), ": "))
	line("Why", a.Detail)
	line("IdP", cut(a.IDP, 60))
	line("As", cut(a.ServiceProvider, 60))
	line("Route", cut(a.Route, 60))
	line("Client", cut(a.Client, 60))
	line("Begun by", begun(a))
	line("Session", cut(a.Session, 60))
	line("Signature", map[bool]string{true: "holds", false: "none that holds"}[a.Signed])
	if a.Bytes > 0 {
		line("Message", fmt.Sprintf("%d bytes%s%s", a.Bytes, when(a.Encrypted, ", encrypted"), when(a.SHA1, ", signed with SHA-1")))
	}
	if a.Signed {
		line("IdP's clock", clock(a.ClockOff))
	}
	printChecks(w, a.Checks)
	if len(a.Attributes) > 0 {
		wrap(w, "Attributes   ", strings.Join(a.Attributes, ", "))
	}
	for i, field := range slices.Sorted(maps.Keys(a.Sources)) {
		wrap(w, fmt.Sprintf("%-13s", when(i == 0, "Read from")), cut(field, 30)+" from "+logins.Printable(a.Sources[field]))
	}
}

func begun(a logins.Attempt) string {
	switch {
	case a.Trial:
		return "samlgate try"
	case a.StartedBy == "idp":
		return "the identity provider"
	case a.Known:
		return "this gateway, in this browser"
	}
	return "this browser had begun none"
}

func when(yes bool, s string) string {
	if yes {
		return s
	}
	return ""
}

func clock(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
	switch {
	case d > 0:
		return d.String() + " ahead of ours"
	case d < 0:
		return (-d).String() + " behind ours (or the message took so long)"
	}
	return "as ours"
}

func printChecks(w io.Writer, checks []logins.Check) {
	var passed []string
	for _, c := range checks {
		if c.Passed {
			passed = append(passed, c.Name)
			continue
		}
		wrap(w, "Refused by   ", c.Name+when(c.Detail != "", ": "+c.Detail))
	}
	if len(passed) > 0 {
		wrap(w, "Passed       ", strings.Join(passed, ", "))
	}
}

const columns = 80

// wrap writes text behind a label, in lines of 80 columns, the later ones
// indented.
func wrap(w io.Writer, label, text string) {
	line := label
	room := columns - len(label)
	used := 0
	for _, word := range strings.Fields(text) {
		for used > 0 && used+1+len([]rune(word)) > room || used == 0 && len([]rune(word)) > room {
			if used == 0 { // longer than a line
				r := []rune(word)
				fmt.Fprintln(w, line+string(r[:room]))
				word = string(r[room:])
			} else {
				fmt.Fprintln(w, line)
			}
			line, used = strings.Repeat(" ", len(label)), 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+len([]rune(word))
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}
