package config

import (
	"errors"
	"io"
)

// Options change how [Load] reads. The zero Options read everything.
type Options struct {
	NoFiles   bool                        // skip the contents of referenced files
	Stdin     io.Reader                   // read for the file name "-"
	LookupEnv func(string) (string, bool) // os.LookupEnv where nil
}

// Load reads and checks a file. Mistakes in it come back as [Errors], all at once.
func Load(file string, opts Options) (*Config, error) {
	return nil, errors.New("not yet")
}
