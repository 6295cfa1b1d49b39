package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
)

type metadataCmd struct {
	configFlag
	ServiceProvider string `help:"The one of saml.service_providers to print; the gateway's own if not given." placeholder:"NAME"`

	Setup  string `help:"Print what to enter at this identity provider instead, in the words of its preset." placeholder:"IDP"`
	Output string `help:"Of --setup: text or json." default:"text" enum:"text,json"`
}

// Run prints the SP metadata, or what an identity provider needs to know.
func (c *metadataCmd) Run(s streams) error {
	if c.Setup == "" && c.Output != "text" {
		return errors.New("--output goes with --setup; metadata is XML")
	}
	cfg, _, err := c.load(s, false)
	if err != nil {
		return err
	}
	if c.Setup != "" {
		return c.printSetup(s.out, cfg)
	}
	sp, err := gateway.ServiceProvider(cfg, c.ServiceProvider, gateway.Options{Now: time.Now})
	if err != nil {
		return err
	}
	document, err := sp.Metadata()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\n", document)
	return err
}

func (c *metadataCmd) printSetup(w io.Writer, cfg *config.Config) error {
	guide, err := gateway.Setup(cfg, c.Setup, c.ServiceProvider)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(guide)
	}
	return guide.WriteText(w)
}
