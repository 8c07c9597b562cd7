package scaling

import (
	"time"

	"divims/internal/pool"
)

// Stage is how far a server is from taking meetings, by the evidence there is. A server is
// in the first stage that fits. Not knowing never makes it better.
type Stage string

// The stages.
const (
	// StageHeld: the server is in maintenance, or a person has cordoned or disabled it.
	StageHeld Stage = "held"
	// Serving: it is enabled, and Scalelite places meetings on it.
	Serving Stage = "serving"
	// Coming: it is enabled, and its machine is within the time that it may take to come.
	Coming Stage = "coming"
	// Late: it is enabled, neither serving nor coming, and no capacity.
	Late Stage = "late"
	// Unlisted: Scalelite has no entry for it, or one that cannot be read.
	Unlisted Stage = "unlisted"
	// Draining: it is cordoned or disabled and has a machine.
	Draining Stage = "draining"
	// Resting: it is cordoned or disabled and has no machine.
	Resting Stage = "resting"
)

// stageOf returns the stage of a server before the plan.
func (d *decision) stageOf(s *server) Stage {
	switch {
	case s.maintenance() || s.heldByHand():
		return StageHeld
	case s.entry == nil:
		return Unlisted
	case s.entry.State != pool.Enabled && s.hasNoMachine():
		return Resting
	case s.entry.State != pool.Enabled:
		return Draining
	case d.serves(s):
		return Serving
	case d.comes(s):
		return Coming
	}
	return Late
}

// serves reports whether an enabled server takes meetings. Scalelite's word decides,
// because Scalelite places the meetings, unless the hoster's list shows that there is no
// machine to take them, or the server is silent and Scalelite has had no load of it twice.
// While the poller's word is stale, a server must not be silent.
func (d *decision) serves(s *server) bool {
	switch {
	case !s.entry.Online || s.hasNoMachine() || s.isOff():
		return false
	case d.pollerStale:
		return !s.silent()
	}
	return !s.silent() || !d.twice(s.memory.Entry.UnavailableSince)
}

// comes reports whether an enabled server that does not serve is on its way: its machine
// is being created, started or booted, has never served since, and is within its time.
func (d *decision) comes(s *server) bool {
	switch {
	case d.unpolled(s) || !s.memory.Came.IsZero() && !s.memory.Served.IsZero():
		return false
	case s.hasNoMachine(), s.isOff():
		ordered := s.memory.Ordered
		return !ordered.IsZero() && d.now.Sub(ordered) <= d.timeOf(s) && !s.waits
	case s.machine == nil: // unknown
		return false
	}
	starts := s.machine.State == pool.Running || s.machine.State == pool.Starting
	return starts && !d.timeIsOver(s)
}

// hasNoMachine reports whether the server is known to have no machine.
func (s *server) hasNoMachine() bool { return s.Machine.Known() && s.machine == nil }

// isOff reports whether the server's machine is switched off or being so.
func (s *server) isOff() bool {
	switch s.machineState() {
	case pool.Stopped, pool.StoppedInPlace, pool.Stopping:
		return true
	}
	return false
}

// twice reports whether a condition that began at a time has been seen at two evaluations
// at least half an interval apart. A fault must be seen twice before anything is done to a
// server for it.
func (d *decision) twice(since time.Time) bool {
	return !since.IsZero() && d.now.Sub(since) >= d.config.Interval/2
}
