package exporter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"divims/internal/pool"
)

// maxRedirects is how many redirects within the endpoint's origin are followed.
const maxRedirects = 3

// scrape holds the metrics of one endpoint.
type scrape struct {
	// source is the endpoint's host and path, for messages.
	source string
	// found maps the names of metrics to their samples.
	found map[string]*series
	// date is the Date header of the response; zero if there was none.
	date time.Time
	// cacheAge is the Age header: how long a cache has kept the response.
	cacheAge time.Duration
	// server is the time of the server's clock after the response.
	server time.Time
	maxAge time.Duration
}

// scrape reads the endpoint of a server. An error wraps a *pool.AnsweredError if the
// endpoint answered.
func (c *Client) scrape(ctx context.Context, endpoint *url.URL, domain string) (scrape, error) {
	source := endpoint.Host + endpoint.Path
	response, err := c.fetch(ctx, endpoint, domain)
	if err != nil {
		return scrape{}, fmt.Errorf("read stats from %s: %w", source, err)
	}
	defer func() { _ = response.Body.Close() }()
	found, err := parse(response.Body)
	if err != nil {
		return scrape{}, fmt.Errorf("read stats from %s: %w", source, &pool.AnsweredError{Err: err})
	}
	date, _ := http.ParseTime(response.Header.Get("Date")) // zero without the header
	return scrape{source: source, found: found, date: date, cacheAge: cacheAge(response.Header), maxAge: c.config.MaxAge}, nil
}

// cacheAge returns the Age header, which is in seconds; zero if there is none. A number
// that is too large is read as 34 years.
func cacheAge(header http.Header) time.Duration {
	age, err := strconv.ParseUint(header.Get("Age"), 10, 30)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(age) * time.Second
}

// fetch returns a response with status 200. It asks node_exporter, which it recognises
// by "node_exporter" in the path, only for the collectors that we need, unless the URL
// has a query of its own. node_exporter answers 400 if one of the collectors is
// disabled, as systemd's is by default; fetch then asks again for all metrics.
func (c *Client) fetch(ctx context.Context, endpoint *url.URL, domain string) (*http.Response, error) {
	if endpoint.RawQuery != "" || !strings.Contains(endpoint.Path, "node_exporter") {
		return checkStatus(c.get(ctx, *endpoint, domain))
	}
	narrowed := *endpoint
	narrowed.RawQuery = url.Values{"collect[]": collectors}.Encode()
	response, err := c.get(ctx, narrowed, domain)
	if err == nil && response.StatusCode == http.StatusBadRequest {
		_ = response.Body.Close()
		response, err = c.get(ctx, *endpoint, domain)
	}
	return checkStatus(response, err)
}

// get sends one request. Its errors do not contain the URL, because its query may be
// secret.
func (c *Client) get(ctx context.Context, endpoint url.URL, domain string) (*http.Response, error) {
	endpoint.User = nil
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint.String(), nil)
	if err != nil {
		return nil, errors.New("the URL is malformed")
	}
	request.Header.Set("Accept", "text/plain;version=0.0.4")
	request.Header.Set("Cache-Control", "no-cache")
	if endpoint.Hostname() == domain {
		c.authorize(request)
	}
	response, err := c.http.Do(request)
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) {
		err = &pool.AnsweredError{Err: err}
	}
	return response, err
}

func (c *Client) authorize(request *http.Request) {
	switch {
	case c.config.Bearer.IsSet():
		request.Header.Set("Authorization", "Bearer "+c.config.Bearer.Reveal())
	case c.config.Password.IsSet():
		request.SetBasicAuth(c.config.User, c.config.Password.Reveal())
	}
}

// stayOnOrigin allows redirects within one scheme, host and port only. Go's default
// also sends the credentials to subdomains and over plain HTTP.
func stayOnOrigin(next *http.Request, before []*http.Request) error {
	origin := before[0].URL
	if next.URL.Scheme != origin.Scheme || next.URL.Host != origin.Host {
		return errors.New("it redirects to another host, port or scheme, which is not allowed")
	}
	if len(before) > maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	return nil
}

// checkStatus returns an error for a response whose status is not 200.
func checkStatus(response *http.Response, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, &pool.AnsweredError{Err: fmt.Errorf("status %d", response.StatusCode)}
	}
	return response, nil
}
