package world

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// Tally is what happened since the world's start.
type Tally struct {
	MachinesCreated, MachinesDeleted int
	// ServerHours count every machine, bare metal too, from its creation until it is gone.
	ServerHours float64
	// PeakParticipants is the most people at any full minute.
	PeakParticipants int
	// ParticipantMinutes counts people at every full minute, and
	// OverloadedParticipantMinutes those of them on a server with more
	// participants or more meetings than Config allows.
	ParticipantMinutes, OverloadedParticipantMinutes int
	// RefusedMeetings found no server when they wanted to start, nor in the five
	// minutes after.
	RefusedMeetings int
	// InterruptedMeetings ended with people in, other than by their leaving.
	InterruptedMeetings int
	// LostRecordings had work left, or had failed, when their machine was deleted.
	LostRecordings int
	// LeftoverVolumes are volumes that belong to no machine now.
	LeftoverVolumes int
	// DrainTimes tells for each machine that was stopped or deleted how long its
	// entry had taken no new meetings by then.
	DrainTimes []time.Duration
}

// Tally adds up what happened until now.
func (w *World) Tally() Tally {
	t := w.tally
	t.DrainTimes = slices.Clone(t.DrainTimes)
	for _, m := range w.machines {
		t.ServerHours += w.now.Sub(m.Created).Hours()
	}
	for _, v := range w.volumes {
		if v.machine == nil {
			t.LeftoverVolumes++
		}
	}
	return t
}

// noteDrain ends the drain of the servers that a machine stood for.
func (w *World) noteDrain(m *machine) {
	for _, e := range w.entries {
		if e.drainingSince.IsZero() || e.server == nil || e.server.machine() != m {
			continue
		}
		w.tally.DrainTimes = append(w.tally.DrainTimes, w.now.Sub(e.drainingSince))
		e.drainingSince = time.Time{}
	}
}

// noteDeletion counts a machine that is given up, with the work on its disk.
func (w *World) noteDeletion(m *machine) {
	w.noteDrain(m)
	w.tally.MachinesDeleted++
	w.tally.LostRecordings += len(m.backlog) + len(m.failed)
	m.backlog, m.failed = nil, nil
}

// Minute is the pool at a full minute: one row of a timeline.
type Minute struct {
	Time                   time.Time
	Participants, Meetings int
	// Running machines, BBB up or not; Enabled entries; Booting machines were
	// powered on and their BBB does not answer yet.
	Running, Enabled, Booting int
	// Machines are all that are paid for, whatever their state; Up those whose BBB
	// answers.
	Machines, Up int
	// Draining servers take no new meetings and have meetings or recording work.
	Draining int
	// Overloaded counts participants on overloaded servers.
	Overloaded int
}

// minute accounts for the minute that ends now.
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
	w.tally.add(row)
	if w.config.EachMinute != nil {
		w.config.EachMinute(row)
	}
	return w.now.Add(time.Minute)
}

// add counts a machine and who is on it.
func (row *Minute) add(m *machine, limits *Config) {
	row.Machines++
	row.Participants += m.participants
	row.Meetings += len(m.meetings)
	if m.State == pool.Running {
		row.Running++
	}
	if m.bbbUp {
		row.Up++
	}
	if !m.bbbUp && (m.State == pool.Starting || m.State == pool.Running) {
		row.Booting++
	}
	if m.participants > limits.ServerParticipants || len(m.meetings) > limits.ServerMeetings {
		row.Overloaded += m.participants
	}
}

// busy tells whether the entry's server has meetings or recording work.
func (e *entry) busy() bool {
	if e.server == nil {
		return false
	}
	m := e.server.machine()
	return m != nil && len(m.meetings)+len(m.backlog) > 0
}

func (t *Tally) add(row Minute) {
	t.PeakParticipants = max(t.PeakParticipants, row.Participants)
	t.ParticipantMinutes += row.Participants
	t.OverloadedParticipantMinutes += row.Overloaded
}
