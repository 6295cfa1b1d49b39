package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
)

type serveCmd struct{ configFlag }

// Run serves until a signal ends it.
func (c *serveCmd) Run(s streams) error {
	opts := judged()
	opts.Stdin = s.in
	cfg, name, err := c.loadWith(opts)
	if err != nil {
		return err
	}
	log, level := logger(s.err, cfg.Log)
	for _, w := range cfg.Warnings {
		log.Warn(w.String())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	drain, reload := make(chan os.Signal, 2), make(chan func() (*config.Config, error), 1)
	signal.Notify(drain, syscall.SIGTERM)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // before anything is said to be up: unheard, it would end the process
	defer signal.Stop(hangup)
	go relayHangups(ctx, hangup, reload, func() (*config.Config, error) { return config.Load(name, judged()) })
	err = gateway.Run(ctx, cfg, gateway.Options{
		Version: version(), Audit: s.out, Log: log, Level: level, Now: time.Now, State: stateFolder(name), Drain: drain, Reload: reload,
	})
	return inFile(err, name)
}

// stateFolder is where systemd says (StateDirectory=), else beside the
// configuration; a configuration on standard input has no place of its own.
func stateFolder(file string) string {
	if dirs := os.Getenv("STATE_DIRECTORY"); dirs != "" {
		first, _, _ := strings.Cut(dirs, ":") // systemd.exec(5): all of them, with colons between
		return first
	}
	if file == "-" {
		return ""
	}
	return filepath.Dir(file)
}

// relayHangups turns SIGHUP into a wish to reload, until ctx is done.
func relayHangups(ctx context.Context, hangup <-chan os.Signal, reload chan<- func() (*config.Config, error), load func() (*config.Config, error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			select {
			case reload <- load:
			case <-ctx.Done():
				return
			}
		}
	}
}
