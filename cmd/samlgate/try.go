package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/cmd/samlgate/adminclient"
)

type tryCmd struct {
	IDP tryIDPCmd `cmd:"" name:"idp" help:"Try out signing in at an identity provider: a session is not made."`
}

type tryIDPCmd struct {
	adminFlags
	outputFlag
	Name string        `arg:"" help:"Name of the identity provider in saml.idps."`
	SP   string        `name:"service-provider" help:"Ask with this identity of saml.service_providers. Default: the gateway's own." placeholder:"NAME"`
	Wait time.Duration `help:"How long to wait for the browser, up to 10m." default:"10m"`
}

const askEvery = time.Second

// Run prints an address to open, waits, and shows how it went. What it shows of
// the person is for this terminal alone: no log and no list has it.
func (c *tryIDPCmd) Run(s streams) error {
	client, err := c.client(s)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var begun struct {
		ID, URL string
	}
	in := map[string]string{"idp": c.Name}
	if c.SP != "" {
		in["service_provider"] = c.SP
	}
	if err := client.Send(ctx, http.MethodPost, "/api/v1/tries", in, &begun); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "Open this address in a browser and sign in as somebody who may (once, within\n10 minutes). You will see here what the identity provider says of them:\n\n")
	address := s.out
	if c.Output == "json" {
		address = s.err // for a program there is nothing but JSON
	}
	fmt.Fprintln(address, logins.Printable(begun.URL))
	fmt.Fprintf(s.err, "\nWaiting ...\n")
	verdict, err := c.wait(ctx, client, begun.ID)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		err = printJSON(s.out, verdict)
	} else {
		printTrial(s.out, verdict)
	}
	if err == nil && verdict.Attempt.Result != logins.Accepted {
		err = fmt.Errorf("the sign-in would be refused: %s", logins.Printable(verdict.Attempt.Reason))
	}
	return err
}

func (c *tryIDPCmd) wait(ctx context.Context, client *adminclient.Client, id string) (v logins.Trial, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, min(c.Wait, 10*time.Minute), errors.New("nobody came back; a page that says no has a support id: look at it with \"samlgate logins show\""))
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		err := client.Get(ctx, "/api/v1/tries/"+url.PathEscape(id), nil, &v)
		var refusal *adminclient.Refusal
		switch {
		case ctx.Err() != nil:
			return v, context.Cause(ctx)
		case errors.As(err, &refusal) && refusal.Status != http.StatusServiceUnavailable:
			return v, err
		case err == nil && v.Done && v.Attempt != nil:
			return v, nil
		}
		select {
		case <-ctx.Done():
			return v, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func printTrial(w io.Writer, v logins.Trial) {
	fmt.Fprintln(w)
	printAttempt(w, *v.Attempt)
	if v.Person == nil {
		return
	}
	fmt.Fprintf(w, "\nWhat the mapping reads (saml.idps[].attributes and roles):\n")
	p := v.Person
	for _, f := range [][2]string{
		{"email", p.Email}, {"first_name", p.FirstName}, {"last_name", p.LastName}, {"username", p.Username},
		{"employee_id", p.EmployeeID}, {"roles", strings.Join(p.Roles, ", ")},
	} {
		if f[1] == "" {
			f[1] = "(nothing)"
		}
		wrap(w, fmt.Sprintf("  %-13s", f[0]), printableAll(f[1]))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Attributes)) {
		wrap(w, fmt.Sprintf("  %-13s", cut(key, 30)), printableAll(strings.Join(p.Attributes[key], ", ")))
	}
}

// printableAll is for values that are shown whole, as long as they may be.
func printableAll(s string) string {
	words := strings.Fields(s)
	for i, word := range words {
		words[i] = logins.Printable(word)
	}
	return strings.Join(words, " ")
}
