package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

// node is a master with the buckets it owns: all of them, but in a cluster.
type node struct {
	client  *goredis.Client
	buckets []sessionstore.Bucket // at least one
}

// addr is where the master is as far as it is known without asking.
func (n node) addr() string { return n.client.Options().Addr }

// set returns the buckets as a set.
func (n node) set() (all sessionstore.BucketSet) {
	for _, b := range n.buckets {
		all.Add(b)
	}
	return all
}

// masters returns the masters that own buckets now, as far as we know. Those of
// a cluster that own none keep nothing that must be watched.
func (s *Store) masters(ctx context.Context) ([]node, error) {
	var all []node
	index := make(map[*goredis.Client]int)
	for b := range sessionstore.Buckets {
		m, err := s.master(ctx, s.bucket(sessionstore.Bucket(b)))
		if err != nil {
			return nil, unavailable("looking for the masters", err)
		}
		i, known := index[m]
		if !known {
			i = len(all)
			index[m] = i
			all = append(all, node{client: m})
		}
		all[i].buckets = append(all[i].buckets, sessionstore.Bucket(b))
	}
	return all, nil
}

// onMasters asks every master at once and joins what failed.
func (s *Store) onMasters(ctx context.Context, ask func(node) error) error {
	all, err := s.masters(ctx)
	if err != nil {
		return err
	}
	if len(all) == 1 {
		return ask(all[0])
	}
	failed := make(chan error, len(all))
	for _, n := range all {
		go func() { // ends with its question, which has a timeout
			err := ask(n)
			if err != nil {
				err = fmt.Errorf("%s: %w", n.addr(), err)
			}
			failed <- err
		}()
	}
	var errs []error
	for range all {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

// Ping writes a key on every master, so that a server which only reads is no
// store.
func (s *Store) Ping(ctx context.Context) error {
	return s.onMasters(ctx, func(n node) error {
		// By the client of the whole, which knows when a bucket has moved.
		if err := s.client.Set(ctx, s.bucket(n.buckets[0])+"ping", "", 10*time.Second).Err(); err != nil {
			return unavailable("pinging", err)
		}
		return nil
	})
}
