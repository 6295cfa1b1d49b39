package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
)

// configFlag is the flag that most commands share.
type configFlag struct {
	Config string `help:"Configuration file, - for standard input. Default: $$SAMLGATE_CONFIG, config.yaml, /etc/samlgate/config.yaml." placeholder:"FILE"`
}

// file returns the configuration file to read.
func (f configFlag) file() (string, error) {
	if f.Config != "" {
		return f.Config, nil
	}
	if name := os.Getenv("SAMLGATE_CONFIG"); name != "" {
		return name, nil
	}
	for _, name := range []string{"config.yaml", "/etc/samlgate/config.yaml"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
	}
	return "", errors.New("no configuration: there is neither $SAMLGATE_CONFIG nor config.yaml nor /etc/samlgate/config.yaml; name one with --config, or write one with \"samlgate init\"")
}

// load is for commands that need no identity provider.
func (f configFlag) load(s streams, noFiles bool) (*config.Config, string, error) {
	return f.loadWith(config.Options{Stdin: s.in, NoFiles: noFiles})
}

// judged are options that find what is wrong with identity providers too.
func judged() config.Options { return config.Options{Hooks: gateway.Hooks(time.Now)} }

func (f configFlag) loadWith(opts config.Options) (*config.Config, string, error) {
	name, err := f.file()
	if err != nil {
		return nil, "", err
	}
	cfg, err := config.Load(name, opts)
	return cfg, name, err
}

// logger writes the operator's log as the configuration wants it, at a level that
// may be changed while it is in use.
func logger(w io.Writer, cfg config.Log) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	_ = level.UnmarshalText([]byte(cfg.Level)) // the configuration allows known levels only
	o := &slog.HandlerOptions{Level: level}
	if cfg.Format == "text" {
		return slog.New(slog.NewTextHandler(w, o)), level
	}
	return slog.New(slog.NewJSONHandler(w, o)), level
}

type checkCmd struct {
	configFlag
	NoFiles bool `help:"Do not look into the files that the configuration names."`
	Live    bool `help:"Also reach the session store, the metadata of identity providers and the apps."`
}

// Run reads everything that serve would read, and with --live reaches what serve
// would reach. It opens nothing.
func (c *checkCmd) Run(s streams) error {
	if c.Live && c.NoFiles {
		return errors.New("--live needs the files, so it does not go with --no-files")
	}
	opts := judged()
	opts.Stdin, opts.NoFiles = s.in, c.NoFiles
	cfg, name, err := c.loadWith(opts)
	if err != nil {
		return err
	}
	name = shown(name)
	for _, w := range cfg.Warnings {
		fmt.Fprintf(s.err, "warning: %v\n", w)
	}
	if !c.NoFiles {
		warn := func(text string) { fmt.Fprintf(s.err, "warning: %s: %s\n", name, text) }
		if err := gateway.Check(cfg, gateway.Options{Now: time.Now, Warn: warn}); err != nil {
			return inFile(err, name)
		}
	}
	fmt.Fprintf(s.out, "%s: ok, %s, %s\n", name, count(len(cfg.Routes), "route"), count(len(cfg.SAML.IDPs), "identity provider"))
	if c.Live {
		return reach(s, cfg)
	}
	return nil
}

// unreachedError says of how many things some were of no use.
type unreachedError struct{ failed, of int }

func (e *unreachedError) Error() string {
	return fmt.Sprintf("%d of %s failed", e.failed, count(e.of, "thing"))
}

// reach prints a line for each thing that the configuration needs others for.
func reach(s streams, cfg *config.Config) error {
	all, err := gateway.Reach(context.Background(), cfg, gateway.Options{Now: time.Now})
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range all {
		for _, doubt := range r.Doubt {
			fmt.Fprintf(s.out, "warning %s: %s\n", r.What, doubt)
		}
		if r.Err != nil {
			failed++
			fmt.Fprintf(s.out, "FAILED  %s: %v\n", r.What, r.Err)
			continue
		}
		fmt.Fprintf(s.out, "ok      %s: %s\n", r.What, r.Said)
	}
	if failed > 0 {
		return &unreachedError{failed, len(all)}
	}
	return nil
}

// shown is how people call the file.
func shown(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
