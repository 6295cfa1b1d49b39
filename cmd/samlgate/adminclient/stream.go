package adminclient

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Download asks for something long by POST. It takes as long as it takes; whoever
// reads the body closes it, and sees a cut as an error.
func (c *Client) Download(ctx context.Context, path string) (io.ReadCloser, error) {
	res, err := c.long(ctx, path, http.NoBody)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// Upload sends something long by POST and reads the answer into out.
func (c *Client) Upload(ctx context.Context, path string, body io.Reader, out any) error {
	res, err := c.long(ctx, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("%s does not answer like a gateway's admin listener", c.base)
	}
	return nil
}

func (c *Client) long(ctx context.Context, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath(path).String(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/octet-stream")
	patient := *c.http
	patient.Timeout = 0
	res, err := patient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("asking the gateway at %s: %w", c.base, unwrapped(err))
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the gateway: %w", err)
	}
	return nil, refusal(res.StatusCode, answer)
}
