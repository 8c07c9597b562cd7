package setup

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
)

// Config is what the pool's settings say.
type Config struct {
	Servers []pool.Server
	// Tag is the pool's. Zones and Types of machines are the preferred ones first.
	Tag          string
	Zones, Types []string
	// Registers tells that evaluations register entries, BBBSecret with what.
	Registers bool
	BBBSecret pool.Secret
	// Records tells that the pool has recordings, so that draining needs the stats.
	Records bool
	// Certificates are warned of, and then an error, when they end within these times.
	CertificateWarning, CertificateAlert time.Duration
	// Interval is that of the evaluations.
	Interval time.Duration
	// CallTimeout is the deadline of each outside call, Parallel how many servers
	// are asked side by side.
	CallTimeout time.Duration
	Parallel    int
}

// Hoster is where the pool's machines and addresses are.
type Hoster interface {
	Machines(ctx context.Context) ([]pool.Machine, error)
	Addresses(ctx context.Context) ([]pool.Address, error)
	Leftovers(ctx context.Context) ([]pool.Volume, error)
	ImageIn(ctx context.Context, zone string) (pool.Image, error)
	// Offers gives Scaleway's words for how well commercial types can be had.
	Offers(ctx context.Context, zone string) (map[string]string, error)
	Quotas(ctx context.Context, types []string, zone string) (map[string]int, error)
	// Keep writes the tags of an address, which may be those that it has.
	Keep(ctx context.Context, address pool.Address, server pool.Server) error
}

// Services are what is looked at. Those that may be nil are not used by the pool.
type Services struct {
	Hoster       Hoster
	LoadBalancer interface {
		Entries(ctx context.Context) ([]pool.Entry, error)
	}
	Meetings interface {
		Meetings(ctx context.Context, at pool.Endpoint) (pool.Conference, error)
	}
	Stats   pool.StatsService // may be nil
	Storage interface {
		Try(ctx context.Context) error
		State(ctx context.Context) (pool.State, error)
	}
	Calendar pool.CalendarService // may be nil
	// Names tells where domains lead; nowhere is an empty list.
	Names interface {
		Leads(ctx context.Context, domain string) ([]netip.Addr, error)
	}
	// Zone reads DNS records where provision writes them; may be nil.
	Zone interface {
		Records(ctx context.Context, names []string) ([]pool.DNSRecord, error)
	}
	// UserData writes a server's next cloud-init document.
	UserData func(ctx context.Context, server pool.Server) ([]byte, error)
	// Clocks tell how far the clocks of outside services are ahead of ours.
	Clocks map[string]func(ctx context.Context) (time.Duration, error)
	// Health is what Scalelite says of itself.
	Health func(ctx context.Context) (string, error)
}

// sight is what was seen. The maps are by zone, domain or name.
type sight struct {
	entries   pool.Reading[[]pool.Entry]
	health    pool.Reading[string]
	machines  pool.Reading[[]pool.Machine]
	addresses pool.Reading[[]pool.Address]
	leftovers pool.Reading[[]pool.Volume]
	images    map[string]pool.Reading[pool.Image]
	offers    map[string]pool.Reading[map[string]string]
	quotas    pool.Reading[map[string]int]
	written   *pool.Reading[bool] // of the tags of an address; nil if there is none
	records   pool.Reading[[]pool.DNSRecord]
	tried     pool.Reading[bool] // of conditional writes
	state     pool.Reading[pool.State]
	calendar  pool.Reading[pool.Calendar]
	userData  pool.Reading[int] // its length
	clocks    map[string]pool.Reading[time.Duration]
	servers   []serverSight
}

// serverSight is what was seen of one server. Only those whose machine runs are asked.
type serverSight struct {
	pool.ServerObservation
	leads      pool.Reading[[]netip.Addr]
	asked      bool
	conference pool.Reading[pool.Conference]
	stats      pool.Reading[pool.Stats]
	// partial tells which of several stats endpoints failed.
	partial error
}

// Run looks at everything, side by side, and judges it. now is the pool's time.
func Run(ctx context.Context, now time.Time, config Config, services Services) Report {
	l := looking{Config: config, Services: services}
	j := judgement{Config: config, services: services, now: now, sight: l.look(ctx, now)}
	j.judge()
	return newReport(j.findings)
}

// looking is a look under way.
type looking struct {
	Config
	Services
	lock sync.Mutex // of the maps in the sight
}

// ask asks an outside service within its own deadline.
func ask[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error)) pool.Reading[T] {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, err := call(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return pool.Unknown[T](fmt.Sprintf("no answer within %s", timeout))
	}
	return pool.Read(value, err)
}

// try is ask for what has no answer but that it is done.
func try(ctx context.Context, timeout time.Duration, call func(context.Context) error) pool.Reading[bool] {
	return ask(ctx, timeout, func(ctx context.Context) (bool, error) { return true, call(ctx) })
}

// patience is how many times the usual deadline that has which takes several calls.
const patience = 5

func (l *looking) look(ctx context.Context, now time.Time) *sight {
	s := &sight{
		images: map[string]pool.Reading[pool.Image]{}, offers: map[string]pool.Reading[map[string]string]{},
		clocks: map[string]pool.Reading[time.Duration]{},
	}
	var all, lists sync.WaitGroup
	lists.Go(func() { s.entries = ask(ctx, l.CallTimeout, l.LoadBalancer.Entries) })
	lists.Go(func() { s.machines = ask(ctx, l.CallTimeout, l.Hoster.Machines) })
	lists.Go(func() { s.addresses = ask(ctx, l.CallTimeout, l.Hoster.Addresses) })
	all.Go(func() { s.health = ask(ctx, l.CallTimeout, l.Health) })
	all.Go(func() { s.leftovers = ask(ctx, l.CallTimeout, l.Hoster.Leftovers) })
	all.Go(func() { s.tried = try(ctx, patience*l.CallTimeout, l.Storage.Try) })
	all.Go(func() { s.state = ask(ctx, l.CallTimeout, l.Storage.State) })
	all.Go(func() { s.quotas = ask(ctx, l.CallTimeout, l.quotas) })
	all.Go(func() { s.userData = ask(ctx, l.CallTimeout, l.userData) })
	all.Go(func() { s.calendar = l.askCalendar(ctx, now) })
	all.Go(func() { s.records = l.askRecords(ctx) })
	for _, zone := range l.Zones {
		all.Go(func() { l.lookAtZone(ctx, s, zone) })
	}
	for name, clock := range l.Clocks {
		all.Go(func() {
			reading := ask(ctx, l.CallTimeout, clock)
			l.lock.Lock()
			defer l.lock.Unlock()
			s.clocks[name] = reading
		})
	}
	lists.Wait()
	s.written = l.writeTags(ctx, s.addresses)
	l.lookAtServers(ctx, s)
	all.Wait()
	return s
}

func (l *looking) quotas(ctx context.Context) (map[string]int, error) {
	return l.Hoster.Quotas(ctx, l.Types, l.Zones[0])
}

func (l *looking) userData(ctx context.Context) (int, error) {
	document, err := l.UserData(ctx, l.Servers[len(l.Servers)-1])
	return len(document), err
}

func (l *looking) askCalendar(ctx context.Context, now time.Time) pool.Reading[pool.Calendar] {
	if l.Calendar == nil {
		return pool.Unknown[pool.Calendar]("none is configured")
	}
	return ask(ctx, l.CallTimeout, func(ctx context.Context) (pool.Calendar, error) {
		calendar, _, err := l.Calendar.Events(ctx, now.AddDate(0, 0, -7), now.AddDate(0, 0, 7), nil)
		return calendar, err
	})
}

func (l *looking) askRecords(ctx context.Context) pool.Reading[[]pool.DNSRecord] {
	if l.Zone == nil {
		return pool.Unknown[[]pool.DNSRecord]("no provider is configured")
	}
	return ask(ctx, l.CallTimeout, func(ctx context.Context) ([]pool.DNSRecord, error) {
		return l.Zone.Records(ctx, []string{l.Servers[0].Domain})
	})
}

func (l *looking) lookAtZone(ctx context.Context, s *sight, zone string) {
	image := ask(ctx, l.CallTimeout, func(ctx context.Context) (pool.Image, error) { return l.Hoster.ImageIn(ctx, zone) })
	offers := ask(ctx, l.CallTimeout, func(ctx context.Context) (map[string]string, error) { return l.Hoster.Offers(ctx, zone) })
	l.lock.Lock()
	defer l.lock.Unlock()
	s.images[zone], s.offers[zone] = image, offers
}

// writeTags gives one of the pool's addresses the tags that it has: that shows
// whether the key may change anything, and changes nothing.
func (l *looking) writeTags(ctx context.Context, addresses pool.Reading[[]pool.Address]) *pool.Reading[bool] {
	all, _ := addresses.Get()
	for _, server := range l.Servers {
		for _, address := range pool.AddressesOf(all, l.Tag, server.Number) {
			written := try(ctx, l.CallTimeout, func(ctx context.Context) error { return l.Hoster.Keep(ctx, address, server) })
			return &written
		}
	}
	return nil
}

func (l *looking) lookAtServers(ctx context.Context, s *sight) {
	matched := pool.Match(l.Servers, s.entries, s.machines)
	s.servers = make([]serverSight, len(matched))
	var group errgroup.Group // for its limit: nothing in it fails
	group.SetLimit(l.Parallel)
	for i := range matched {
		group.Go(func() error {
			s.servers[i] = l.lookAtServer(ctx, matched[i])
			return nil
		})
	}
	_ = group.Wait()
}

func (l *looking) lookAtServer(ctx context.Context, observed pool.ServerObservation) serverSight {
	seen := serverSight{ServerObservation: observed}
	seen.leads = ask(ctx, l.CallTimeout, func(ctx context.Context) ([]netip.Addr, error) {
		return l.Names.Leads(ctx, observed.Server.Domain)
	})
	machine, _ := observed.Machine.Get()
	if machine == nil || machine.State != pool.Running {
		return seen
	}
	seen.asked = true
	if entry, _ := observed.Entry.Get(); entry != nil {
		seen.conference = ask(ctx, l.CallTimeout, func(ctx context.Context) (pool.Conference, error) {
			return l.Meetings.Meetings(ctx, pool.Endpoint{URL: entry.URL, Secret: entry.Secret})
		})
	}
	if l.Stats != nil {
		seen.stats = ask(ctx, l.CallTimeout, func(ctx context.Context) (pool.Stats, error) {
			var stats pool.Stats
			stats, seen.partial = l.Stats.Stats(ctx, observed.Server)
			return stats, nil
		})
	}
	return seen
}
