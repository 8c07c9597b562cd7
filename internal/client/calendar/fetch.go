package calendar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxSize is the largest feed that is read, in bytes.
const maxSize = 8 << 20

// download is the last response of the feed. It is kept so that an unchanged feed is
// not transferred again.
type download struct {
	body               []byte
	etag, lastModified string
}

// transientError marks an error that another attempt may avoid.
type transientError struct{ error }

func (e transientError) Unwrap() error { return e.error }

// fetch returns the feed's text. It retries transient errors after each of the pauses.
func (c *Client) fetch(ctx context.Context) ([]byte, error) {
	body, err := c.try(ctx)
	for _, pause := range c.Pauses {
		var transient transientError
		if !errors.As(err, &transient) || !wait(ctx, pause) {
			break
		}
		body, err = c.try(ctx)
	}
	return body, err
}

// wait waits for the pause. It returns false if the context ends first.
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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return nil, errors.New("the URL cannot be parsed") // err would show the URL
	}
	last := c.remembered()
	if last.etag != "" {
		request.Header.Set("If-None-Match", last.etag)
	}
	if last.lastModified != "" {
		request.Header.Set("If-Modified-Since", last.lastModified)
	}
	request.Header.Set("Accept", "text/calendar, */*;q=0.1")
	request.Header.Set("User-Agent", c.userAgent)

	response, err := c.http.Do(request)
	if err != nil {
		return nil, transientError{withoutURL(err)}
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusNotModified && last.body != nil:
		return last.body, nil
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return nil, transientError{fmt.Errorf("HTTP status %d", response.StatusCode)}
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("HTTP status %d", response.StatusCode)
	}

	body, err := io.ReadAll(io.LimitReader(response.Body, maxSize+1))
	if err != nil {
		return nil, transientError{fmt.Errorf("read the response: %w", err)}
	}
	if len(body) > maxSize {
		return nil, fmt.Errorf("larger than %d MB", maxSize>>20)
	}
	c.remember(download{body, response.Header.Get("ETag"), response.Header.Get("Last-Modified")})
	return body, nil
}

// maxRedirects is the most redirects that are followed.
const maxRedirects = 5

// checkRedirect allows redirects by HTTPS, and those of a feed without it to its own host.
// Another host gets no credentials: neither those of the URL nor the URL itself as Referer,
// since a feed's path is often its password.
func checkRedirect(request *http.Request, via []*http.Request) error {
	first := via[0].URL
	isSameHost := request.URL.Scheme == first.Scheme && strings.EqualFold(request.URL.Host, first.Host)
	if request.URL.Scheme != "https" && !isSameHost {
		return errors.New("redirected to an address without HTTPS, which is not followed")
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("stopped after %d redirects", maxRedirects)
	}
	request.Header.Del("Referer")
	request.Header.Del("Authorization")
	request.URL.User = nil
	if isSameHost {
		request.URL.User = first.User
	}
	return nil
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

// withoutURL removes the URL from an error of net/http, because it may hold credentials.
func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}
