package samlsp

import "errors"

// Metadata returns the metadata document of this service provider.
func (sp *ServiceProvider) Metadata() ([]byte, error) { return nil, errors.New("not built") }
