package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/cmd/samlgate/adminclient"
)

type sessionsCmd struct {
	List sessionsListCmd `cmd:"" help:"List sessions that live, in no order of time."`
	Show sessionsShowCmd `cmd:"" help:"Show one session."`
	End  sessionsEndCmd  `cmd:"" help:"End one session, or those of a person, of an identity provider, or all."`
}

type sessionsListCmd struct {
	adminFlags
	outputFlag
	User  string `help:"Only those of this person, by e-mail address." placeholder:"EMAIL"`
	IDP   string `name:"idp" help:"Only those made at this identity provider. Looks at all sessions." placeholder:"NAME"`
	Route string `help:"Only those that this route would let in. Looks at all sessions." placeholder:"NAME"`
	Limit int    `help:"At most so many; 0 lists all." default:"100"`
}

// Run lists sessions, page by page as they come.
func (c *sessionsListCmd) Run(s streams) error {
	if c.Limit < 0 {
		return errors.New("--limit is 0 or more")
	}
	client, err := c.client(s)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	q := given(url.Values{}, "user", c.User, "idp", c.IDP, "route", c.Route)
	all := []admin.Session{}
	shown := 0
	rest, err := eachPage(ctx, client, "/api/v1/sessions", q, c.Limit, func(page admin.SessionList) (int, string) {
		if c.Output == "json" {
			all = append(all, page.Sessions...)
		} else {
			printSessions(s.out, page.Sessions, shown == 0)
		}
		shown += len(page.Sessions)
		return len(page.Sessions), page.Cursor
	})
	if err != nil {
		return err
	}
	if rest {
		fmt.Fprintf(s.err, "%d are shown and there may be more: see --limit\n", shown)
	}
	if c.Output == "json" {
		return printJSON(s.out, admin.SessionList{Sessions: all})
	}
	if shown == 0 {
		fmt.Fprintln(s.out, "No such session.")
	}
	return nil
}

// given adds what is not empty to a query.
func given(q url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// eachPage asks for page after page until limit entries have come (0: all of
// them), and reports whether there may be more. took tells of a page how many it
// had and its cursor.
func eachPage[P any](ctx context.Context, client *adminclient.Client, path string, q url.Values, limit int, took func(P) (int, string)) (rest bool, err error) {
	for left := limit; ; {
		n := admin.MaxPage
		if limit > 0 {
			n = min(n, left)
		}
		q.Set("limit", strconv.Itoa(n))
		var page P
		if err := client.Get(ctx, path, q, &page); err != nil {
			return false, err
		}
		got, cursor := took(page)
		if left -= got; cursor == "" || limit > 0 && left <= 0 {
			return cursor != "", nil
		}
		if cursor == q.Get("cursor") {
			return false, errors.New("the gateway gives the same page again")
		}
		q.Set("cursor", cursor)
	}
}

// printSessions writes a table of 80 columns.
func printSessions(w io.Writer, all []admin.Session, title bool) {
	row := func(id, user, idp, browser, used string) {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-21s  %-21s  %-8s  %-11s  %s", id, cut(user, 21), cut(idp, 8), cut(browser, 11), used), " "))
	}
	if title && len(all) > 0 {
		row("ID", "USER", "IDP", "BROWSER", "LAST USED")
	}
	for _, s := range all {
		row(cut(s.ID, 21), s.User, s.IDP, s.Browser, shortTime(s.LastUsed))
	}
}

// shortTime is a time of the last months in UTC, eleven characters wide.
func shortTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("01-02 15:04")
}

type sessionsShowCmd struct {
	adminFlags
	outputFlag
	ID string `arg:"" help:"As listed, or the hash of the session in an audit record."`
}

// Run shows one session.
func (c *sessionsShowCmd) Run(s streams) error {
	client, err := c.client(s)
	if err != nil {
		return err
	}
	var one admin.Session
	if err := client.Get(context.Background(), "/api/v1/sessions/"+url.PathEscape(c.ID), nil, &one); err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.out, one)
	}
	printSession(s.out, one)
	return nil
}

func printSession(w io.Writer, one admin.Session) {
	line := func(name, value string) {
		if value != "" {
			wrap(w, fmt.Sprintf("%-13s", name), cut(value, 300))
		}
	}
	line("Id", one.ID)
	line("User", one.User)
	line("IdP", one.IDP)
	line("As", one.ServiceProvider)
	line("Roles", strings.Join(one.Roles, ", "))
	line("Address", one.Address)
	line("Browser", one.Browser)
	line("Signed in", longTime(one.Created))
	line("Last used", longTime(one.LastUsed))
	line("Ends by", longTime(one.Expires))
	line("Or unused for", one.IdleTimeout)
}

func longTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
