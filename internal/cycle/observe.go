package cycle

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// pastDays is how many days of past events are read from the calendar. In mode step
// an event is valid for up to 7 days after its end; one more day covers time zones and
// summer time.
const pastDays = 8

// observe asks all services in parallel, each call with its own deadline. What could
// not be read is unknown, with the reason. calendar is the new copy of the calendar to
// store; nil if the stored copy is up to date. zones are listed besides the configured
// ones.
func (c *Cycle) observe(ctx context.Context, now time.Time, zones []string) (seen pool.Observation, calendar []byte) {
	ctx, cancel := context.WithTimeout(ctx, share(c.Config.Timeout, observeShare))
	defer cancel()
	var all, lists sync.WaitGroup
	lists.Go(func() {
		seen.Entries = ask(ctx, c.listTimeout(), "entries of Scalelite", c.Services.LoadBalancer.Entries)
	})
	lists.Go(func() {
		seen.Machines, seen.UnreadZones = c.observeMachines(ctx, zones)
	})
	all.Go(func() {
		seen.Images = ask(ctx, c.Config.CallTimeout, "newest images", c.Services.Hoster.Images)
	})
	all.Go(func() {
		seen.Leftovers = ask(ctx, c.Config.CallTimeout, "detached volumes", func(ctx context.Context) ([]pool.Volume, error) {
			return c.Services.Hoster.Leftovers(ctx, zones)
		})
	})
	all.Go(func() { seen.Calendar, calendar = c.observeCalendar(ctx, now) })
	all.Go(func() {
		seen.History = ask(ctx, c.Config.CallTimeout, "history", func(ctx context.Context) ([]pool.Sample, error) {
			return c.Services.Store.Recent(ctx, now)
		})
	})
	lists.Wait()
	seen.Servers = pool.Match(c.Config.Servers, seen.Entries, seen.Machines, seen.UnreadZones)
	c.observeServers(ctx, now, &seen)
	all.Wait()
	return seen, calendar
}

// observeMachines lists the machines. If only some zones could be listed, it returns
// their machines, and why the others could not.
func (c *Cycle) observeMachines(ctx context.Context, zones []string) (machines pool.Reading[[]pool.Machine], unread map[string]string) {
	machines = ask(ctx, c.listTimeout(), "machines at Scaleway", func(ctx context.Context) ([]pool.Machine, error) {
		machines, err := c.Services.Hoster.Machines(ctx, zones)
		if partial, ok := errors.AsType[*pool.PartialError](err); ok {
			unread = partial.Unread
			return machines, nil
		}
		return machines, err
	})
	return machines, unread
}

// serversPerCall is how many servers' entries or machines are expected to be listed
// within one call timeout. A list of 1,000 machines has ten pages.
const serversPerCall = 1000

// listTimeout returns the timeout for a list of the whole pool: one call timeout, and
// another one for each full 1,000 servers.
func (c *Cycle) listTimeout() time.Duration {
	return c.Config.CallTimeout * time.Duration(1+len(c.Config.Servers)/serversPerCall)
}

// ask calls an outside service with a timeout. On an error the value is unknown, and its
// reason begins with what.
func ask[T any](ctx context.Context, timeout time.Duration, what string, call func(context.Context) (T, error)) pool.Reading[T] {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, err := call(ctx)
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

// observeServers asks all servers, at most ObserveParallel at once and as many slow ones.
// What another machine answered is unknown.
func (c *Cycle) observeServers(ctx context.Context, now time.Time, seen *pool.Observation) {
	from := make([]netip.Addr, len(seen.Servers))
	parallel := newSemaphore(c.Config.ObserveParallel, share(c.Config.CallTimeout, headStart))
	for i := range seen.Servers {
		parallel.run(func() { from[i] = c.observeServer(ctx, now, &seen.Servers[i]) })
	}
	parallel.wait()
	machines, _ := seen.Machines.Get()
	for i, why := range pool.Contradictions(seen.Servers, from, machines) {
		s := &seen.Servers[i]
		s.Machine = pool.Unknown[*pool.Machine](why)
		s.Meetings = pool.Unknown[[]pool.Meeting](why)
		s.Recordings = pool.Unknown[[]pool.Recording](why)
		s.Stats = pool.Unknown[pool.Stats](why)
	}
}

// headStart is the part of the call timeout after which stats are requested even if
// the meetings have not arrived. A server that takes longer counts as slow.
const headStart = 0.25

// observeServer asks a server for its meetings and then for its stats. It returns the
// address that answered. The same host usually serves both, and one after the other they
// share a connection, because opening one costs more than the data. Both share one call
// timeout, to limit the time for an unresponsive server. A draining server is also asked
// for its recordings, which is slow if there are many.
func (c *Cycle) observeServer(ctx context.Context, now time.Time, s *pool.ServerObservation) netip.Addr {
	if why := cannotAsk(*s); why != "" {
		s.Meetings = pool.Unknown[[]pool.Meeting](why)
		s.Recordings = pool.Unknown[[]pool.Recording](why)
		s.Stats = pool.Unknown[pool.Stats](why)
		s.CertificateExpiry = pool.Unknown[time.Time](why)
		return netip.Addr{}
	}
	entry, _ := s.Entry.Get()
	callCtx, cancel := context.WithTimeout(ctx, c.Config.CallTimeout)
	defer cancel()
	meetingsFirst, cancelFirst := context.WithTimeout(callCtx, share(c.Config.CallTimeout, headStart))
	meetingsDone := make(chan struct{})
	var answer pool.Conference
	var both sync.WaitGroup
	both.Go(func() {
		<-meetingsFirst.Done()
		s.Stats = c.askStats(callCtx, s.Server, func() time.Time {
			<-meetingsDone // within callCtx
			return clockOf(answer, now)
		})
	})
	both.Go(func() {
		answer = c.askMeetings(callCtx, now, s, entry)
		close(meetingsDone)
		cancelFirst()
		if entry.State == pool.Enabled {
			s.Recordings = pool.Unknown[[]pool.Recording]("not asked: the server is not draining")
			return
		}
		c.askRecordings(ctx, s, entry)
	})
	both.Wait()
	s.Alive = s.Alive || isAlive(s.Stats)
	if c.Config.Redirected {
		return netip.Addr{}
	}
	return answer.Address
}

// clockOf returns the time of a server's clock: the Date of its answer, or our own time if
// there is none.
func clockOf(answer pool.Conference, now time.Time) time.Time {
	if answer.Date.IsZero() {
		return now
	}
	return answer.Date
}

// isAlive reports whether stats show that their machine is alive.
func isAlive(stats pool.Reading[pool.Stats]) bool {
	seen, _ := stats.Get()
	return seen.Alive
}

// cannotAsk returns why a server cannot be asked, or "". A machine in a state that is
// unknown to us, or locked by the hoster, may well serve.
func cannotAsk(s pool.ServerObservation) string {
	entry, _ := s.Entry.Get()
	if entry == nil {
		return "not asked: its entry, with address and secret, is unknown"
	}
	if machine, known := s.Machine.Get(); known && !machine.MayAnswer() {
		return "not asked: its machine is not running"
	}
	return ""
}

func endpoint(entry *pool.Entry) pool.Endpoint {
	return pool.Endpoint{URL: entry.URL, Secret: entry.Secret}
}

// askMeetings sets a server's meetings, whether it is alive, and its certificate's expiry.
// It returns what else is known of the answer, be it an error.
func (c *Cycle) askMeetings(ctx context.Context, now time.Time, s *pool.ServerObservation, entry *pool.Entry) pool.Conference {
	var answer pool.Conference
	s.Meetings = ask(ctx, c.Config.CallTimeout, "meetings of "+s.Server.Domain, func(ctx context.Context) (_ []pool.Meeting, err error) {
		answer, err = c.Services.Meetings.Meetings(ctx, endpoint(entry))
		s.Alive = pool.IsAnswered(err)
		return answer.MeetingsAt(now), err
	})
	s.CertificateExpiry = answer.CertificateExpiry
	if !s.Meetings.Known() && !s.CertificateExpiry.Known() {
		s.CertificateExpiry = pool.Unknown[time.Time](s.Meetings.Reason())
	}
	return answer
}

// recordingsFactor multiplies the call timeout for the list of recordings, for which
// BBB reads every recording's files.
const recordingsFactor = 4

// askRecordings sets the recordings that can prevent a machine's deletion. BBB is not
// asked if it has just failed to list its meetings. If recordings are kept on shared
// storage, published ones are not requested: the list would have every recording ever
// made.
func (c *Cycle) askRecordings(ctx context.Context, s *pool.ServerObservation, entry *pool.Entry) {
	states := []pool.RecordingState{pool.Processing, pool.Processed, pool.Published}
	switch {
	case !s.Meetings.Known():
		s.Recordings = pool.Unknown[[]pool.Recording](s.Meetings.Reason())
		return
	case c.Config.Scaling.Recordings == scaling.RecordingsNone:
		s.Recordings = pool.Unknown[[]pool.Recording]("not asked: the pool does not record")
		return
	case c.Config.Scaling.Recordings == scaling.RecordingsKept:
		states = states[:2]
	}
	s.Recordings = ask(ctx, recordingsFactor*c.Config.CallTimeout, "recordings of "+s.Server.Domain, func(ctx context.Context) ([]pool.Recording, error) {
		return c.Services.Meetings.Recordings(ctx, endpoint(entry), states...)
	})
}

// askStats returns a server's stats. If some endpoints fail, the values of the others
// are kept, and the missing ones are unknown. clock returns the time of the server's clock.
func (c *Cycle) askStats(ctx context.Context, server pool.Server, clock func() time.Time) pool.Reading[pool.Stats] {
	if c.Services.Stats == nil {
		return pool.Unknown[pool.Stats]("no stats endpoint is configured")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Config.CallTimeout)
	defer cancel()
	stats, err := c.Services.Stats.Stats(ctx, server, clock)
	if err != nil {
		c.Log.DebugContext(ctx, "stats incomplete", "server", server.Number, "error", err)
		if !stats.Backlog.Known() {
			stats.Backlog = pool.Unknown[map[string]int](err.Error())
		}
	}
	return pool.Seen(stats)
}

// observeCalendar reads the calendar. It also returns the new copy to store; nil if the
// stored copy is up to date.
func (c *Cycle) observeCalendar(ctx context.Context, now time.Time) (pool.Reading[pool.Calendar], []byte) {
	if c.Services.Calendar == nil {
		return pool.Unknown[pool.Calendar]("none is configured"), nil
	}
	stored := ask(ctx, c.Config.CallTimeout, "stored calendar", c.Services.Store.LoadCalendar)
	if !stored.Known() {
		c.Log.WarnContext(ctx, "stored calendar not read", "reason", stored.Reason())
	}
	copied, _ := stored.Get()
	var keep []byte
	from, to := now.AddDate(0, 0, -pastDays), now.Add(c.Config.Scaling.LeadTime()+24*time.Hour)
	calendar := ask(ctx, c.Config.CallTimeout, "calendar", func(ctx context.Context) (calendar pool.Calendar, err error) {
		calendar, keep, err = c.Services.Calendar.Events(ctx, from, to, copied)
		return calendar, err
	})
	return calendar, keep
}
