package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// server is one server with what the decision knows and plans about it.
type server struct {
	pool.ServerObservation
	memory pool.ServerMemory
	// entry and machine are nil if there is none, or if it is unknown. If one is
	// unknown, the health is Unseen.
	entry   *pool.Entry
	machine *pool.Machine
	// health is the judgement of the server, why its reason.
	health Health
	why    fact.Text
	// intended is the entry's state after the plan is carried out.
	intended pool.EntryState
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

func newServer(now time.Time, config Config, seen pool.Observation, observed pool.ServerObservation, state pool.State) *server {
	s := &server{ServerObservation: observed, memory: memoryOf(now, config, state, observed)}
	s.entry, _ = observed.Entry.Get()
	s.machine, _ = observed.Machine.Get()
	s.waits = observed.Machine.Known() && s.machine == nil && now.Before(s.memory.NotBefore)
	moving := s.machineState() == pool.Starting || s.machineState() == pool.Stopping
	s.stuck = moving && s.pastGrace(now, config)
	s.newest = newestImage(seen.Images, s.machine)
	s.health, s.why = judge(now, config, s)
	if s.entry != nil {
		s.intended = s.entry.State
	}
	return s
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
func (s *server) mayTouch() bool { return !s.maintenance() && s.health != Unseen && s.entry != nil }

// mayEnable reports whether the plan may enable the server. The plan never enables a
// server that it also cordons, or a server with an end-drain order.
func (s *server) mayEnable() bool {
	return s.mayTouch() && s.memory.EndDrain == nil && s.intended != pool.Enabled && s.intended == s.entry.State &&
		s.health != Unresponsive && s.machineState() != pool.Locked && (s.machine == nil || s.machine.Detail != pool.Preparing)
}

// counts reports whether the server counts as capacity: it is enabled, or will be by
// this plan, and nothing known keeps it from taking meetings now or soon.
func (s *server) counts() bool {
	return s.entry != nil && !s.maintenance() && s.intended == pool.Enabled && s.health != Unresponsive &&
		s.machineState() != pool.Locked && !s.waits && !s.stuck && !s.lost()
}

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
	return s.machineState() == pool.Running && s.entry.Online && s.Meetings.Known()
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

// givenUp reports whether an earlier evaluation already found the server unresponsive,
// and its entry is not enabled.
func (s *server) givenUp() bool {
	return s.memory.Health == string(Unresponsive) && s.entry != nil && s.entry.State != pool.Enabled
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

// started returns when the machine last began to start: the time from the hoster, or the
// time of a later reboot by DiViMS.
func (s *server) started() time.Time {
	if s.memory.Rebooted.After(s.machine.Since) {
		return s.memory.Rebooted
	}
	return s.machine.Since
}

// pastGrace reports whether the machine has had enough time to start, which is the larger
// of Grace and BootTime.
func (s *server) pastGrace(now time.Time, config Config) bool {
	return now.Sub(s.started()) > max(config.Grace, config.BootTime)
}

// silent reports whether BBB on a running machine was asked and did not answer.
func (s *server) silent() bool {
	return s.machineState() == pool.Running && s.entry != nil && !s.Meetings.Known()
}

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
