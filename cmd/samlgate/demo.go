package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/samlgate/samlgate/cmd/samlgate/demo"
)

type demoCmd struct {
	Listen string `default:"127.0.0.1:8080" help:"Loopback address to serve on, ${default} if not given." placeholder:"HOST:PORT"`
	Log    bool   `help:"Also print the gateway's log."`
}

// Run serves the demo until Ctrl-C.
func (c *demoCmd) Run(s streams) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	level := slog.LevelWarn
	if c.Log {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
	return demo.Run(ctx, demo.Config{Listen: c.Listen, Version: version(), Out: s.out, Log: log})
}
