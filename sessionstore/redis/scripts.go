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

// asWrite begins the scripts that only read. A server runs them, as any script
// that does not say "no-writes", only where it would take a write: not as
// replica, and not as a master that has lost its replicas and has
// min-replicas-to-write. Such a one may not know what has ended.
const asWrite = "#!lua flags=allow-oom\n"

// loadScripts reads what each script is made of.
func loadScripts() (scripts, error) {
	all := make(scripts)
	for name, before := range map[string][]string{
		"create": {"common"}, "load": {"common"}, "touch": {"common"}, "end": {"common"}, "endall": {"common"},
		"endbucket": {"common"}, "list": {"common"}, "rows": {"common"}, "beat": {"common"}, "setnote": {"common"},
		"enlist": {"common", "names"}, "delist": {"common", "names"}, "notelogout": {"common", "names"},
		"keep": nil,
	} {
		text := ""
		if name == "load" || name == "list" || name == "rows" {
			text = asWrite
		}
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
	keys, args := s.named(s.bucket(b), "x", args)
	return s.scripts[name].Run(ctx, s.client, keys, args...)
}

// runAndHold is run for what must be on a replica too, see [lasting].
func (s *Store) runAndHold(ctx context.Context, name string, b sessionstore.Bucket, args ...any) (*goredis.Cmd, error) {
	keys, args := s.named(s.bucket(b), "x", args)
	return s.runLasting(ctx, name, keys, args)
}

// named returns the keys and the arguments that scripts begin with. The second
// key never exists: while a slot of a cluster moves, key by key, a script of which
// one key is missing is refused (TRYAGAIN) by both nodes. With the first alone it
// would run where part of the others is, and take sessions for ended that are
// not, and the other way round.
func (s *Store) named(prefix, key string, args []any) (keys []string, all []any) {
	return []string{prefix + key, prefix + "none"}, append([]any{prefix, s.channel(), string([]byte{sessionstore.Format})}, args...)
}

func (s *Store) bucket(b sessionstore.Bucket) string { return s.prefix + ":{" + b.String() + "}:" }
func (s *Store) channel() string                     { return s.prefix + ":ends" }
