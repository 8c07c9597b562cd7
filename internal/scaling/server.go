package scaling

import (
	"fmt"
	"time"

	"divims/internal/pool"
)

// server is one server as the decision weighs it.
type server struct {
	pool.ServerObservation
	memory pool.ServerMemory
	// entry and machine are nil when there is none and when it is unknown; in
	// the second case the health is Unseen.
	entry   *pool.Entry
	machine *pool.Machine
	health  Health
	why     string
	// intended is the entry's state once the plan is carried out.
	intended pool.EntryState
	// empty tells that the drain gate was found open.
	empty bool
	// newest is the image that its machine would be made from now: that of its
	// zone. nil without a machine, and when the image is unknown.
	newest *pool.Image
	// leftAlone says why nothing is done with it although it was a candidate.
	leftAlone string
	// waits tells that its machine could not be created and is not tried again yet.
	waits bool
	// stuck tells that its machine has been starting or stopping for too long.
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

// mayTouch tells whether the decision may do anything with the server.
func (s *server) mayTouch() bool { return !s.maintenance() && s.health != Unseen && s.entry != nil }

// counts tells whether the server counts as capacity, now or soon.
func (s *server) counts() bool {
	return s.entry != nil && !s.maintenance() && s.intended == pool.Enabled && s.health != Unresponsive &&
		s.machineState() != pool.Locked && !s.waits && !s.stuck && !s.lost()
}

// lost tells of bare metal that the hoster does not list: nobody can create it.
func (s *server) lost() bool {
	return s.Server.BareMetal && s.Machine.Known() && s.machine == nil
}

// online tells whether the server is known to take meetings at this moment.
func (s *server) online() bool { return s.counts() && s.up() }

// up tells whether a server that is enabled now takes meetings at the next poll.
func (s *server) up() bool {
	return s.machineState() == pool.Running && s.entry.Online && s.Meetings.Known()
}

// ready reports whether the server could be enabled and take meetings at once.
func (s *server) ready() bool {
	return s.mayEnable() && s.health == Healthy && s.machineState() == pool.Running
}

// draining tells of a machine whose entry is not enabled, and will not be.
func (s *server) draining() bool {
	return s.machine != nil && s.entry != nil && s.entry.State != pool.Enabled && s.intended != pool.Enabled
}

// discardsRecordings tells that an operator lets its machine go whatever
// recordings may be on it.
func (s *server) discardsRecordings() bool {
	return s.memory.EndDrain != nil && s.memory.EndDrain.DiscardRecordings
}

// givenUp tells of a server that an earlier evaluation found unresponsive and
// took out: it is no news any more.
func (s *server) givenUp() bool {
	return s.memory.Health == string(Unresponsive) && s.entry != nil && s.entry.State != pool.Enabled
}

// meetings is BBB's own count, or the last known one.
func (s *server) meetings() int {
	if meetings, ok := s.Meetings.Get(); ok {
		return len(meetings)
	}
	return s.memory.Meetings
}

// participants is BBB's own count, or the last known one.
func (s *server) participants() int {
	if meetings, ok := s.Meetings.Get(); ok {
		return pool.Participants(meetings)
	}
	return s.memory.Participants
}

// machineState is the machine's state, or "" when there is none.
func (s *server) machineState() pool.MachineState {
	if s.machine == nil {
		return ""
	}
	return s.machine.State
}

// recording tells whether the server is known to have recordings in work.
func (s *server) recording() bool {
	stats, _ := s.Stats.Get()
	backlog, _ := stats.Backlog.Get()
	return total(backlog) > 0
}

// figuresSince tells whether the figures of its own were written after a time.
func (s *server) figuresSince(now, since time.Time) bool {
	stats, _ := s.Stats.Get()
	age, ok := stats.Age.Get()
	return ok && now.Add(-age).After(since)
}

// uptime is what the machine itself says, or how long the hoster has had it
// running. Of bare metal only the first counts: the hoster does not tell when it
// last started.
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

// started is when the machine began to start: when the hoster says, or when it
// was told to reboot.
func (s *server) started() time.Time {
	if s.memory.Rebooted.After(s.machine.Since) {
		return s.memory.Rebooted
	}
	return s.machine.Since
}

// pastGrace tells whether the machine has had its time to start, which is never
// shorter than the boot time.
func (s *server) pastGrace(now time.Time, config Config) bool {
	return now.Sub(s.started()) > max(config.Grace, config.BootTime)
}

// silent tells whether BBB was asked and did not answer.
func (s *server) silent() bool {
	return s.machineState() == pool.Running && s.entry != nil && !s.Meetings.Known()
}

// describe says in a few words what a server is at, for the reasons of actions.
func (s *server) describe() string {
	switch {
	case s.machine == nil:
		return "it has no machine"
	case s.machine.State != pool.Running:
		return fmt.Sprintf("its machine is %s", s.machine.State)
	case len(s.machine.Maintenances) > 0:
		return fmt.Sprintf("its machine has a planned maintenance on %s", s.machine.Maintenances[0].Start.UTC().Format(time.RFC3339))
	case s.health != Healthy:
		return fmt.Sprintf("it is %s", s.health)
	case !s.Meetings.Known():
		return "it starts"
	}
	return fmt.Sprintf("it runs with %s and %s", pool.Count(s.meetings(), "meeting"), pool.Count(s.participants(), "participant"))
}
