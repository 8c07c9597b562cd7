package scaling

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// What an evaluation sees is added to the memory of each server before anything is decided,
// so that a condition that is seen for the second time is known as such.

// sawMachine updates the memory with the sight of the server's machine: since when it has
// been there and in its state, whether it is switched off, and whether it has come. The
// hoster's date counts only if nothing is remembered, because every edit of the machine
// moves it.
func (d *decision) sawMachine(s *server) {
	memory := &s.memory
	switch {
	case s.Machine.Known():
		memory.Absent = s.machine == nil
	case d.state.TakenOver != "":
		memory.Absent = false // the evaluation that did not finish may have created one
	}
	if s.machine == nil {
		return
	}
	memory.Zone = s.machine.Zone
	began := d.now
	if d.state.LastEvaluation.IsZero() || d.knewMachine(s) {
		began = s.machine.Since // the first evaluation, or a state of an earlier version
	}
	memory.FirstSeen = since(began, true, memory.FirstSeen)
	switch memory.State {
	case s.machine.State:
	case "":
		memory.StateSince = began
	default:
		memory.StateSince = d.now
	}
	memory.State = s.machine.State
	off := s.machine.State == pool.Stopped || s.machine.State == pool.StoppedInPlace
	if !off && !memory.Stopped.IsZero() && memory.Ordered.Before(memory.Stopped) {
		memory.FirstSeen = d.now // somebody else has started it
		memory.Came = time.Time{}
	}
	memory.Stopped = since(d.now, off, memory.Stopped)
	if s.Meetings.Known() || s.Alive {
		memory.BootSeen = true
	}
	if memory.Came.IsZero() && s.machineState() == pool.Running && (s.Meetings.Known() || s.isOnline()) {
		memory.Came, s.cameNow = d.now, true
	}
}

// knewMachine reports whether the state knew the server's machine already.
func (d *decision) knewMachine(s *server) bool {
	memory := d.state.Servers[s.Server.Number]
	return memory != nil && memory.MachineID == s.machine.ID
}

// isOnline reports whether Scalelite calls the server online.
func (s *server) isOnline() bool { return s.entry != nil && s.entry.Online }

// sawEntry updates the memory with the sight of the server's entry: since when it has been
// missing, when Scalelite's flag changed, and when DiViMS itself saw the server come up or
// fall silent.
func (d *decision) sawEntry(s *server) {
	memory := &s.memory.Entry
	if !s.Entry.Known() {
		return
	}
	memory.MissingSince = since(d.now, s.entry == nil, memory.MissingSince)
	if s.entry == nil {
		return
	}
	same := memory.ID == s.entry.ID
	if !same {
		*memory = pool.EntryMemory{ID: s.entry.ID, Online: s.entry.Online, Answered: s.Meetings.Known(), EnabledAs: memory.EnabledAs, Registered: memory.Registered}
	}
	load, known := s.entry.Load.Get()
	before, knownBefore := memory.Load.Get()
	if same && (memory.Online != s.entry.Online || known && knownBefore && load < before) {
		d.doubt.PollerMoved = d.now
	}
	if memory.Online != s.entry.Online {
		memory.Online, memory.OnlineAt = s.entry.Online, d.now
	}
	memory.Load = s.entry.Load
	memory.UnavailableSince = since(d.now, !known, memory.UnavailableSince)
	if asked := s.machineState() == pool.Running; asked && memory.Answered != s.Meetings.Known() && (s.Meetings.Known() || s.silent()) {
		memory.Answered, memory.AnsweredAt = s.Meetings.Known(), d.now
	}
}

// sawMeetings updates the memory with the sight of the server's meetings: its load, and
// since when it has been silent or its load unknown. Of a draining server it remembers when
// each meeting was first seen.
func (d *decision) sawMeetings(s *server) {
	memory := &s.memory
	meetings, known := s.Meetings.Get()
	memory.SilentSince = since(d.now, s.silent(), memory.SilentSince)
	memory.UnknownSince = since(d.now, d.loadUnknown(s), memory.UnknownSince)
	memory.Watched = memory.Watched && !memory.Recordings && s.entry != nil && s.Machine.Known() && !known && !s.isOnline()
	if stats, ok := s.Stats.Get(); ok {
		d.sawStats(s, stats)
	}
	if !known {
		return
	}
	memory.Participants, memory.Meetings, memory.LoadSeen = pool.Participants(meetings), len(meetings), d.now
	if s.entry == nil {
		return
	}
	memory.DrainingSince = since(d.now, s.machine != nil && s.entry.State != pool.Enabled, memory.DrainingSince)
	if s.entry.State == pool.Enabled {
		memory.Seen = nil
		return
	}
	seen := make(map[string]time.Time, len(meetings))
	for _, m := range meetings {
		seen[m.InternalID] = since(d.now, true, memory.Seen[m.InternalID])
	}
	memory.Seen = seen
}

// sawStats updates the memory with the server's figures.
func (d *decision) sawStats(s *server, stats pool.Stats) {
	backlog, knowsBacklog := stats.Backlog.Get()
	failed, knowsFailed := stats.Failed.Get()
	if knowsBacklog && knowsFailed || total(backlog)+total(failed) > 0 {
		s.memory.Recordings = total(backlog)+total(failed) > 0
		s.memory.Watched = s.memory.Watched && !s.memory.Recordings
	}
	if knowsBacklog {
		s.memory.BacklogSince = since(d.now, total(backlog) > 0, s.memory.BacklogSince)
	}
	if counters, ok := stats.Network.Get(); ok {
		s.memory.Network, s.memory.NetworkAt = &counters, d.now
	}
}

// sawFault updates the memory of since when the server has had its fault.
func (d *decision) sawFault(s *server) {
	if s.health == Unseen {
		return
	}
	if s.fault != s.memory.Fault {
		s.memory.Fault, s.memory.FaultSince = s.fault, time.Time{}
	}
	s.memory.FaultSince = since(d.now, s.fault != "", s.memory.FaultSince)
	if s.memory.Health != string(s.health) {
		s.memory.Health, s.memory.HealthSince = string(s.health), d.now
	}
}

// latest returns the latest of some times.
func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// since returns when a condition began that holds now, or zero if it does not hold.
func since(now time.Time, holds bool, before time.Time) time.Time {
	if !holds {
		return time.Time{}
	}
	if before.IsZero() {
		return now
	}
	return before
}
