package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/cmd/samlgate/adminclient"
)

type sessionsEndCmd struct {
	adminFlags
	ID     string `arg:"" optional:"" help:"As listed, or the hash of the session in an audit record."`
	User   string `help:"All sessions of this person, by e-mail address." placeholder:"EMAIL"`
	IDP    string `name:"idp" help:"All sessions made at this identity provider." placeholder:"NAME"`
	All    bool   `help:"All sessions of everybody."`
	Reason string `help:"Why, for the audit record: one line of up to 200 bytes." placeholder:"TEXT"`
	Yes    bool   `help:"Do not ask before the sessions of many people end."`
}

// Run ends sessions. What ends is named explicitly: an empty value, such as that
// of a variable that is not set, ends nothing.
func (c *sessionsEndCmd) Run(s streams) error {
	named := 0
	for _, is := range []bool{c.ID != "", c.User != "", c.IDP != "", c.All} {
		if is {
			named++
		}
	}
	if named != 1 {
		return errors.New("name what to end, in one way: an ID, --user EMAIL, --idp NAME or --all")
	}
	client, err := c.client(s)
	if err != nil {
		return err
	}
	if err := c.confirm(s); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return c.end(ctx, s, client)
}

// confirm asks before the sessions of many people end.
func (c *sessionsEndCmd) confirm(s streams) error {
	if c.Yes || !c.All && c.IDP == "" {
		return nil
	}
	what := "Everybody will be signed out."
	if c.IDP != "" {
		what = "Everybody who signed in at " + logins.Printable(c.IDP) + " will be signed out."
	}
	if !terminal(s) {
		return errors.New(strings.ToLower(what[:1]) + strings.TrimSuffix(what[1:], ".") + ": say --yes where nobody can be asked")
	}
	fmt.Fprintf(s.err, "%s Go on? [y/N] ", what)
	answer, _ := bufio.NewReader(s.in).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was ended")
	}
	return nil
}

// terminal reports whether somebody can be asked.
func terminal(s streams) bool {
	in, ok := s.in.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := in.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

func (c *sessionsEndCmd) end(ctx context.Context, s streams, client *adminclient.Client) error {
	path, q := "/api/v1/sessions", given(url.Values{}, "user", c.User, "idp", c.IDP, "reason", c.Reason)
	if c.ID != "" {
		path += "/" + url.PathEscape(c.ID)
	}
	if c.All {
		q.Set("all", "true")
	}
	ended := 0
	for {
		var some admin.SessionsEnded
		if err := client.Ask(ctx, http.MethodDelete, path, q, &some); err != nil {
			if ended > 0 {
				err = fmt.Errorf("%s ended, then: %w", count(ended, "session"), err)
			}
			return err
		}
		if some.Ended == nil {
			fmt.Fprintln(s.out, "all sessions ended")
			return nil
		}
		ended += *some.Ended
		if some.Cursor == "" || some.Cursor == q.Get("cursor") {
			break
		}
		q.Set("cursor", some.Cursor)
	}
	fmt.Fprintln(s.out, count(ended, "session")+" ended")
	return nil
}
