package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// A machine that never served holds nothing. It is deleted after neverServedFactor times
// the time that it may take to come, and after neverServedTime at the earliest; after
// crowdedFactor times its time if no other place is left.
const (
	neverServedFactor = 3
	neverServedTime   = 45 * time.Minute
	crowdedFactor     = 2
)

// deleteNeverServed plans to delete the machines that provably never served, in limits: of
// each evaluation's plan, and of the share of the pool that may be given up without the
// drain gate.
func (d *decision) deleteNeverServed() {
	allowed := max(1, d.config.Size*int(d.config.UnresponsiveMillionths)/million)
	for _, s := range d.servers {
		if !s.mayDelete() || !d.neverServed(s) {
			continue
		}
		if allowed == 0 {
			s.leftAlone = fact.New("it never served; no more machines than that are given up at once")
			continue
		}
		if !d.allow(Delete, s) {
			continue
		}
		allowed--
		s.intended = pool.Disabled
		d.do(Action{Kind: Delete, Server: s.Server.Number, Unanswered: true, DiscardRecordings: s.discardsRecordings(),
			Reason: fact.New("its machine was ordered %s ago and has never served", d.now.Sub(s.memory.Ordered))})
	}
}

// mayDelete reports whether the decision may delete the server's machine at all.
func (s *server) mayDelete() bool {
	return s.mayTouch() && s.machine != nil && !s.Server.BareMetal && !s.inDoubt && !s.ended && !s.planned
}

// neverServed reports whether the server's machine provably never served and has had its
// time: DiViMS created it, every evaluation since saw it silent and offline, and its
// figures never named a recording. A machine that is seen to boot, because anything on it
// answers, waits twice as long, and its figures must be there and name none.
func (d *decision) neverServed(s *server) bool {
	memory := s.memory
	if !memory.Watched || s.isOnline() || s.Meetings.Known() || memory.Ordered.IsZero() {
		return false
	}
	waits := max(neverServedFactor*d.timeOf(s), neverServedTime, 2*d.config.Interval)
	if d.noPlaceLeft[s.tag()] {
		waits = max(crowdedFactor*d.timeOf(s), 2*d.config.Interval)
	}
	if memory.BootSeen {
		stats, _ := s.Stats.Get()
		backlog, known := stats.Backlog.Get()
		if d.config.Recordings != RecordingsNone && (!known || total(backlog) > 0) {
			return false
		}
		waits *= 2
	}
	return d.now.Sub(memory.Ordered) >= waits
}
