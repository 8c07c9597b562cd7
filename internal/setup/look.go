package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
)

// part asks outside services for one part of a Sight.
type part func(*look, context.Context)

// Parts selects what a look asks for.
type Parts struct {
	// lists and independent are asked for at once, dependent once the lists are
	// complete.
	lists, independent, dependent []part
}

var allLists = []part{(*look).entries, (*look).machines, (*look).addresses}

// What each command asks for.
var (
	ForCheck = Parts{
		lists: allLists,
		independent: []part{
			(*look).names, (*look).firstRecord, (*look).health, (*look).leftovers, (*look).images, (*look).equipment, (*look).offers, (*look).types, (*look).quotas,
			(*look).conditionalWrites, (*look).state, (*look).calendar, (*look).userData, (*look).clocks,
		},
		dependent: []part{(*look).tags, (*look).servers, (*look).lacking},
	}
	ForSetup   = Parts{lists: allLists, independent: []part{(*look).names, (*look).records}}
	ForRemoval = Parts{
		lists: allLists, independent: []part{(*look).state},
		dependent: []part{(*look).namesAbove, (*look).recordsAbove, (*look).versionsAbove},
	}
	// ForClients is for Clients.
	ForClients = Parts{lists: []part{(*look).machines, (*look).addresses}}
)

// look is one look at a pool.
type look struct {
	Config
	Services
	seen Sight
	lock sync.Mutex // protects the maps in seen
}

// Look asks the outside services for the given parts, in parallel. A part that cannot
// be read is unknown; the other parts are read all the same. now is the pool's time.
func Look(ctx context.Context, now time.Time, config Config, services Services, parts Parts) Sight {
	l := &look{Config: config, Services: services, seen: Sight{
		At: now, Resolved: map[string]pool.Reading[[]netip.Addr]{}, Versions: map[string]pool.Reading[string]{},
		Images: map[string]pool.Reading[pool.Image]{}, Offers: map[string]pool.Reading[map[string]string]{},
		Types:     map[string]pool.Reading[map[string]pool.MachineType]{},
		Equipment: map[string]pool.Reading[[]string]{},
		Clocks:    map[string]pool.Reading[*time.Duration]{},
	}}
	var lists, others sync.WaitGroup
	start := func(group *sync.WaitGroup, parts []part) {
		for _, ask := range parts {
			group.Go(func() { ask(l, ctx) })
		}
	}
	start(&lists, parts.lists)
	start(&others, parts.independent)
	lists.Wait()
	start(&others, parts.dependent)
	others.Wait()
	return l.seen
}

// ask makes one call with a deadline.
func ask[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error)) pool.Reading[T] {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, err := call(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return pool.Unknown[T](fmt.Sprintf("no answer within %s", timeout))
	}
	return pool.Read(value, err)
}

// try is ask for a call that returns nothing but an error.
func try(ctx context.Context, timeout time.Duration, call func(context.Context) error) pool.Reading[bool] {
	return ask(ctx, timeout, func(ctx context.Context) (bool, error) { return true, call(ctx) })
}

// askEach makes a call for each item, LookParallel at a time, and stores the answers.
func askEach[K comparable, T any](ctx context.Context, l *look, items []K, answers map[K]pool.Reading[T], call func(context.Context, K) (T, error)) {
	l.parallel(len(items), func(i int) {
		answer := ask(ctx, l.CallTimeout, func(ctx context.Context) (T, error) { return call(ctx, items[i]) })
		l.lock.Lock()
		defer l.lock.Unlock()
		answers[items[i]] = answer
	})
}

// parallel calls do for 0 to n-1, LookParallel at a time.
func (l *look) parallel(n int, do func(int)) {
	var group errgroup.Group // used for its limit: no call returns an error
	group.SetLimit(l.LookParallel)
	for i := range n {
		group.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = group.Wait()
}

func (l *look) entries(ctx context.Context) {
	l.seen.Entries = ask(ctx, l.CallTimeout, l.LoadBalancer.Entries)
}

func (l *look) machines(ctx context.Context) {
	l.seen.Machines = ask(ctx, l.CallTimeout, func(ctx context.Context) ([]pool.Machine, error) {
		return l.Hoster.Machines(ctx, nil)
	})
}

func (l *look) addresses(ctx context.Context) {
	l.seen.Addresses = ask(ctx, l.CallTimeout, l.Hoster.Addresses)
}

// names resolves the domains of the pool's servers, namesAbove the domains of servers
// above the pool's size.
func (l *look) names(ctx context.Context) { l.namesOf(ctx, l.Servers) }

func (l *look) namesAbove(ctx context.Context) { l.namesOf(ctx, l.above(&l.seen)) }

func (l *look) namesOf(ctx context.Context, servers []pool.Server) {
	domains := make([]string, len(servers))
	for i, server := range servers {
		domains[i] = server.Domain
	}
	askEach(ctx, l, domains, l.seen.Resolved, l.Names.Resolve)
}

// records reads the DNS records of the pool's servers, recordsAbove the records of servers
// above the pool's size.
func (l *look) records(ctx context.Context) { l.recordsOf(ctx, l.Servers) }

func (l *look) recordsAbove(ctx context.Context) { l.recordsOf(ctx, l.above(&l.seen)) }

func (l *look) recordsOf(ctx context.Context, servers []pool.Server) {
	names := map[string]bool{}
	for _, server := range servers {
		for _, record := range l.recordsFor(server, make([]pool.Address, len(l.Families))) {
			names[record.Name] = true
		}
	}
	l.recordsNamed(ctx, slices.Sorted(maps.Keys(names)))
}

// firstRecord reads the records of one name only, which shows whether the zone can
// be read.
func (l *look) firstRecord(ctx context.Context) { l.recordsNamed(ctx, []string{l.Servers[0].Domain}) }

// recordsNamed reads DNS records by name. Providers need at least one call for each
// name, so the deadline grows with the number of names.
func (l *look) recordsNamed(ctx context.Context, names []string) {
	if l.Zone == nil {
		return
	}
	timeout := l.CallTimeout * time.Duration(max(1, len(names)))
	l.seen.Records = ask(ctx, timeout, func(ctx context.Context) ([]pool.DNSRecord, error) { return l.Zone.Records(ctx, names) })
}

// versionsAbove asks whether a BBB answers at the entries of servers above the size.
func (l *look) versionsAbove(ctx context.Context) {
	var domains []string
	entries, _ := l.seen.Entries.Get()
	for _, server := range l.above(&l.seen) {
		if slices.ContainsFunc(entries, func(e pool.Entry) bool { return e.IsOf(server) }) {
			domains = append(domains, server.Domain)
		}
	}
	askEach(ctx, l, domains, l.seen.Versions, func(ctx context.Context, domain string) (_ string, err error) {
		for _, entry := range entries {
			if entry.Host() != domain {
				continue
			}
			version := ask(ctx, l.AnswerTimeout, func(ctx context.Context) (string, error) {
				return l.BBB.Version(ctx, pool.Endpoint{URL: entry.URL})
			})
			if text, known := version.Get(); known {
				return text, nil
			}
			err = errors.New(version.Reason())
		}
		return "", err
	})
}
