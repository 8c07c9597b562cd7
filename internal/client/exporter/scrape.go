package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxRedirects is how many redirects within the endpoint's origin are followed.
const maxRedirects = 3

// scrape is what one endpoint said.
type scrape struct {
	// source names the endpoint, without its query, for people.
	source string
	// found is what it says of the metrics in the table, by name.
	found map[string]*series
	// date is the answer's Date header; zero when there was none.
	date   time.Time
	maxAge time.Duration
}

// scrape reads one endpoint of the server with the given domain.
func (c *Client) scrape(ctx context.Context, template, domain string) (scrape, error) {
	endpoint, err := url.Parse(strings.ReplaceAll(template, "{domain}", domain))
	if err != nil {
		return scrape{}, fmt.Errorf("read stats of %s: the address is malformed", domain)
	}
	source := endpoint.Host + endpoint.Path
	response, err := c.ask(ctx, endpoint, domain)
	if err != nil {
		return scrape{}, fmt.Errorf("read stats from %s: %w", source, err)
	}
	defer response.Body.Close()
	found, err := parse(response.Body)
	if err != nil {
		return scrape{}, fmt.Errorf("read stats from %s: %w", source, err)
	}
	date, _ := http.ParseTime(response.Header.Get("Date")) // without one it stays zero
	return scrape{source: source, found: found, date: date, maxAge: c.config.MaxAge}, nil
}

// ask gets a good answer from the endpoint. Of node_exporter, recognised by
// "node_exporter" in the path, only the collectors that we need are asked; an
// address with a query of its own is left as it is. node_exporter answers 400
// to the name of a collector that is switched off, as systemd's is by default:
// then it is asked again for all that it has.
func (c *Client) ask(ctx context.Context, endpoint *url.URL, domain string) (*http.Response, error) {
	if endpoint.RawQuery != "" || !strings.Contains(endpoint.Path, "node_exporter") {
		return accept(c.get(ctx, *endpoint, domain))
	}
	narrowed := *endpoint
	narrowed.RawQuery = url.Values{"collect[]": collectors}.Encode()
	response, err := c.get(ctx, narrowed, domain)
	if err == nil && response.StatusCode == http.StatusBadRequest {
		response.Body.Close()
		response, err = c.get(ctx, *endpoint, domain)
	}
	return accept(response, err)
}

// get sends one request. Its errors do not hold the address, whose query may be
// a secret.
func (c *Client) get(ctx context.Context, endpoint url.URL, domain string) (*http.Response, error) {
	endpoint.User = nil
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint.String(), nil)
	if err != nil {
		return nil, errors.New("the address is malformed")
	}
	request.Header.Set("Accept", "text/plain;version=0.0.4")
	if endpoint.Hostname() == domain {
		c.authorize(request)
	}
	response, err := c.http.Do(request)
	var withAddress *url.Error
	if errors.As(err, &withAddress) {
		err = withAddress.Err
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

// stayOnOrigin follows redirects within one scheme, host and port only. Go's
// own rule would show the credentials to subdomains and over plain HTTP too.
func stayOnOrigin(next *http.Request, before []*http.Request) error {
	origin := before[0].URL
	if next.URL.Scheme != origin.Scheme || next.URL.Host != origin.Host {
		return errors.New("it redirects to another place, which is not followed")
	}
	if len(before) > maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	return nil
}

func accept(response *http.Response, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return response, nil
}
