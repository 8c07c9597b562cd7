package calendar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxSize bounds the feed, in bytes. A century of daily events has less.
const maxSize = 8 << 20

// download is an answer of the feed, kept so that an unchanged feed is not
// transferred again.
type download struct {
	body               []byte
	etag, lastModified string
}

// retryError marks what another try may mend.
type retryError struct{ error }

func (e retryError) Unwrap() error { return e.error }

// fetch gets the feed, in as many tries as there are pauses and one more.
func (c *Client) fetch(ctx context.Context) ([]byte, error) {
	body, err := c.try(ctx)
	for _, pause := range c.Pauses {
		var retry retryError
		if !errors.As(err, &retry) || !wait(ctx, pause) {
			break
		}
		body, err = c.try(ctx)
	}
	return body, err
}

// wait tells whether the time has passed before the context ended.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *Client) try(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address, nil)
	if err != nil {
		return nil, errors.New("its address is no URL") // the error itself would show the address
	}
	last := c.remembered()
	if last.etag != "" {
		request.Header.Set("If-None-Match", last.etag)
	}
	if last.lastModified != "" {
		request.Header.Set("If-Modified-Since", last.lastModified)
	}
	request.Header.Set("Accept", "text/calendar, */*;q=0.1")

	response, err := c.http.Do(request)
	if err != nil {
		return nil, retryError{withoutURL(err)}
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && last.body != nil:
		return last.body, nil
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return nil, retryError{fmt.Errorf("HTTP status %d", response.StatusCode)}
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("HTTP status %d", response.StatusCode)
	}

	body, err := io.ReadAll(io.LimitReader(response.Body, maxSize+1))
	if err != nil {
		return nil, retryError{fmt.Errorf("read the answer: %w", err)}
	}
	if len(body) > maxSize {
		return nil, fmt.Errorf("larger than %d MB", maxSize>>20)
	}
	c.remember(download{body, response.Header.Get("ETag"), response.Header.Get("Last-Modified")})
	return body, nil
}

func (c *Client) remembered() download {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.last
}

func (c *Client) remember(d download) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.last = d
}

// withoutURL takes the address, and what it may hold, out of an error of net/http.
func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}
