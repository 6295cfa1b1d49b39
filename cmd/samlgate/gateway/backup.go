package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// backups introduces the file of the embedded store to the admin API.
type backups struct{ b *base }

// Backup implements admin.Backups.
func (c backups) Backup(ctx context.Context, addr string) (io.ReadCloser, error) {
	store, ok := c.b.raw.(*embedded.Durable)
	if !ok {
		return nil, admin.ErrNoFile
	}
	copied, err := store.Backup(ctx)
	c.report(audit.StoreBackedUp, addr, err)
	return copied, err
}

// Restore implements admin.Backups.
func (c backups) Restore(ctx context.Context, backup io.Reader, addr string) error {
	store, ok := c.b.raw.(*embedded.Durable)
	if !ok {
		return admin.ErrNoFile
	}
	err := store.Restore(ctx, backup)
	c.report(audit.StoreRestored, addr, err)
	if errors.Is(err, embedded.ErrNoCopy) {
		return fmt.Errorf("%w: %w", admin.ErrNoBackup, err)
	}
	return err
}

func (c backups) report(what audit.Type, addr string, err error) {
	if err != nil {
		c.b.log.Error("backup or restore failed", "what", string(what), "err", err)
		return
	}
	c.b.audit.Record(audit.Event{Type: what, Addr: addr, By: "operator"})
}
