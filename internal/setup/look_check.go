package setup

import (
	"context"
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
)

// The parts of a look that only check needs.

func (l *look) health(ctx context.Context) { l.seen.Health = ask(ctx, l.CallTimeout, l.Health) }

func (l *look) leftovers(ctx context.Context) {
	l.seen.Leftovers = ask(ctx, l.CallTimeout, func(ctx context.Context) ([]pool.Volume, error) {
		return l.Hoster.Leftovers(ctx, nil)
	})
}

func (l *look) images(ctx context.Context) {
	askEach(ctx, l, l.Zones, l.seen.Images, l.Hoster.ImageIn)
}

func (l *look) equipment(ctx context.Context) {
	askEach(ctx, l, l.Zones, l.seen.Equipment, l.Hoster.Equipment)
}

func (l *look) lacking(ctx context.Context) {
	machines, _ := l.seen.Machines.Get()
	l.seen.Lacking = ask(ctx, l.CallTimeout, func(ctx context.Context) (map[string][]string, error) {
		return l.Hoster.Lacking(ctx, machines)
	})
}

func (l *look) offers(ctx context.Context) {
	askEach(ctx, l, l.Zones, l.seen.Offers, l.Hoster.Offers)
}

func (l *look) types(ctx context.Context) {
	askEach(ctx, l, l.Zones, l.seen.Types, l.Hoster.Types)
}

func (l *look) quotas(ctx context.Context) {
	l.seen.Quotas = ask(ctx, l.CallTimeout, func(ctx context.Context) (map[string]int, error) {
		return l.Hoster.Quotas(ctx, l.Types, l.Zones[0])
	})
}

// writesFactor multiplies the call timeout for Storage.Try, which makes several calls.
const writesFactor = 5

func (l *look) conditionalWrites(ctx context.Context) {
	l.seen.ConditionalWrites = try(ctx, writesFactor*l.CallTimeout, l.Storage.Try)
}

func (l *look) state(ctx context.Context) {
	l.seen.State = ask(ctx, l.CallTimeout, l.Storage.State)
}

// calendar reads the events from a week before to a week after the look.
func (l *look) calendar(ctx context.Context) {
	if l.Calendar == nil {
		return
	}
	l.seen.Calendar = ask(ctx, l.CallTimeout, func(ctx context.Context) (pool.Calendar, error) {
		calendar, _, err := l.Calendar.Events(ctx, l.seen.At.AddDate(0, 0, -7), l.seen.At.AddDate(0, 0, 7), nil)
		return calendar, err
	})
}

// userData makes the document of the last server: bare metal servers, which come
// first, need none.
func (l *look) userData(ctx context.Context) {
	l.seen.UserData = ask(ctx, l.CallTimeout, func(ctx context.Context) (int, error) {
		document, err := l.UserData(ctx, l.Servers[len(l.Servers)-1])
		return len(document), err
	})
}

func (l *look) clocks(ctx context.Context) {
	askEach(ctx, l, slices.Collect(maps.Keys(l.Clocks)), l.seen.Clocks, func(ctx context.Context, name string) (*time.Duration, error) {
		return l.Clocks[name](ctx)
	})
}

// tags writes the tags of one of the pool's addresses as they are. That changes
// nothing, and shows whether the API key may change anything.
func (l *look) tags(ctx context.Context) {
	all, _ := l.seen.Addresses.Get()
	for _, server := range l.Servers {
		for _, address := range pool.AddressesOf(all, l.Tag, server.Number) {
			written := try(ctx, l.CallTimeout, func(ctx context.Context) error { return l.Hoster.Keep(ctx, address, server) })
			l.seen.TagsWritten = &written
			return
		}
	}
}

// servers asks the servers whose machine runs for their meetings and stats.
func (l *look) servers(ctx context.Context) {
	matched := pool.Match(l.Servers, l.seen.Entries, l.seen.Machines, nil)
	l.seen.Servers = make([]ServerSight, len(matched))
	l.parallel(len(matched), func(i int) {
		l.seen.Servers[i] = l.server(ctx, matched[i])
	})
}

func (l *look) server(ctx context.Context, observed pool.ServerObservation) ServerSight {
	seen := ServerSight{ServerObservation: observed}
	machine, _ := observed.Machine.Get()
	if machine == nil || machine.State != pool.Running {
		return seen
	}
	seen.Asked = true
	clock := l.seen.At
	if entry, _ := observed.Entry.Get(); entry != nil {
		began := time.Now()
		conference := ask(ctx, l.CallTimeout, func(ctx context.Context) (pool.Conference, error) {
			return l.BBB.Meetings(ctx, pool.Endpoint{URL: entry.URL, Secret: entry.Secret})
		})
		seen.Took = time.Since(began)
		if answer, known := conference.Get(); known {
			seen.Meetings, seen.CertificateExpiry = pool.Seen(answer.Meetings), answer.CertificateExpiry
			if !answer.Date.IsZero() {
				clock = answer.Date
			}
		} else {
			seen.Meetings = pool.Unknown[[]pool.Meeting](conference.Reason())
		}
	}
	if l.Stats != nil {
		seen.Stats = ask(ctx, l.CallTimeout, func(ctx context.Context) (pool.Stats, error) {
			var stats pool.Stats
			stats, seen.StatsError = l.Stats.Stats(ctx, observed.Server, func() time.Time { return clock })
			return stats, nil
		})
	}
	return seen
}
