package config

import (
	"fmt"
	"slices"
)

func (c *checker) pages() {
	p := c.cfg.Pages
	c.require("pages.languages", len(p.Languages) > 0, "at least one of en, de, fr")
	for i, l := range p.Languages {
		if at := fmt.Sprintf("pages.languages[%d]", i); slices.Contains(p.Languages[:i], l) && !c.unknown(at) {
			c.mistake(at, "is here twice")
		}
	}
	if c.cfg.Tracing.Sample > 1 {
		c.mistake("tracing.sample", "must be from 0 to 1")
	}
}
