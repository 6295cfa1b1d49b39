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

// loadScripts reads what each script is made of.
func loadScripts() (scripts, error) {
	all := make(scripts)
	for name, before := range map[string][]string{
		"create": {"common"}, "load": {"common"}, "touch": {"common"}, "end": {"common"}, "endall": {"common"},
		"endbucket": {"common"}, "list": {"common"}, "beat": {"common"}, "setnote": {"common"},
		"enlist": {"common", "names"}, "delist": {"common", "names"}, "notelogout": {"common", "names"},
		"keep": nil,
	} {
		text := ""
		for _, part := range append(before, name) {
			source, err := sources.ReadFile("scripts/" + part + ".lua")
			if err != nil {
				return nil, fmt.Errorf("reading the scripts: %w", err)
			}
			text += string(source)
		}
		all[name] = goredis.NewScript(text)
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
