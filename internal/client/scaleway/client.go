// Package scaleway reads and changes a pool's machines, volumes, addresses, images
// and DNS records through Scaleway's SDK. Machines are Instances or, for bare metal,
// Elastic Metal hosts.
//
// It changes only what belongs to the pool: right before a change it reads the
// machine, volume or address again and compares project and tag.
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
	"github.com/scaleway/scaleway-sdk-go/api/vpc/v2"
	"github.com/scaleway/scaleway-sdk-go/scw"
	"github.com/scaleway/scaleway-sdk-go/validation"
	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
)

// Config names the pool and says how Scaleway is reached.
type Config struct {
	Settings
	Servers []pool.Server
	// Resolver looks up the addresses of a server's domain. Nil means the system's.
	Resolver Resolver
}

// Resolver looks up names, as *net.Resolver does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Client implements pool.Hoster. It may be kept for many evaluations and is safe for
// concurrent use.
type Client struct {
	sdk       *scw.Client
	instances *instance.API
	blocks    *block.API
	metal     *baremetal.API
	domains   *domain.API
	iam       *iam.API
	networks  *vpc.API
	resolver  Resolver
	prices    prices

	project   string
	zones     []scw.Zone
	tag       string
	adopt     bool
	names     map[string]bool // of the servers
	metalOnly map[string]bool // names of the bare metal servers
	imageName string
	equipment equipment
}

var _ pool.Hoster = (*Client)(nil)

// New returns a client. It sends no request. The error names every wrong setting, and
// never shows a key.
func New(config Config, httpClient *http.Client) (*Client, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("scaleway settings: %w", err)
	}
	options := []scw.ClientOption{
		scw.WithAuth(config.AccessKey.Reveal(), config.SecretKey.Reveal()),
		scw.WithHTTPClient(newBoundedClient(httpClient)),
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
		sdk:       sdk,
		instances: instance.NewAPI(sdk),
		blocks:    block.NewAPI(sdk),
		metal:     baremetal.NewAPI(sdk),
		domains:   domain.NewAPI(sdk),
		iam:       iam.NewAPI(sdk),
		networks:  vpc.NewAPI(sdk),
		resolver:  config.Resolver,
		project:   config.ProjectID,
		tag:       config.Tag,
		adopt:     config.Adopt,
		names:     map[string]bool{},
		metalOnly: map[string]bool{},
		imageName: config.ImageName,
		equipment: config.equipment(),
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

// check validates the settings before the SDK does, because the SDK's errors quote the
// keys.
func (c Config) check() error {
	var problems error
	require := func(ok bool, problem string) {
		if !ok {
			problems = joinErrors(problems, errors.New(problem))
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

// inZones calls list for all zones in parallel and concatenates the answers in the
// order of the zones. If one zone fails, the whole call fails: a list without one of
// the zones must never be taken for the complete list.
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

// zonesAnd returns the pool's zones and the others, each once.
func (c *Client) zonesAnd(others []string) []scw.Zone {
	zones := slices.Clone(c.zones)
	for _, other := range others {
		if zone := scw.Zone(other); validation.IsZone(other) && !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	return zones
}

// offeredIn returns the zones that are also in offered. Block volumes are not offered in
// every zone.
func offeredIn(zones, offered []scw.Zone) []scw.Zone {
	return slices.DeleteFunc(slices.Clone(zones), func(zone scw.Zone) bool { return !slices.Contains(offered, zone) })
}
