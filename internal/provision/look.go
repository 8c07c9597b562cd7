package provision

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
)

// Hoster is where addresses are reserved.
type Hoster interface {
	// Addresses and Machines list all of the project, complete or an error.
	Addresses(ctx context.Context) ([]pool.Address, error)
	Machines(ctx context.Context) ([]pool.Machine, error)
	Reserve(ctx context.Context, server pool.Server, zone string, family pool.Family) (pool.Address, error)
	Keep(ctx context.Context, address pool.Address, server pool.Server) error
	// SetReverse takes the reverse name away if the name is empty. The error is
	// pool.ErrUnresolved while the name does not lead to the address.
	SetReverse(ctx context.Context, address pool.Address, name string) error
	Release(ctx context.Context, address pool.Address) error
}

// LoadBalancer is Scalelite.
type LoadBalancer interface {
	Entries(ctx context.Context) ([]pool.Entry, error)
	Register(ctx context.Context, url string, secret pool.Secret) (pool.Entry, error)
	SetState(ctx context.Context, entryID string, state pool.EntryState) error
	Remove(ctx context.Context, entryID string) error
}

// Zone is a DNS zone of one provider or the other. To write what is there, or to
// delete what is not, is no error.
type Zone interface {
	Records(ctx context.Context, names []string) ([]pool.DNSRecord, error)
	Write(ctx context.Context, record pool.DNSRecord) error
	Delete(ctx context.Context, record pool.DNSRecord) error
}

// Names are the name servers.
type Names interface {
	// Leads gives the addresses of a domain; the list is empty if it leads nowhere.
	Leads(ctx context.Context, domain string) ([]netip.Addr, error)
}

// Services are what a pool is set up with.
type Services struct {
	Hoster       Hoster
	LoadBalancer LoadBalancer
	// Zone is nil where a person writes the DNS records.
	Zone  Zone
	Names Names
	// BBB asks servers above the size whether they are still there.
	BBB interface {
		Version(ctx context.Context, at pool.Endpoint) (string, error)
	}
	// BBBSecret is that of entries to be registered.
	BBBSecret pool.Secret
}

// callTimeout is the deadline of one outside call. Nobody's lease depends on it.
const callTimeout = 30 * time.Second

// lookParallel names and servers are asked for side by side.
const lookParallel = 20

// Look sees all that Setup plans with. Every list is complete, or there is an error.
func (s Services) Look(ctx context.Context, config Config) (Sight, error) {
	seen, err := s.lists(ctx)
	if err == nil {
		err = s.lookAtNames(ctx, config, &seen, config.Servers)
	}
	return seen, err
}

// LookAbove sees all that Removal plans with.
func (s Services) LookAbove(ctx context.Context, config Config) (Sight, error) {
	seen, err := s.lists(ctx)
	if err != nil {
		return Sight{}, err
	}
	var servers []pool.Server
	for _, number := range config.Above(seen) {
		servers = append(servers, config.server(number))
	}
	s.lookForAnswers(ctx, &seen, servers)
	err = s.lookAtNames(ctx, config, &seen, servers)
	return seen, err
}

func (s Services) lists(ctx context.Context) (seen Sight, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { seen.Addresses, err = s.Hoster.Addresses(ctx); return err })
	group.Go(func() (err error) { seen.Machines, err = s.Hoster.Machines(ctx); return err })
	group.Go(func() (err error) { seen.Entries, err = s.LoadBalancer.Entries(ctx); return err })
	err = group.Wait()
	return seen, err
}

// lookAtNames finds the records of servers, and where their domains lead.
func (s Services) lookAtNames(ctx context.Context, config Config, seen *Sight, servers []pool.Server) (err error) {
	seen.Leads = map[string]pool.Reading[[]netip.Addr]{}
	names := map[string]bool{}
	var lock sync.Mutex
	var group errgroup.Group // for its limit: nothing in it fails
	group.SetLimit(lookParallel)
	for _, server := range servers {
		for _, record := range config.recordsOf(server, make([]pool.Address, len(config.Families))) {
			names[record.Name] = true
		}
		group.Go(func() error {
			leads := pool.Read(s.leads(ctx, server.Domain))
			lock.Lock()
			defer lock.Unlock()
			seen.Leads[server.Domain] = leads
			return nil
		})
	}
	_ = group.Wait()
	if s.Zone == nil {
		return nil
	}
	seen.Records, err = s.Zone.Records(ctx, slices.Sorted(maps.Keys(names)))
	return err
}

// lookForAnswers finds out whether there is still a BBB behind a server's name.
func (s Services) lookForAnswers(ctx context.Context, seen *Sight, servers []pool.Server) {
	seen.Answers = map[string]bool{}
	var lock sync.Mutex
	var group errgroup.Group // for its limit: nothing in it fails
	group.SetLimit(lookParallel)
	for _, server := range servers {
		for _, entry := range seen.Entries {
			if entry.Host() != server.Domain {
				continue
			}
			group.Go(func() error {
				answers := s.answers(ctx, entry)
				lock.Lock()
				defer lock.Unlock()
				seen.Answers[server.Domain] = seen.Answers[server.Domain] || answers
				return nil
			})
		}
	}
	_ = group.Wait()
}

// answers tells whether there is a BBB at all.
func (s Services) answers(ctx context.Context, entry pool.Entry) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := s.BBB.Version(ctx, pool.Endpoint{URL: entry.URL})
	return err == nil
}

// leads asks where a domain leads, nowhere if the list is empty.
func (s Services) leads(ctx context.Context, domain string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.Names.Leads(ctx, domain)
}
