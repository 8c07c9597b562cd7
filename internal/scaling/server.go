package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// server is one server with what the decision knows and plans about it.
type server struct {
	*pool.ServerObservation
	memory pool.ServerMemory
	// entry and machine are nil if there is none, or if it is unknown. If one is
	// unknown, the health is Unseen.
	entry   *pool.Entry
	machine *pool.Machine
	// health is the judgement of the server, why its reason.
	health Health
	why    fact.Text
	// fault is what is wrong with a server that malfunctions, the same text for all
	// servers with the same fault.
	fault string
	// stage is the stage of the server before the plan.
	stage Stage
	// intended is the entry's state after the plan is carried out, and planned is set if
	// the plan enables the server, or starts its machine, so that it will be coming.
	intended pool.EntryState
	planned  bool
	// inDoubt is set if nothing may be done to the server because of a doubt.
	inDoubt bool
	// ended is set if the plan reboots or deletes the machine. A plan does that once.
	ended bool
	// explained is set if an alert about several servers names this one. It gets none of
	// its own for the same cause.
	explained bool
	// cameNow is set if the machine came at this evaluation, servesFirst if the server
	// serves for the first time since its machine was ordered.
	cameNow, servesFirst bool
	// empty is set if the server runs and its drain gate is open.
	empty bool
	// newest is the newest image in the zone of the machine. It is nil if there is no
	// machine, or the image is unknown.
	newest *pool.Image
	// leftAlone is the reason why nothing is done with a server that was a
	// candidate for an action.
	leftAlone fact.Text
	// waits is set if the machine could not be created, and the next try is later.
	waits bool
	// stuck is set if the machine has been starting or stopping for too long.
	stuck bool
}

// lookAt fills in a server with what was seen and what is remembered of it. Its stage and
// health are not known yet.
func (d *decision) lookAt(s *server, observed *pool.ServerObservation) {
	s.ServerObservation, s.memory = observed, d.state.Memory(observed.Server.Number)
	if d.hasNone(s) {
		none := *observed
		none.Machine = pool.Seen[*pool.Machine](nil)
		s.ServerObservation = &none
	}
	d.updateMemory(s)
	s.entry, _ = s.Entry.Get()
	s.machine, _ = s.Machine.Get()
	s.newest = newestImage(d.seen.Images, s.machine)
	if s.entry != nil {
		s.intended = s.entry.State
	}
	d.sawMachine(s)
	d.sawEntry(s)
	d.sawMeetings(s)
	s.waits = (s.hasNoMachine() || s.isOff()) && d.now.Before(s.memory.NotBefore)
	moving := s.machineState() == pool.Starting || s.machineState() == pool.Stopping
	s.stuck = moving && d.now.Sub(s.memory.StateSince) > d.timeOf(s)
}

// hasNone reports whether a server whose machine may be in a zone that could not be read has
// none nevertheless: by what is remembered its address is in a zone that was read, or there
// was none in the last complete list and nothing was done about it since.
func (d *decision) hasNone(s *server) bool {
	if !s.MayBeUnread {
		return false
	}
	_, unread := d.seen.UnreadZones[s.memory.Zone]
	elsewhere := s.memory.Zone != "" && !unread
	return elsewhere || s.memory.Absent && d.state.TakenOver == ""
}

// newestImage returns the newest image in the machine's zone, or nil.
func newestImage(seen pool.Reading[[]pool.Image], machine *pool.Machine) *pool.Image {
	images, _ := seen.Get()
	for i := range images {
		if machine != nil && images[i].Zone == machine.Zone {
			return &images[i]
		}
	}
	return nil
}

func (s *server) maintenance() bool { return s.memory.Maintenance != nil }

// mayTouch reports whether the decision may do anything with the server.
func (s *server) mayTouch() bool {
	return !s.maintenance() && !s.heldByHand() && s.health != Unseen && s.entry != nil
}

// protected reports whether nothing may be done to the server because of a doubt. An order
// that names the server stands over that.
func (s *server) protected() bool {
	return s.inDoubt && s.memory.EndDrain == nil && s.memory.Recycle == nil
}

// mayEnable reports whether the plan may enable the server. The plan never enables a
// server that it also cordons, or a server with an end-drain order.
func (s *server) mayEnable() bool {
	return s.mayTouch() && s.memory.EndDrain == nil && s.intended != pool.Enabled && s.intended == s.entry.State &&
		s.health != Unresponsive && s.machineKnown() && (s.machine == nil || s.machine.Detail != pool.Preparing)
}

// machineKnown reports whether the server has no machine, or one in a state that leads to a
// machine that runs.
func (s *server) machineKnown() bool {
	switch s.machineState() {
	case "", pool.Running, pool.Starting, pool.Stopping, pool.Stopped, pool.StoppedInPlace:
		return true
	}
	return false
}

// counts reports whether the server counts as capacity: it serves or is coming, or will be
// by this plan.
func (s *server) counts() bool {
	return s.intended == pool.Enabled && (s.stage == Serving || s.stage == Coming || s.planned)
}

// serving reports whether the server took meetings before the plan.
func (s *server) serving() bool { return s.stage == Serving }

// lost reports whether the server is bare metal that the hoster does not list. DiViMS
// cannot create its machine.
func (s *server) lost() bool {
	return s.Server.BareMetal && s.Machine.Known() && s.machine == nil
}

// online reports whether the server counts and takes meetings now.
func (s *server) online() bool { return s.counts() && s.up() }

// up reports whether the server would take meetings at Scalelite's next poll if it were
// enabled now.
func (s *server) up() bool {
	return s.machineState() == pool.Running && s.isOnline() && s.Meetings.Known()
}

// ready reports whether the server is healthy, its machine runs, and it could be
// enabled now.
func (s *server) ready() bool {
	return s.mayEnable() && s.health == Healthy && s.machineState() == pool.Running
}

// draining reports whether the server has a machine and its entry is not enabled, and
// will not be by this plan.
func (s *server) draining() bool {
	return s.machine != nil && s.entry != nil && s.entry.State != pool.Enabled && s.intended != pool.Enabled
}

// discardsRecordings reports whether an operator allowed deleting the machine with its
// recordings.
func (s *server) discardsRecordings() bool {
	return s.memory.EndDrain != nil && s.memory.EndDrain.DiscardRecordings
}

// meetings returns the number of meetings, or the last known number.
func (s *server) meetings() int {
	if meetings, ok := s.Meetings.Get(); ok {
		return len(meetings)
	}
	return s.memory.Meetings
}

// participants returns the number of participants, or the last known number.
func (s *server) participants() int {
	if meetings, ok := s.Meetings.Get(); ok {
		return pool.Participants(meetings)
	}
	return s.memory.Participants
}

// machineState returns the state of the machine, or "" without one.
func (s *server) machineState() pool.MachineState {
	if s.machine == nil {
		return ""
	}
	return s.machine.State
}

// recording reports whether the server is known to have a recording backlog.
func (s *server) recording() bool {
	stats, _ := s.Stats.Get()
	backlog, _ := stats.Backlog.Get()
	return total(backlog) > 0
}

// statsNewerThan reports whether the server wrote its stats after a time.
func (s *server) statsNewerThan(now, since time.Time) bool {
	stats, _ := s.Stats.Get()
	age, ok := stats.Age.Get()
	return ok && now.Add(-age).After(since)
}

// uptime returns the uptime from the stats or, without it, the time since the machine
// started. For bare metal without stats it is 0, because the hoster does not say when
// the machine started.
func (s *server) uptime(now time.Time) time.Duration {
	if stats, ok := s.Stats.Get(); ok {
		if uptime, ok := stats.Uptime.Get(); ok {
			return uptime
		}
	}
	if s.Server.BareMetal {
		return 0
	}
	return now.Sub(s.started())
}

// asked reports whether the server was asked for its meetings: it has an entry, and its
// machine runs, or is in a state that says nothing about that.
func (s *server) asked() bool {
	switch s.machineState() {
	case "", pool.Starting, pool.Stopping, pool.Stopped, pool.StoppedInPlace:
		return s.entry != nil && !s.Machine.Known()
	}
	return s.entry != nil
}

// silent reports whether the server was asked and nobody answered, not even with an error.
func (s *server) silent() bool { return s.asked() && !s.Meetings.Known() && !s.Alive }

// describe returns a few words on the server's condition, for the reasons of actions.
func (s *server) describe() fact.Text {
	switch {
	case s.machine == nil:
		return fact.New("it has no machine")
	case s.machine.State != pool.Running:
		return fact.New("its machine is %s", s.machine.State)
	case len(s.machine.Maintenances) > 0:
		return fact.New("its machine has a planned maintenance on %s", s.machine.Maintenances[0].Start)
	case s.health != Healthy:
		return fact.New("it is %s", s.health)
	case !s.Meetings.Known():
		return fact.New("it starts")
	}
	return fact.New("it runs with %s and %s", fact.Count(s.meetings(), "meeting"), fact.Count(s.participants(), "participant"))
}
