package gateway

import (
	"errors"

	"github.com/samlgate/samlgate/config"
)

// Unfit is a configuration that reads well and cannot work, such as one whose
// metadata file is no metadata.
type Unfit struct{ err error }

func (u *Unfit) Error() string { return u.err.Error() }
func (u *Unfit) Unwrap() error { return u.err }

// Mistakes takes an error apart that says several things.
func Mistakes(err error) []error {
	switch e := err.(type) {
	case nil:
		return nil
	case config.Errors:
		return many(e)
	case interface{ Unwrap() []error }:
		return many(e.Unwrap())
	}
	var unfit *Unfit
	if errors.As(err, &unfit) {
		return Mistakes(unfit.err)
	}
	return []error{err}
}

func many[E error](errs []E) (all []error) {
	for _, e := range errs {
		all = append(all, Mistakes(e)...)
	}
	return all
}
