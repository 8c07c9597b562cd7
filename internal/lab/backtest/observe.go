package backtest

import (
	"sort"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// observe is what an evaluation sees of the world: what cycle would ask for over
// the network, and no more.
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
	seen.Servers = pool.Match(r.servers, seen.Entries, seen.Machines)
	for i := range seen.Servers {
		r.observeServer(&seen.Servers[i])
	}
	return seen
}

// leftovers are the volumes that deleted machines left behind.
func (r *run) leftovers() []pool.Volume {
	var detached []pool.Volume
	for _, volume := range r.world.Volumes() {
		if !volume.Attached {
			detached = append(detached, volume)
		}
	}
	return detached
}

// remembered is the part of the history that the storage would hand out.
func (r *run) remembered(now time.Time) []pool.Sample {
	monday := now.AddDate(0, 0, -((int(now.Weekday()) + 6) % 7)).Truncate(24 * time.Hour)
	from := monday.AddDate(0, 0, -7*pool.HistoryWeeks)
	first := sort.Search(len(r.history), func(i int) bool { return !r.history[i].At.Before(from) })
	return r.history[first:len(r.history):len(r.history)]
}

// foresight is how far the oracle sees: farther than the forecast looks for its decision.
const foresight = 4 * time.Hour

// ahead is the truth about the time after now; nil without an oracle.
func (r *run) ahead(now time.Time) []pool.Sample {
	if len(r.future) == 0 {
		return nil
	}
	first := min(int(now.Sub(r.future[0].At)/time.Minute)+1, len(r.future))
	last := min(first+int(foresight/time.Minute), len(r.future))
	return r.future[first:last:last]
}

// Why a server was not asked.
const (
	off     = "not asked: its machine does not run"
	enabled = "not asked: the server does not drain"
)

// observeServer asks a server whose machine runs.
func (r *run) observeServer(s *pool.ServerObservation) {
	s.CertificateExpiry = pool.Unknown[time.Time]("the model has no certificates")
	if machine, known := s.Machine.Get(); known && (machine == nil || machine.State != pool.Running) {
		s.Meetings = pool.Unknown[[]pool.Meeting](off)
		s.Recordings = pool.Unknown[[]pool.Recording](off)
		s.Stats = pool.Unknown[pool.Stats](off)
		return
	}
	s.Meetings = pool.Read(r.world.Meetings(s.Server.Domain))
	s.Stats = r.stats(s.Server.Domain)
	s.Recordings = r.recordings(*s)
}

// stats are complete or, before the machine's system is up, all unknown.
func (r *run) stats(domain string) pool.Reading[pool.Stats] {
	stats, err := r.world.Stats(domain)
	if err != nil {
		stats.Backlog = pool.Unknown[map[string]int](err.Error())
	}
	return pool.Seen(stats)
}

// recordings are asked for on draining servers only, and those that can keep a
// machine.
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
