// Command samlgate is an authentication reverse proxy: it signs people in at a
// SAML identity provider, keeps their session, and hands each request to the
// app behind it with the person's signed identity.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9/logging"
	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
)

// streams are the process's ends towards the shell.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	log.SetOutput(io.Discard) // net/http writes stray bytes of upstreams there, headers included
	logging.Disable()         // go-redis; what it cannot do comes back as errors
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// Exit codes. A configuration with mistakes has its own, so that a deployment
// script can tell it from a network that is down.
const (
	exitOK     = 0
	exitFailed = 1
	exitConfig = 2
)

type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the gateway until SIGTERM (drains) or SIGINT; SIGHUP reloads."`
	Check    checkCmd    `cmd:"" help:"Check a configuration and name every mistake."`
	Init     initCmd     `cmd:"" help:"Write a small configuration and its keys."`
	Demo     demoCmd     `cmd:"" help:"Try it: a gateway, an identity provider and two apps on this machine."`
	Keygen   keygenCmd   `cmd:"" help:"Make the keys of a gateway."`
	Metadata metadataCmd `cmd:"" help:"Print the metadata that identity providers ask for."`
	Logins   loginsCmd   `cmd:"" help:"Attempts to sign in, and why they failed."`
	Sessions sessionsCmd `cmd:"" help:"Who is signed in: list, show and end sessions."`
	Users    usersCmd    `cmd:"" help:"People who are signed in, and the limits of one person."`
	Try      tryCmd      `cmd:"" help:"Try out an identity provider without signing in."`
	Log      logCmd      `cmd:"" help:"The log of a gateway that runs."`
	Backup   backupCmd   `cmd:"" help:"Copy what a running gateway keeps in its file."`
	Restore  restoreCmd  `cmd:"" help:"Have a gateway take over a backup, or its file while none runs; it signs everybody out."`
	Verify   verifyCmd   `cmd:"" help:"Verify requests for an app that cannot, or for a web server that asks."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// run carries out one command line and returns the exit code.
func run(args []string, s streams) int {
	code := exitOK
	parser, err := kong.New(&cli{}, kong.Name("samlgate"), kong.Writers(s.out, s.err),
		kong.Description("An authentication reverse proxy for apps that know nothing of single sign-on."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(c int) { code = c; panic(exited{}) }), kong.Bind(s))
	if err != nil {
		return fail(s, err)
	}
	ctx, err := parse(parser, args)
	switch {
	case ctx == nil && err == nil: // help was printed
		return code
	case err != nil:
		fmt.Fprintf(s.err, "samlgate: %v\nRun \"%s --help\" for what it knows.\n", err, command(err))
		return exitConfig
	}
	if err := ctx.Run(); err != nil {
		return fail(s, err)
	}
	return exitOK
}

// command is the command whose line could not be read, as one types it.
func command(err error) string {
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		return p.Context.Selected().FullPath()
	}
	return "samlgate"
}

// exited unwinds from kong's help, which expects the process to end.
type exited struct{}

func parse(parser *kong.Kong, args []string) (ctx *kong.Context, err error) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(exited); !ok {
				panic(p)
			}
			ctx, err = nil, nil
		}
	}()
	return parser.Parse(args)
}

// fail prints what went wrong, every mistake of a configuration on a line of
// its own.
func fail(s streams, err error) int {
	var written config.Errors
	var unfit *unfitError
	var unreached *unreachedError
	place := ""
	switch {
	case errors.As(err, &unreached): // each thing had its line
		fmt.Fprintf(s.err, "samlgate: %v\n", err)
		return exitConfig
	case errors.As(err, &written): // they name their place
	case errors.As(err, &unfit):
		place = unfit.file + ": "
	default:
		fmt.Fprintf(s.err, "samlgate: %v\n", err)
		return exitFailed
	}
	mistakes := gateway.Mistakes(err)
	for _, m := range mistakes {
		fmt.Fprintf(s.err, "%s%v\n", place, m)
	}
	fmt.Fprintf(s.err, "samlgate: %s\n", count(len(mistakes), "mistake"))
	return exitConfig
}

// unfitError is a configuration that reads well and cannot work, and its file.
type unfitError struct {
	file string
	err  error
}

func (e *unfitError) Error() string { return e.file + ": " + e.err.Error() }
func (e *unfitError) Unwrap() error { return e.err }

// inFile adds the file to what is wrong with a configuration.
func inFile(err error, file string) error {
	var unfit *gateway.Unfit
	if errors.As(err, &unfit) {
		return &unfitError{file, err}
	}
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
