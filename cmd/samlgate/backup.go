package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/samlgate/samlgate/sessionstore/embedded"
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
	From    string `required:"" help:"File that backup wrote, or a snapshot." placeholder:"FILE"`
	Offline bool   `help:"Put it in place of store.embedded.path while no gateway runs, and keep the file that was there."`
}

// Run has a running gateway take over a backup, or puts it in place of the file of
// one that does not run. Everybody is signed out by it.
func (c *restoreCmd) Run(s streams) error {
	if c.Offline {
		return c.replace(s)
	}
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

// replace needs no more of the configuration than the path.
func (c *restoreCmd) replace(s streams) error {
	if c.Admin != "" || c.TokenFile != "" {
		return errors.New("--offline speaks to no gateway, so --admin and --token-file mean nothing; leave them out")
	}
	cfg, name, err := c.load(s, true)
	if err != nil {
		return err
	}
	path := string(cfg.Store.Embedded.Path)
	if cfg.Store.Driver != "embedded" || path == "" {
		return fmt.Errorf("%s keeps no sessions in a file: store.embedded.path is not set, or store.driver is redis", shown(name))
	}
	aside, err := embedded.Replace(path, c.From, time.Now)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "restored into %s; the next start ends all sessions, since a backup does not know who was signed out after it\n", path)
	if aside != "" {
		fmt.Fprintf(s.out, "the file that was there is now %s; remove it when you need it no more\n", aside)
	}
	return nil
}
