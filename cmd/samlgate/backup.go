package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

type backupCmd struct {
	adminFlags
	Out string `required:"" help:"File to write; it must not be there yet." placeholder:"FILE"`
}

// Run writes a copy of what a running gateway keeps in its file.
func (c *backupCmd) Run(s streams) error {
	client, err := c.client(s)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.Out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out: %s is there already", c.Out)
	}
	body, err := client.Download(context.Background(), "/api/v1/backup")
	if err != nil {
		return err
	}
	defer body.Close()
	n, err := writeWhole(c.Out, body)
	if err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	fmt.Fprintf(s.out, "%s: %d bytes\n", c.Out, n)
	return nil
}

// writeWhole writes a file that has its name only when all of it is on the disk.
func writeWhole(path string, from io.Reader) (int64, error) {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return n, errors.Join(err, os.Remove(part))
	}
	return n, os.Rename(part, path)
}

type restoreCmd struct {
	adminFlags
	From string `required:"" help:"File that backup wrote, or a snapshot." placeholder:"FILE"`
}

// Run has a running gateway take over a backup. Everybody is signed out by it.
func (c *restoreCmd) Run(s streams) error {
	client, err := c.client(s)
	if err != nil {
		return err
	}
	f, err := os.Open(c.From)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer f.Close()
	var out struct{ Restored bool }
	if err := client.Upload(context.Background(), "/api/v1/restore", f, &out); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "restored; all sessions have ended, since a backup does not know who was signed out after it")
	return nil
}
