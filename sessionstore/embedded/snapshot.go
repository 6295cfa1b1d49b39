package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// snapshotEvery is how old the newest snapshot may get.
const snapshotEvery = 15 * time.Minute

// snapshots keeps a copy beside the file until ctx is done, the first at once:
// what was just opened has been checked.
func (d *Durable) snapshots(ctx context.Context) {
	tick := time.NewTicker(snapshotEvery)
	defer tick.Stop()
	for {
		if err := d.Snapshot(ctx); err != nil && ctx.Err() == nil {
			d.trouble(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Snapshot replaces the snapshot beside the file by one of now.
func (d *Durable) Snapshot(ctx context.Context) error {
	fresh := d.at.snapshot() + ".new"
	err := d.Copy(ctx, fresh)
	if err == nil {
		err = errors.Join(os.Rename(fresh, d.at.snapshot()), syncFolder(fresh))
	}
	if err != nil {
		return fmt.Errorf("making the snapshot %s: %w", d.at.snapshot(), err)
	}
	return nil
}

// Copy writes what was acknowledged until now to a new file at path. A copy that
// takes the place of the file has all sessions ended when it is opened, since it
// does not know which ended after it was made.
func (d *Durable) Copy(ctx context.Context, path string) error {
	d.copying.Lock()
	defer d.copying.Unlock()
	if err := d.written(ctx); err != nil {
		return err
	}
	return d.file.copyTo(path)
}
