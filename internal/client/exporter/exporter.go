// Package exporter reads the stats endpoints of BBB servers. In go a server and
// the addresses of its endpoints, which answer in Prometheus's text format; out
// come pool.Stats, in which whatever cannot be believed is unknown.
package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"divims/internal/pool"
)

// Config says where stats endpoints are and what they ask for.
type Config struct {
	// URLs are templates in which {domain} is the server's domain. Where several
	// endpoints tell the same value, the first in this list is believed.
	URLs []string
	// User and Password, or Bearer, are shown to endpoints on the server's own
	// domain and to no other host.
	User     string
	Password pool.Secret
	Bearer   pool.Secret
	// MaxAge is how old the figures of our script on the server may be; zero
	// means five minutes.
	MaxAge time.Duration
}

// defaultMaxAge is one evaluation interval.
const defaultMaxAge = 5 * time.Minute

// Client reads stats. It is a pool.StatsService.
type Client struct {
	config Config
	http   *http.Client
}

var _ pool.StatsService = (*Client)(nil)

// New makes a Client that connects as the given one does.
func New(config Config, client *http.Client) *Client {
	if config.MaxAge == 0 {
		config.MaxAge = defaultMaxAge
	}
	own := *client
	own.CheckRedirect = stayOnOrigin
	return &Client{config: config, http: &own}
}

// Stats asks all endpoints of the server at once. The error joins those of the
// endpoints that failed; the Stats beside it hold what the others said.
func (c *Client) Stats(ctx context.Context, server pool.Server) (pool.Stats, error) {
	answers := make([]scrape, len(c.config.URLs))
	failures := make([]error, len(c.config.URLs))
	var wg sync.WaitGroup
	for i, template := range c.config.URLs {
		wg.Go(func() { answers[i], failures[i] = c.scrape(ctx, template, server.Domain) })
	}
	wg.Wait()

	var scrapes []scrape
	for i, answer := range answers {
		if failures[i] == nil {
			scrapes = append(scrapes, answer)
		}
	}
	return c.merge(scrapes), errors.Join(failures...)
}

func (c *Client) merge(scrapes []scrape) pool.Stats {
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
	}
}

// first takes a value from the first endpoint that tells it. What that endpoint
// tells may be unbelievable; then the value is unknown, and no later endpoint
// is asked to contradict it.
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
