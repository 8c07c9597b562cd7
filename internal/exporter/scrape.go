package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// maxBody is the largest answer that is read, in bytes. A full node_exporter
// fills less than a quarter of it; parsed, short lines take forty times as much
// memory, of which the function has 256 MB.
const maxBody = 2 << 20

// maxRedirects is how many redirects within the endpoint's origin are followed.
const maxRedirects = 3

// scrape is what one endpoint said.
type scrape struct {
	// source names the endpoint, without its query, for people.
	source   string
	families map[string]*dto.MetricFamily
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
	families, err := parse(response.Body)
	if err != nil {
		return scrape{}, fmt.Errorf("read stats from %s: %w", source, err)
	}
	date, _ := http.ParseTime(response.Header.Get("Date")) // without one it stays zero
	return scrape{source: source, families: families, date: date, maxAge: c.config.MaxAge}, nil
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

// parse reads Prometheus's text format, at most maxBody bytes of it.
func parse(body io.Reader) (map[string]*dto.MetricFamily, error) {
	limited := &io.LimitedReader{R: body, N: maxBody + 1}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(limited)
	if limited.N <= 0 {
		return nil, fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)
	}
	var malformed expfmt.ParseError
	if errors.As(err, &malformed) {
		err = fmt.Errorf("%.200q", malformed.Error()) // it may quote the whole answer
	}
	return families, err
}
