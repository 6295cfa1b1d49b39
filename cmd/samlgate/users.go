package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/samlgate/samlgate/admin"
)

type usersCmd struct {
	List usersListCmd `cmd:"" help:"List the people who are signed in, in no order."`
	Show usersShowCmd `cmd:"" help:"Show one person and the limits chosen for them."`
	Set  usersSetCmd  `cmd:"" help:"Set the limits of one person."`
}

type usersListCmd struct {
	adminFlags
	outputFlag
	Limit int `help:"At most so many; 0 lists all." default:"100"`
}

// Run lists people, page by page as they come.
func (c *usersListCmd) Run(s streams) error {
	if c.Limit < 0 {
		return errors.New("--limit is 0 or more")
	}
	client, err := c.client(s)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	all := []admin.User{}
	shown := 0
	rest, err := eachPage(ctx, client, "/api/v1/users", url.Values{}, c.Limit, func(page admin.UserList) (int, string) {
		if c.Output == "json" {
			all = append(all, page.Users...)
		} else {
			printUsers(s.out, page.Users, shown == 0)
		}
		shown += len(page.Users)
		return len(page.Users), page.Cursor
	})
	if err != nil {
		return err
	}
	if rest {
		fmt.Fprintf(s.err, "%d are shown and there may be more: see --limit\n", shown)
	}
	if c.Output == "json" {
		return printJSON(s.out, admin.UserList{Users: all})
	}
	if shown == 0 {
		fmt.Fprintln(s.out, "Nobody is signed in.")
	}
	return nil
}

// printUsers writes a table of 80 columns.
func printUsers(w io.Writer, all []admin.User, title bool) {
	row := func(user, sessions, idps, used, idle, most string) {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-32s  %-8s  %-10s  %-11s  %-6s  %s", cut(user, 32), cut(sessions, 8), cut(idps, 10), used, cut(idle, 6), cut(most, 3)), " "))
	}
	if title && len(all) > 0 {
		row("USER", "SESSIONS", "IDP", "LAST USED", "IDLE", "MAX")
	}
	for _, u := range all {
		used := "-"
		if u.LastUsed != nil {
			used = shortTime(*u.LastUsed)
		}
		row(u.ID, strconv.Itoa(u.Sessions), strings.Join(u.IDPs, ","), used, idleOf(u.Operator), mostOf(u.Operator))
	}
}

func idleOf(l admin.UserLimits) string {
	if l.IdleTimeout == nil {
		return "-"
	}
	return shortSpan(*l.IdleTimeout)
}

// shortSpan drops the empty parts that Go writes at the end: "10m0s" is 10m.
func shortSpan(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func mostOf(l admin.UserLimits) string {
	if l.MaxConcurrent == nil {
		return "-"
	}
	return strconv.Itoa(*l.MaxConcurrent)
}

type usersShowCmd struct {
	adminFlags
	outputFlag
	User string `arg:"" help:"E-mail address, or as listed."`
}

// Run shows one person.
func (c *usersShowCmd) Run(s streams) error {
	client, err := c.client(s)
	if err != nil {
		return err
	}
	var u admin.User
	if err := client.Get(context.Background(), "/api/v1/users/"+url.PathEscape(c.User), nil, &u); err != nil {
		return err
	}
	return c.print(s, u)
}

func (o outputFlag) print(s streams, u admin.User) error {
	if o.Output == "json" {
		return printJSON(s.out, u)
	}
	line := func(name, value string) { wrap(s.out, fmt.Sprintf("%-13s", name), cut(value, 300)) }
	line("User", u.ID)
	line("Sessions", strconv.Itoa(u.Sessions))
	if u.LastUsed != nil {
		line("IdP", strings.Join(u.IDPs, ", "))
		line("Last used", longTime(*u.LastUsed))
	}
	line("Set here", limitsInWords(u.Operator))
	line("Own choice", limitsInWords(u.Own))
	return nil
}

func limitsInWords(l admin.UserLimits) string {
	var words []string
	if l.IdleTimeout != nil {
		words = append(words, "idle timeout "+shortSpan(*l.IdleTimeout))
	}
	switch {
	case l.MaxConcurrent == nil:
	case *l.MaxConcurrent == 0:
		words = append(words, "any number of sessions")
	default:
		words = append(words, "at most "+count(*l.MaxConcurrent, "session"))
	}
	if words == nil {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

type usersSetCmd struct {
	adminFlags
	outputFlag
	User          string         `arg:"" help:"E-mail address, or as listed."`
	IdleTimeout   *time.Duration `help:"How long a session of this person lives unused, such as 10m." placeholder:"TIME"`
	MaxConcurrent *int           `help:"How many sessions this person may have; 0 is any number." placeholder:"N"`
	Unset         []string       `help:"Take back what was set: idle-timeout, max-concurrent." enum:"idle-timeout,max-concurrent" placeholder:"NAME"`
	Reason        string         `help:"Why, for the audit record: one line of up to 200 bytes." placeholder:"TEXT"`
}

// Run changes the limits of one person and shows what holds then.
func (c *usersSetCmd) Run(s streams) error {
	in := map[string]any{}
	for _, name := range c.Unset {
		in[strings.ReplaceAll(name, "-", "_")] = nil
	}
	if c.IdleTimeout != nil {
		if _, twice := in["idle_timeout"]; twice {
			return errors.New("--idle-timeout is set and unset at once")
		}
		in["idle_timeout"] = c.IdleTimeout.String()
	}
	if c.MaxConcurrent != nil {
		if _, twice := in["max_concurrent"]; twice {
			return errors.New("--max-concurrent is set and unset at once")
		}
		in["max_concurrent"] = *c.MaxConcurrent
	}
	if len(in) == 0 {
		return errors.New("nothing to set: name --idle-timeout, --max-concurrent or --unset")
	}
	if c.Reason != "" {
		in["reason"] = c.Reason
	}
	client, err := c.client(s)
	if err != nil {
		return err
	}
	var u admin.User
	if err := client.Send(context.Background(), http.MethodPatch, "/api/v1/users/"+url.PathEscape(c.User), in, &u); err != nil {
		return err
	}
	return c.print(s, u)
}
