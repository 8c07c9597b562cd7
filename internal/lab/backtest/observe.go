package backtest

import (
	"sort"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// observe returns what an evaluation sees of the world. It reads no more than cycle reads
// over the network.
func (r *run) observe(now time.Time) pool.Observation {
	seen := pool.Observation{
		Entries:   pool.Seen(r.world.Entries()),
		Machines:  pool.Seen(r.world.Machines()),
		Images:    pool.Seen(r.world.Images()),
		Leftovers: pool.Seen(r.leftovers()),
		Calendar:  r.Calendar,
		History:   pool.Seen(r.remembered(now)),
		Future:    r.ahead(now),
	}
	seen.Servers = pool.Match(r.servers, seen.Entries, seen.Machines, nil)
	for i := range seen.Servers {
		r.observeServer(&seen.Servers[i])
	}
	return seen
}

// leftovers returns the volumes that deleted machines left behind.
func (r *run) leftovers() []pool.Volume {
	var detached []pool.Volume
	for _, volume := range r.world.Volumes() {
		if !volume.Attached {
			detached = append(detached, volume)
		}
	}
	return detached
}

// remembered returns the part of the history that storage keeps: this week and the
// pool.HistoryWeeks before it.
func (r *run) remembered(now time.Time) []pool.Sample {
	monday := now.AddDate(0, 0, -((int(now.Weekday()) + 6) % 7)).Truncate(24 * time.Hour)
	from := monday.AddDate(0, 0, -7*pool.HistoryWeeks)
	first := sort.Search(len(r.history), func(i int) bool { return !r.history[i].At.Before(from) })
	return r.history[first:len(r.history):len(r.history)]
}

// oracleHorizon is how far the oracle sees. The forecast does not look as far ahead.
const oracleHorizon = 4 * time.Hour

// ahead returns the true samples after now, or nil if the policies have no oracle.
func (r *run) ahead(now time.Time) []pool.Sample {
	if len(r.future) == 0 {
		return nil
	}
	first := min(int(now.Sub(r.future[0].At)/time.Minute)+1, len(r.future))
	last := min(first+int(oracleHorizon/time.Minute), len(r.future))
	return r.future[first:last:last]
}

// Reasons why a server was not asked.
const (
	off     = "not asked: its machine does not run"
	enabled = "not asked: the server does not drain"
)

// observeServer reads the meetings, stats and recordings of a server. They are unknown
// if the machine does not run.
func (r *run) observeServer(s *pool.ServerObservation) {
	s.CertificateExpiry = pool.Unknown[time.Time]("the model has no certificates")
	if machine, known := s.Machine.Get(); known && !machine.MayAnswer() {
		s.Meetings = pool.Unknown[[]pool.Meeting](off)
		s.Recordings = pool.Unknown[[]pool.Recording](off)
		s.Stats = pool.Unknown[pool.Stats](off)
		return
	}
	s.Meetings = pool.Read(r.world.Meetings(s.Server.Domain))
	s.Stats = r.stats(s.Server.Domain)
	s.Alive = r.isAlive(s.Server.Domain)
	s.Recordings = r.recordings(*s)
}

// isAlive reports whether anything answers at a domain, be it with an error.
func (r *run) isAlive(domain string) bool {
	contact, err := r.world.Contact(domain)
	_, noStats := r.world.Stats(domain)
	return err == nil && contact <= world.Fails || noStats == nil
}

// stats returns the figures of a server. All are unknown before its system is up.
func (r *run) stats(domain string) pool.Reading[pool.Stats] {
	stats, err := r.world.Stats(domain)
	if err != nil {
		stats.Backlog = pool.Unknown[map[string]int](err.Error())
	}
	return pool.Seen(stats)
}

// recordings returns a server's recordings. Only draining servers are asked. Published
// recordings are left out unless the pool ships recordings.
func (r *run) recordings(s pool.ServerObservation) pool.Reading[[]pool.Recording] {
	entry, _ := s.Entry.Get()
	switch {
	case entry == nil || entry.State == pool.Enabled:
		return pool.Unknown[[]pool.Recording](enabled)
	case r.Scaling.Recordings == scaling.RecordingsNone:
		return pool.Unknown[[]pool.Recording]("not asked: the pool does not record")
	}
	all, err := r.world.Recordings(s.Server.Domain)
	if err != nil || r.Scaling.Recordings == scaling.RecordingsShipped {
		return pool.Read(all, err)
	}
	var inWork []pool.Recording
	for _, recording := range all {
		if recording.State != pool.Published {
			inWork = append(inWork, recording)
		}
	}
	return pool.Seen(inWork)
}
