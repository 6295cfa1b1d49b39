package metadata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const maxFetch = 5 << 20

type answer struct {
	unchanged      bool // 304 to what we have
	body           []byte
	etag, modified string
}

// get asks for the document, or for news if there is a good one.
func (s *Source) get(ctx context.Context) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.URL, nil)
	if err != nil {
		return nil, errors.New("the URL cannot be used")
	}
	req.Header.Set("Accept", "application/samlmetadata+xml, application/xml, text/xml;q=0.9, */*;q=0.1")
	if s.etag != "" { // of a good document only
		req.Header.Set("If-None-Match", s.etag)
	}
	if s.modified != "" {
		req.Header.Set("If-Modified-Since", s.modified)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && s.last.Load() != nil:
		return &answer{unchanged: true}, nil
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the server answers with status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFetch+1))
	if err != nil {
		return nil, fmt.Errorf("the answer breaks off: %w", withoutURL(err))
	}
	if len(body) > maxFetch {
		return nil, fmt.Errorf("the document exceeds %d MiB", maxFetch>>20)
	}
	return &answer{body: body, etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified")}, nil
}

// withoutURL returns the cause alone: the caller names the URL, without its
// query.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
