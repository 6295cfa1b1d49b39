package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
)

type metadataCmd struct {
	configFlag
	Setup string `help:"Print the values to enter at this identity provider instead." placeholder:"IDP"`
}

// Run prints the SP metadata.
func (c *metadataCmd) Run(s streams) error {
	cfg, _, err := c.load(s, false)
	if err != nil {
		return err
	}
	if c.Setup != "" {
		var names []string
		for _, idp := range cfg.SAML.IDPs {
			names = append(names, idp.Name)
			if idp.Name == c.Setup {
				return printSetup(s.out, cfg)
			}
		}
		return fmt.Errorf("no identity provider is called %q; saml.idps has %s", c.Setup, strings.Join(names, ", "))
	}
	sp, err := gateway.ServiceProvider(cfg, gateway.Options{Now: time.Now})
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

// printSetup prints what an administrator of an identity provider needs to know.
func printSetup(w io.Writer, cfg *config.Config) error {
	e := gateway.EndpointsOf(cfg)
	fmt.Fprintln(w, "Tell the administrator of your identity provider:")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"Metadata", e.Metadata},
		{"Entity ID (audience)", cfg.SAML.EntityID},
		{"ACS (reply) URL, POST", e.ACS},
		{"Single logout URL", e.SLO},
		{"Signature", "RSA-SHA256, on the assertion or the response"},
		{"E-mail address", "an attribute such as Email, or the NameID"},
	} {
		fmt.Fprintf(t, "  %s\t%s\n", row[0], row[1])
	}
	return t.Flush()
}
