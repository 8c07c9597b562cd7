// Package scaleway is the pool's hoster: Instances, block volumes and Elastic
// Metal hosts, through Scaleway's SDK. In go a pool's project, tag and servers;
// out come machines, and the few changes that a pool needs to make to them.
//
// Only what is the pool's is touched: before every change the machine or volume
// is read again, and its project and tag are compared.
package scaleway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/scaleway/scaleway-sdk-go/api/baremetal/v1"
	"github.com/scaleway/scaleway-sdk-go/api/block/v1"
	domain "github.com/scaleway/scaleway-sdk-go/api/domain/v2beta1"
	iam "github.com/scaleway/scaleway-sdk-go/api/iam/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"
	"github.com/scaleway/scaleway-sdk-go/validation"
	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
)

// Config says which pool it is and how its hoster is reached.
type Config struct {
	// URL is the API's; empty for Scaleway's own.
	URL string
	// ProjectID is the project that everything of the pool is in.
	ProjectID            string
	AccessKey, SecretKey pool.Secret
	// Zones are where machines are looked for, the preferred one first.
	Zones []string
	// Tag marks what is the pool's. It must be without commas, which separate
	// tags in the API's filters.
	Tag string
	// Adopt takes machines for the pool's that lack its tag, if they are in its
	// project and named exactly like one of its servers.
	Adopt   bool
	Servers []pool.Server
	// ImageName is how the names of the images begin that machines are made from.
	ImageName string
	// Resolver finds the address that a server's domain has; nil for the system's.
	Resolver Resolver
}

// Resolver is what is needed of a *net.Resolver.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Client is the pool's hoster. It is made once and used for many evaluations,
// by several goroutines at once.
type Client struct {
	instances *instance.API
	blocks    *block.API
	metal     *baremetal.API
	domains   *domain.API
	iam       *iam.API
	resolver  Resolver
	prices    prices

	project   string
	zones     []scw.Zone
	tag       string
	adopt     bool
	names     map[string]bool // of the servers
	metalOnly map[string]bool // names of the bare metal servers
	imageName string
}

var _ pool.Hoster = (*Client)(nil)

// New makes a client; it sends nothing. The error names every setting that is
// wrong, without the values of the keys.
func New(config Config, httpClient *http.Client) (*Client, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("scaleway settings: %w", err)
	}
	options := []scw.ClientOption{
		scw.WithAuth(config.AccessKey.Reveal(), config.SecretKey.Reveal()),
		scw.WithHTTPClient(newGuard(httpClient)),
		scw.WithUserAgent("divims"),
	}
	if config.URL != "" {
		options = append(options, scw.WithAPIURL(strings.TrimRight(config.URL, "/")))
	}
	sdk, err := scw.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("scaleway settings: %w", err)
	}
	c := &Client{
		instances: instance.NewAPI(sdk),
		blocks:    block.NewAPI(sdk),
		metal:     baremetal.NewAPI(sdk),
		domains:   domain.NewAPI(sdk),
		iam:       iam.NewAPI(sdk),
		resolver:  config.Resolver,
		project:   config.ProjectID,
		tag:       config.Tag,
		adopt:     config.Adopt,
		names:     map[string]bool{},
		metalOnly: map[string]bool{},
		imageName: config.ImageName,
	}
	if c.resolver == nil {
		c.resolver = net.DefaultResolver
	}
	for _, zone := range config.Zones {
		c.zones = append(c.zones, scw.Zone(zone))
	}
	for _, server := range config.Servers {
		c.names[server.Hostname] = true
		if server.BareMetal {
			c.metalOnly[server.Hostname] = true
		}
	}
	return c, nil
}

// check is done here and not left to the SDK because the SDK's own errors
// quote the keys.
func (c Config) check() error {
	var problems error
	require := func(ok bool, problem string) {
		if !ok {
			problems = also(problems, errors.New(problem))
		}
	}
	require(c.URL == "" || isWebAddress(c.URL), "the URL is not like https://api.scaleway.com")
	require(validation.IsProjectID(c.ProjectID), "the project ID is not a UUID")
	require(validation.IsAccessKey(c.AccessKey.Reveal()), "the access key is not SCW and 17 capital letters or digits")
	require(validation.IsSecretKey(c.SecretKey.Reveal()), "the secret key is not a UUID")
	require(len(c.Zones) > 0, "there is no zone")
	for i, zone := range c.Zones {
		require(validation.IsZone(zone), fmt.Sprintf("the zone %q is not like fr-par-1", zone))
		require(!slices.Contains(c.Zones[:i], zone), fmt.Sprintf("the zone %q is named twice", zone))
	}
	require(c.Tag != "", "there is no tag")
	require(!strings.Contains(c.Tag, ","), "the tag has a comma")
	require(c.ImageName != "", "there is no image name")
	return problems
}

func isWebAddress(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Host != ""
}

// inZones asks several zones at once and joins their answers in the order of
// the zones. One zone's error is the error of the whole: a list with a zone
// missing must never be taken for the whole list.
func inZones[T any](ctx context.Context, zones []scw.Zone, list func(context.Context, scw.Zone) ([]T, error)) ([]T, error) {
	answers := make([][]T, len(zones))
	group, ctx := errgroup.WithContext(ctx)
	for i, zone := range zones {
		group.Go(func() (err error) {
			answers[i], err = list(ctx, zone)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(answers...), nil
}

// zonesWith gives those of the pool's zones in which a service is offered. Block
// volumes and Elastic Metal hosts are not offered everywhere.
func (c *Client) zonesWith(offered []scw.Zone) []scw.Zone {
	var zones []scw.Zone
	for _, zone := range c.zones {
		if slices.Contains(offered, zone) {
			zones = append(zones, zone)
		}
	}
	return zones
}
