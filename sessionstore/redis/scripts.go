package redis

import (
	"context"
	"embed"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

//go:embed scripts/*.lua
var sources embed.FS

// scripts holds the scripts by their name, ready to run.
type scripts map[string]*goredis.Script

func loadScripts() (scripts, error) {
	common, err := sources.ReadFile("scripts/common.lua")
	if err != nil {
		return nil, fmt.Errorf("reading the scripts: %w", err)
	}
	names, err := sources.ReadFile("scripts/names.lua")
	if err != nil {
		return nil, fmt.Errorf("reading the scripts: %w", err)
	}
	all := make(scripts)
	for _, name := range []string{"create", "load", "touch", "end", "endall", "endbucket", "list"} {
		source, err := sources.ReadFile("scripts/" + name + ".lua")
		if err != nil {
			return nil, fmt.Errorf("reading the scripts: %w", err)
		}
		all[name] = goredis.NewScript(string(common) + string(source))
	}
	for _, name := range []string{"enlist", "delist", "notelogout"} {
		source, err := sources.ReadFile("scripts/" + name + ".lua")
		if err != nil {
			return nil, fmt.Errorf("reading the scripts: %w", err)
		}
		all[name] = goredis.NewScript(string(common) + string(names) + string(source))
	}
	return all, nil
}

// run runs a script in a bucket: by its hash, or in full where the server has
// not seen it. A false answer is [goredis.Nil].
func (s *Store) run(ctx context.Context, name string, b sessionstore.Bucket, args ...any) *goredis.Cmd {
	prefix := s.bucket(b)
	args = append([]any{prefix, s.channel(), string([]byte{sessionstore.Format})}, args...)
	return s.scripts[name].Run(ctx, s.client, []string{prefix + "x"}, args...)
}

func (s *Store) bucket(b sessionstore.Bucket) string { return s.prefix + ":{" + b.String() + "}:" }
func (s *Store) channel() string                     { return s.prefix + ":ends" }
