package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

type logCmd struct {
	Level logLevelCmd `cmd:"" name:"level" help:"Log more of one gateway, or less, for a while."`
}

type logLevelCmd struct {
	adminFlags
	Level string        `arg:"" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
	For   time.Duration `required:"" help:"How long, such as 10m; at most 24h." placeholder:"10m"`
	IDP   string        `name:"idp" help:"Only the sign-ins at this identity provider; with debug." placeholder:"NAME"`
}

// Run changes the level, which changes back by itself.
func (c *logLevelCmd) Run(s streams) error {
	client, err := c.client(s)
	if err != nil {
		return err
	}
	in := map[string]string{"level": c.Level, "for": c.For.String()}
	if c.IDP != "" {
		in["idp"] = c.IDP
	}
	var out struct{ Until time.Time }
	if err := client.Send(context.Background(), http.MethodPut, "/api/v1/log/level", in, &out); err != nil {
		return err
	}
	of := ""
	if c.IDP != "" {
		of = " for sign-ins at " + c.IDP
	}
	fmt.Fprintf(s.out, "log level %s%s until %s\n", c.Level, of, out.Until.UTC().Format("2006-01-02 15:04:05 UTC"))
	return nil
}
