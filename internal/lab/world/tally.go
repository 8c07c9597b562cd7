package world

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// Tally counts what happened since the world's start.
type Tally struct {
	MachinesCreated, MachinesDeleted int
	// ServerHours counts every machine, bare metal included, from its creation to its
	// deletion.
	ServerHours float64
	// PeakParticipants is the largest number of people at a full minute.
	PeakParticipants int
	// ParticipantMinutes adds up the people at every full minute.
	// OverloadedParticipantMinutes adds up only the people on overloaded servers.
	ParticipantMinutes, OverloadedParticipantMinutes int
	// RefusedMeetings found no server at their start or in the five minutes after.
	RefusedMeetings int
	// InterruptedMeetings ended while people were in them, and InterruptedParticipants are
	// these people. Both count only the cause DiViMS.
	InterruptedMeetings, InterruptedParticipants int
	// Interruptions has the interrupted meetings and participants of each cause.
	Interruptions [causes]Interruption
	// Unforeseen are those of the interrupted meetings that DiViMS could not know of.
	Unforeseen []Unforeseen
	// SplitMeetings were created again on another server, because DiViMS cordoned theirs
	// between their creation and the first join.
	SplitMeetings int
	// EntriesDoubled were added by DiViMS for a URL that had an entry.
	EntriesDoubled int
	// LostRecordings were unfinished, not shipped yet, or had failed when DiViMS deleted
	// their machine with its disk, or a disk that a person had detached.
	LostRecordings int
	// LostByCause counts the recordings lost with any deleted disk, by cause. Those that
	// DiViMS deleted by an operator's order are under Person, and LostRecordings counts them
	// too.
	LostByCause [causes]int
	// LeftoverVolumes are volumes of machines that DiViMS deleted, left detached for more
	// than 15 minutes now.
	LeftoverVolumes int
	// DeletedByHandVolumes are volumes that a person had detached and DiViMS deleted.
	DeletedByHandVolumes int
	// Reboots are the reboot calls of DiViMS that were accepted.
	Reboots int
	// PeakMachines is the most machines that the hoster listed at a full minute, in any
	// state.
	PeakMachines int
	// DuplicateMachines is the largest number, at any moment, of the pool's machines beyond
	// one for each server's host name: three machines with one name count as two.
	DuplicateMachines int
	// DrainTimes has the time from the cordon or disable of an entry until its machine
	// was stopped or deleted, for each machine with such an entry.
	DrainTimes []time.Duration
}

// Tally returns the counts until now.
func (w *World) Tally() Tally {
	t := w.tally
	t.DrainTimes, t.Unforeseen = slices.Clone(t.DrainTimes), slices.Clone(t.Unforeseen)
	for _, m := range w.machines {
		t.ServerHours += w.now.Sub(m.Created).Hours()
	}
	for _, v := range w.volumes {
		if v.isLeftover(w.now) {
			t.LeftoverVolumes++
		}
	}
	return t
}

// noteDuplicates updates DuplicateMachines. It is called after each creation and after each
// change of a name or of tags.
func (w *World) noteDuplicates() {
	named := map[string]int{}
	for _, m := range w.machines {
		if w.ours(m) {
			named[m.Name]++
		}
	}
	count := 0
	for _, s := range w.servers {
		count += max(0, named[s.Hostname]-1)
	}
	w.tally.DuplicateMachines = max(w.tally.DuplicateMachines, count)
}

// ours reports whether a machine has the pool's tags.
func (w *World) ours(m *machine) bool {
	for _, tag := range w.config.Tags {
		if !slices.Contains(m.Tags, tag) {
			return false
		}
	}
	return true
}

// noteDrain records the drain times of a machine's entries.
func (w *World) noteDrain(m *machine) {
	for _, e := range w.entries {
		if e.drainingSince.IsZero() || e.server == nil || e.server.machine() != m {
			continue
		}
		w.tally.DrainTimes = append(w.tally.DrainTimes, w.now.Sub(e.drainingSince))
		e.drainingSince = time.Time{}
	}
}

// noteDeletion counts the deletion of a machine and the recordings lost with its disk.
func (w *World) noteDeletion(m *machine) {
	w.noteDrain(m)
	w.tally.MachinesDeleted++
	if m.root == nil {
		return // a person has its disk
	}
	w.noteLost(m.unfinished(), w.callerAt(m))
	m.backlog, m.failed = nil, nil
}

// noteLost counts recordings that are lost with their disk.
func (w *World) noteLost(recordings int, cause Cause) {
	w.tally.LostByCause[cause] += recordings
	if w.caller == DiViMS {
		w.tally.LostRecordings += recordings
	}
}

// Minute is the state of the pool at a full minute: one row of a timeline.
type Minute struct {
	Time                   time.Time
	Participants, Meetings int
	// Running counts running machines, whether BBB answers or not. Enabled counts
	// enabled entries. Booting counts machines that are starting or running and whose
	// BBB does not answer.
	Running, Enabled, Booting int
	// Machines counts all machines, which are paid for in every state, and Up those
	// whose BBB answers.
	Machines, Up int
	// Draining counts entries that are not enabled and whose server has meetings or
	// unfinished recordings.
	Draining int
	// Overloaded counts the participants on overloaded servers.
	Overloaded int
	// Serving counts the servers that new meetings are truly held on, as World.Serving
	// returns them, and Served the people on them.
	Serving, Served int
	// Unplaced counts the people who would be in meetings that have found no server.
	Unplaced int
}

// minute records the minute that ends now and returns the end of the next one.
func (w *World) minute() time.Time {
	row := Minute{Time: w.now}
	for _, m := range w.machines {
		if !m.bootTime.IsZero() {
			m.use()
		}
		row.add(m, &w.config)
	}
	for _, e := range w.entries {
		if e.state == pool.Enabled {
			row.Enabled++
		} else if e.busy() {
			row.Draining++
		}
	}
	w.countServing(&row)
	w.tally.add(row)
	if w.config.EachMinute != nil {
		w.config.EachMinute(row)
	}
	return w.now.Add(time.Minute)
}

// countServing counts the servers that truly serve, the people on them, and those who
// would be in meetings that have found no server.
func (w *World) countServing(row *Minute) {
	serving := w.serving()
	for _, s := range w.servers {
		if serving[s] {
			row.Serving++
			row.Served += s.machine().participants
		}
	}
	row.Unplaced = w.unplaced.people(w.now)
}

// add counts a machine and the people on it.
func (row *Minute) add(m *machine, limits *Config) {
	row.Machines++
	row.Participants += m.participants
	row.Meetings += len(m.meetings)
	if m.State == pool.Running {
		row.Running++
	}
	if m.answers() {
		row.Up++
	}
	if !m.bbbUp && (m.State == pool.Starting || m.State == pool.Running) {
		row.Booting++
	}
	if m.participants > limits.ServerParticipants || len(m.meetings) > limits.ServerMeetings {
		row.Overloaded += m.participants
	}
}

// busy reports whether the entry's server has meetings or unfinished recordings.
func (e *entry) busy() bool {
	if e.server == nil {
		return false
	}
	m := e.server.machine()
	return m != nil && len(m.meetings)+len(m.backlog) > 0
}

func (t *Tally) add(row Minute) {
	t.PeakMachines = max(t.PeakMachines, row.Machines)
	t.PeakParticipants = max(t.PeakParticipants, row.Participants)
	t.ParticipantMinutes += row.Participants
	t.OverloadedParticipantMinutes += row.Overloaded
}
