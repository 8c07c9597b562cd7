package world

import "time"

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
	// LostRecordings had work left when their machine was deleted.
	LostRecordings int
	// LeftoverVolumes are block volumes that belong to no machine now.
	LeftoverVolumes int
	// DrainTimes tells for each machine that was stopped or deleted how long its
	// entry had taken no new meetings by then.
	DrainTimes []time.Duration
}

// Tally adds up what happened until now.
func (w *World) Tally() Tally { return Tally{} }

// Minute is the pool at a full minute: one row of a timeline.
type Minute struct {
	Time                   time.Time
	Participants, Meetings int
	// Running machines, BBB up or not; Enabled entries; Booting machines were
	// powered on and their BBB does not answer yet.
	Running, Enabled, Booting int
	// Draining servers take no new meetings and have meetings or recording work.
	Draining int
	// Overloaded counts participants on overloaded servers.
	Overloaded int
}
