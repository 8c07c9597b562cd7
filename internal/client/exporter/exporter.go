// Package exporter reads the stats endpoints of BBB servers. It takes a server and
// the URLs of its endpoints, which answer in Prometheus's text format. It returns
// pool.Stats, in which absent and implausible values are unknown.
//
// It has a parser of its own instead of prometheus/common/expfmt because it needs few
// of the lines. A response of node_exporter with 200 systemd units (105 kB) takes 0.24
// to 0.33 ms and 6 kB of memory; expfmt takes at least 6 ms and 908 kB. With expfmt,
// parsing took half of an evaluation's CPU time. Tests compare the results of both. To
// measure this again, run
//
//	go test -run '^$' -bench 'Stats|PrometheusLibrary' -benchmem ./internal/client/exporter
package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"divims/internal/pool"
)

// Config holds the URLs of stats endpoints and the credentials for them.
type Config struct {
	// URLs are templates. {domain} is replaced by the server's domain. If several
	// endpoints have a value, the first in this list is used.
	URLs []string `envconfig:"STATS_URLS" group:"Stats endpoints" match:"stats address" example:"https://{domain}/node_exporter/metrics,https://{domain}/metrics/" desc:"addresses of a server's metrics; {domain} is the server's domain. If the path contains node_exporter and there is no query, only the collectors that DiViMS needs are requested"`
	// User and Password, or Bearer, are sent to endpoints on the server's own domain
	// only.
	User     string      `envconfig:"STATS_USER" match:"user name" example:"divims" desc:"user name for STATS_URLS; like the next two settings, it is sent to the server's own domain only"`
	Password pool.Secret `envconfig:"STATS_PASSWORD" example:"your-secret" desc:"password of STATS_USER"`
	Bearer   pool.Secret `envconfig:"STATS_TOKEN" match:"visible" example:"your-secret" desc:"bearer token, instead of user name and password"`
	// MaxAge is the maximum age of the divims-stats script's output, and of a page with the
	// state of units. Zero means five minutes.
	MaxAge time.Duration `envconfig:"STATS_MAX_AGE" default:"5m" min:"10s" max:"1d" desc:"counts of recordings and results of the probe that are older than this are ignored"`
}

// defaultMaxAge is one evaluation interval.
const defaultMaxAge = 5 * time.Minute

// Client reads stats. It implements pool.StatsService.
type Client struct {
	config Config
	http   *http.Client
}

var _ pool.StatsService = (*Client)(nil)

// New returns a Client that sends its requests with the given HTTP client. It follows
// redirects within an endpoint's origin only.
func New(config Config, client *http.Client) *Client {
	if config.MaxAge == 0 {
		config.MaxAge = defaultMaxAge
	}
	own := *client
	own.CheckRedirect = stayOnOrigin
	return &Client{config: config, http: &own}
}

// Stats reads all endpoints of the server in parallel. The error joins the errors of
// the endpoints that failed. The returned Stats are valid even then: they hold the
// values of the other endpoints. clock returns the time of the server's clock; it is
// called once, after all endpoints have answered.
func (c *Client) Stats(ctx context.Context, server pool.Server, clock func() time.Time) (pool.Stats, error) {
	results := make([]scrape, len(c.config.URLs))
	failures := make([]error, len(c.config.URLs))
	alive := make([]bool, len(c.config.URLs))
	var wg sync.WaitGroup
	for i, template := range c.config.URLs {
		wg.Go(func() {
			endpoint, err := url.Parse(strings.ReplaceAll(template, "{domain}", server.Domain))
			if err != nil {
				failures[i] = fmt.Errorf("read stats of %s: the URL is malformed", server.Domain)
				return
			}
			results[i], failures[i] = c.scrape(ctx, endpoint, server.Domain)
			alive[i] = endpoint.Hostname() == server.Domain && pool.IsAnswered(failures[i])
		})
	}
	wg.Wait()

	now := clock()
	var scrapes []scrape
	for i, result := range results {
		if failures[i] == nil {
			result.server = now
			scrapes = append(scrapes, result)
		}
	}
	stats := merge(scrapes)
	stats.Alive = slices.Contains(alive, true)
	return stats, errors.Join(failures...)
}

func merge(scrapes []scrape) pool.Stats {
	return pool.Stats{
		Load1:     first(scrapes, func(s scrape) (float64, error) { return s.number(load1) }),
		Load5:     first(scrapes, func(s scrape) (float64, error) { return s.number(load5) }),
		Load15:    first(scrapes, func(s scrape) (float64, error) { return s.number(load15) }),
		Uptime:    first(scrapes, scrape.uptime),
		CPUs:      first(scrapes, scrape.cpus),
		Network:   first(scrapes, scrape.network),
		UnitsDown: first(scrapes, scrape.unitsDown),
		Probe:     first(scrapes, scrape.probe),
		Failed:    first(scrapes, func(s scrape) (map[string]int, error) { return s.recordings(failed, pool.FailureStages[:]) }),
		Backlog:   first(scrapes, func(s scrape) (map[string]int, error) { return s.recordings(backlog, pool.BacklogStages[:]) }),
		Version:   first(scrapes, scrape.version),
		Age:       first(scrapes, scrape.age),
		MachineID: first(scrapes, func(s scrape) (string, error) { return s.label(machineInfo) }),
		Nodename:  first(scrapes, func(s scrape) (string, error) { return s.label(unameInfo) }),
		Addresses: first(scrapes, scrape.addresses),
	}
}

// first returns a value from the first endpoint that has it. If that endpoint's value
// is invalid, the result is unknown, and later endpoints are not considered.
func first[T any](scrapes []scrape, value func(scrape) (T, error)) pool.Reading[T] {
	reason := "no stats endpoint answered"
	for _, s := range scrapes {
		v, err := value(s)
		if err == nil {
			return pool.Seen(v)
		}
		reason = fmt.Sprintf("%s: %v", s.source, err)
		if !errors.Is(err, errAbsent) {
			break
		}
	}
	return pool.Unknown[T](reason)
}
