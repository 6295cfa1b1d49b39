package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
)

type initCmd struct {
	URL      string `required:"" name:"url" help:"Address of the gateway itself, such as https://sso.example.com." placeholder:"URL"`
	Upstream string `required:"" help:"Address of the app, such as http://10.0.0.5:8080." placeholder:"URL"`
	Metadata string `required:"" help:"Metadata of your identity provider: a file, or an https URL." placeholder:"FILE"`
	Out      string `default:"." help:"Folder to write into; here if not given." placeholder:"DIR"`
}

// Run writes the configuration and the keys it names, then checks them.
func (c *initCmd) Run(s streams) error {
	name := filepath.Join(c.Out, "config.yaml")
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already; it is never overwritten: choose another folder with --out", name)
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" {
		return errors.New("--url needs an address such as https://sso.example.com")
	}
	document, err := c.document()
	if err != nil {
		return err
	}
	if err := makeKeys(s, c.Out, u.Hostname()); err != nil {
		return err
	}
	if err := writeNew(name, document, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "wrote %s\n", name)
	cfg, err := config.Load(name, config.Options{})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	if err := tellAdministrator(s.out, cfg); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nNext:\n  samlgate check --config %s\n  samlgate metadata --setup %s --config %s\n  samlgate serve --config %s\n",
		name, cfg.SAML.IDPs[0].Name, name, name)
	return nil
}

// tellAdministrator prints what an identity provider must know before anything
// else; "metadata --setup" prints all of it.
func tellAdministrator(w io.Writer, cfg *config.Config) error {
	guide, err := gateway.Setup(cfg, cfg.SAML.IDPs[0].Name, "")
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "Tell the administrator of your identity provider:")
	return guide.WriteValues(w)
}

// document is the file to write, once everything that goes into it was looked
// at: a wrong flag leaves nothing behind.
func (c *initCmd) document() ([]byte, error) {
	if !c.metadataURL() {
		if err := gateway.CheckMetadata(c.Metadata, time.Now()); err != nil {
			return nil, fmt.Errorf("--metadata: %w", err)
		}
	}
	document, err := config.Minimal(c.URL, c.Upstream, c.reference())
	if err != nil {
		return nil, err
	}
	_, err = config.Load("-", config.Options{NoFiles: true, Stdin: bytes.NewReader(document)})
	var mistakes config.Errors
	if errors.As(err, &mistakes) {
		return nil, fmt.Errorf("%s: %s", flagOf(mistakes[0].Path), mistakes[0].Reason)
	}
	return document, err
}

// flagOf is where a key of the minimal configuration came from.
func flagOf(path string) string {
	switch {
	case strings.HasPrefix(path, "saml.idps"):
		return "--metadata"
	case strings.HasSuffix(path, ".upstream"):
		return "--upstream"
	}
	return "--url"
}

func (c *initCmd) metadataURL() bool {
	u, err := url.Parse(c.Metadata)
	return err == nil && u.Scheme != "" && u.Host != ""
}

// reference is the metadata as the file will name it: relative paths are
// relative to the configuration.
func (c *initCmd) reference() string {
	if c.metadataURL() {
		return c.Metadata
	}
	from, err1 := filepath.Abs(c.Out)
	to, err2 := filepath.Abs(c.Metadata)
	if rel, err := filepath.Rel(from, to); errors.Join(err1, err2, err) == nil {
		return rel
	}
	return c.Metadata
}
