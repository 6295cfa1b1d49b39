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

	Headers  string `help:"Print what an app receives with a request of this person, and end: for curl -H @-, signed by a key made for it." placeholder:"EMAIL"`
	URL      string `name:"url" default:"http://127.0.0.1:8081/" help:"The request for --headers, ${default} if not given." placeholder:"URL"`
	Audience string `default:"wiki" help:"The audience for --headers, ${default} if not given." placeholder:"NAME"`
	JWKS     string `name:"jwks" help:"Where --headers writes the public key, by which the app verifies." placeholder:"FILE"`
}

// Run serves the demo until Ctrl-C, or prints headers.
func (c *demoCmd) Run(s streams) error {
	if c.Headers != "" {
		return demo.Headers(demo.HeadersConfig{Email: c.Headers, URL: c.URL, Audience: c.Audience, JWKS: c.JWKS, Out: s.out, Say: s.err})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	level := slog.LevelWarn
	if c.Log {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
	return demo.Run(ctx, demo.Config{Listen: c.Listen, Version: version(), Out: s.out, Log: log})
}
