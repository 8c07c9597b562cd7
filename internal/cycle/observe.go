package cycle

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
)

// pastDays is how far back the schedule looks: an event may hold for 7 days
// after its end (mode step), and a day covers zones and summer time.
const pastDays = 8

// observe looks at everything, side by side, each call with its own deadline.
// What could not be seen is unknown, with the reason.
func (c *Cycle) observe(ctx context.Context, now time.Time) (seen pool.Observation, calendar []byte) {
	seen.At = now
	var group errgroup.Group
	group.Go(func() error {
		seen.Entries = call(ctx, c.Config.CallTimeout, "entries of Scalelite", c.Services.LoadBalancer.Entries)
		return nil
	})
	group.Go(func() error {
		seen.Machines = call(ctx, c.Config.CallTimeout, "machines at Scaleway", c.Services.Hoster.Machines)
		return nil
	})
	group.Go(func() error {
		seen.Image = call(ctx, c.Config.CallTimeout, "newest image", c.Services.Hoster.Image)
		return nil
	})
	group.Go(func() error {
		seen.Leftovers = call(ctx, c.Config.CallTimeout, "detached volumes", c.Services.Hoster.Leftovers)
		return nil
	})
	group.Go(func() error {
		seen.Calendar, calendar = c.observeCalendar(ctx, now)
		return nil
	})
	_ = group.Wait() // no part fails: it leaves its reading unknown
	seen.Servers = match(c.Config.Servers, seen.Entries, seen.Machines)
	c.observeServers(ctx, seen.Servers)
	return seen, calendar
}

// call asks an outside service within its own deadline.
func call[T any](ctx context.Context, timeout time.Duration, what string, ask func(context.Context) (T, error)) pool.Reading[T] {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, err := ask(ctx)
	if err != nil {
		return pool.Unknown[T](reason(what, err))
	}
	return pool.Seen(value)
}

func reason(what string, err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return what + ": no answer in time"
	}
	return what + ": " + err.Error()
}

// match finds the entry and the machine of each server. A server with two of
// either is not known well enough to touch it.
func match(servers []pool.Server, entries pool.Reading[[]pool.Entry], machines pool.Reading[[]pool.Machine]) []pool.ServerObservation {
	byDomain := index(entries, func(e pool.Entry) string { return host(e.URL) })
	byName := index(machines, func(m pool.Machine) string { return m.Name })
	list := make([]pool.ServerObservation, len(servers))
	for i, server := range servers {
		list[i] = pool.ServerObservation{
			Server:  server,
			Entry:   only(entries.Known(), entries.Reason(), byDomain[strings.ToLower(server.Domain)], "Scalelite has %d entries for "+server.Domain),
			Machine: only(machines.Known(), machines.Reason(), byName[server.Hostname], "%d machines bear the name "+server.Hostname),
		}
	}
	return list
}

func index[T any](list pool.Reading[[]T], key func(T) string) map[string][]*T {
	all, _ := list.Get()
	found := make(map[string][]*T, len(all))
	for i := range all {
		found[key(all[i])] = append(found[key(all[i])], &all[i])
	}
	return found
}

// only is the one thing that was found, nil when there is none, and unknown
// when the list is or when there are several.
func only[T any](known bool, why string, found []*T, several string) pool.Reading[*T] {
	switch {
	case !known:
		return pool.Unknown[*T](why)
	case len(found) > 1:
		return pool.Unknown[*T](fmt.Sprintf(several, len(found)))
	case len(found) == 0:
		return pool.Seen[*T](nil)
	}
	return pool.Seen(found[0])
}

// host is the host of an entry's URL, in lower case, with a port if it has one.
func host(entryURL string) string {
	parsed, err := url.Parse(entryURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(parsed.Host)
}

// observeServers asks the servers themselves. A slow one costs its own
// deadlines only.
func (c *Cycle) observeServers(ctx context.Context, servers []pool.ServerObservation) {
	var group errgroup.Group
	group.SetLimit(c.Config.ObserveParallel)
	for i := range servers {
		group.Go(func() error {
			c.observeServer(ctx, &servers[i])
			return nil
		})
	}
	_ = group.Wait()
}

// observeServer asks a server for its meetings and figures, and a draining one
// for its recordings: that call is slow where there are many.
func (c *Cycle) observeServer(ctx context.Context, s *pool.ServerObservation) {
	entry, _ := s.Entry.Get()
	machine, _ := s.Machine.Get()
	if why := cannotAsk(*s); why != "" {
		s.Meetings = pool.Unknown[[]pool.Meeting](why)
		s.Recordings = pool.Unknown[[]pool.Recording](why)
		s.Stats = pool.Unknown[pool.Stats](why)
		s.CertificateExpiry = pool.Unknown[time.Time](why)
		return
	}
	var group errgroup.Group
	group.Go(func() error {
		s.Stats = c.stats(ctx, s.Server)
		return nil
	})
	group.Go(func() error {
		c.askBBB(ctx, s, endpoint(entry), entry.State != pool.Enabled || machine == nil)
		return nil
	})
	_ = group.Wait()
}

// cannotAsk says why a server cannot be asked, or "".
func cannotAsk(s pool.ServerObservation) string {
	entry, _ := s.Entry.Get()
	if entry == nil {
		return "not asked: its entry, with address and secret, is not known"
	}
	if machine, known := s.Machine.Get(); known && (machine == nil || machine.State != pool.Running) {
		return "not asked: its machine does not run"
	}
	return ""
}

func endpoint(entry *pool.Entry) pool.Endpoint {
	return pool.Endpoint{URL: entry.URL, Secret: entry.Secret}
}

// askBBB asks for meetings and, when the server drains and BBB answers at all,
// for recordings.
func (c *Cycle) askBBB(ctx context.Context, s *pool.ServerObservation, at pool.Endpoint, draining bool) {
	conference := call(ctx, c.Config.CallTimeout, "meetings of "+s.Server.Domain, func(ctx context.Context) (pool.Conference, error) {
		return c.Services.Meetings.Meetings(ctx, at)
	})
	answer, ok := conference.Get()
	if !ok {
		s.Meetings = pool.Unknown[[]pool.Meeting](conference.Reason())
		s.CertificateExpiry = pool.Unknown[time.Time](conference.Reason())
		s.Recordings = pool.Unknown[[]pool.Recording](conference.Reason())
		return
	}
	s.Meetings, s.CertificateExpiry = pool.Seen(answer.Meetings), answer.CertificateExpiry
	if !draining {
		s.Recordings = pool.Unknown[[]pool.Recording]("not asked: the server does not drain")
		return
	}
	s.Recordings = c.recordings(ctx, s.Server, at)
}

func (c *Cycle) recordings(ctx context.Context, server pool.Server, at pool.Endpoint) pool.Reading[[]pool.Recording] {
	return call(ctx, c.Config.CallTimeout, "recordings of "+server.Domain, func(ctx context.Context) ([]pool.Recording, error) {
		return c.Services.Meetings.Recordings(ctx, at, pool.Processing, pool.Processed, pool.Published)
	})
}

// stats keeps what some endpoints said when others failed: each value that is
// missing is unknown in itself.
func (c *Cycle) stats(ctx context.Context, server pool.Server) pool.Reading[pool.Stats] {
	if c.Services.Stats == nil {
		return pool.Unknown[pool.Stats]("no stats endpoint is configured")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Config.CallTimeout)
	defer cancel()
	stats, err := c.Services.Stats.Stats(ctx, server)
	if err != nil {
		c.Log.DebugContext(ctx, "stats incomplete", "server", server.Number, "error", err)
	}
	return pool.Seen(stats)
}

// observeCalendar reads the schedule, and gives the copy that is to be stored
// from now on; nil when that did not change.
func (c *Cycle) observeCalendar(ctx context.Context, now time.Time) (pool.Reading[pool.Calendar], []byte) {
	if c.Services.Calendar == nil {
		return pool.Unknown[pool.Calendar]("none is configured"), nil
	}
	stored, err := c.Services.Store.LoadCalendar(ctx)
	if err != nil {
		c.Log.WarnContext(ctx, "stored calendar not read", "error", err)
	}
	from, to := now.AddDate(0, 0, -pastDays), now.Add(c.Config.Scaling.LeadTime()+24*time.Hour)
	calendar, keep, err := c.Services.Calendar.Events(ctx, from, to, stored)
	if err != nil {
		return pool.Unknown[pool.Calendar](reason("calendar", err)), nil
	}
	return pool.Seen(calendar), keep
}
