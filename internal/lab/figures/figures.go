// Package figures adds up what a run of the sandbox cost and whom it served. It takes each
// full minute of the world, and each evaluation's decision record with the conditions at its
// beginning. It returns the figures that the command sandbox shows, which docs/figures.md
// defines.
package figures

import (
	"maps"
	"time"

	"divims/internal/lab/world"
)

// Figures are the figures of a run, from its start to its end.
type Figures struct {
	VirtualHours      float64 `json:"virtual_hours"`
	Evaluations       int     `json:"evaluations"`
	FailedEvaluations int     `json:"failed_evaluations"`
	MachinesCreated   int     `json:"machines_created"`
	MachinesDeleted   int     `json:"machines_deleted"`
	ServerHours       float64 `json:"server_hours"`
	PeakParticipants  int     `json:"peak_participants"`
	// OverloadedPercent is the share of participant minutes on overloaded servers.
	OverloadedPercent   float64 `json:"overloaded_participant_minutes_pct"`
	RefusedMeetings     int     `json:"refused_meetings"`
	InterruptedMeetings int     `json:"interrupted_meetings"`
	LostRecordings      int     `json:"lost_recordings"`
	LeftoverVolumes     int     `json:"leftover_volumes"`

	InterruptedParticipants    int `json:"interrupted_participants"`
	SplitMeetings              int `json:"split_meetings"`
	Reboots                    int `json:"reboots"`
	DuplicateMachines          int `json:"duplicate_machines"`
	UnservedParticipantMinutes int `json:"unserved_participant_minutes"`
	MinutesBelowRequired       int `json:"minutes_below_required"`
	LongestFreezeMinutes       int `json:"longest_freeze_minutes"`
	PeakMachines               int `json:"peak_machines"`
	EntriesDoubled             int `json:"entries_doubled"`
	DeletedByHandVolumes       int `json:"deleted_by_hand_volumes"`
	// Alerts has the number of evaluations with an alert, by its subject.
	Alerts map[string]int `json:"alerts"`
	// Messages counts the notifications that were accepted.
	Messages int `json:"messages"`
}

// addTally adds the figures that the world counts itself.
func (f *Figures) addTally(tally world.Tally) {
	f.MachinesCreated, f.MachinesDeleted, f.ServerHours = tally.MachinesCreated, tally.MachinesDeleted, tally.ServerHours
	f.PeakParticipants = tally.PeakParticipants
	if tally.ParticipantMinutes > 0 {
		f.OverloadedPercent = 100 * float64(tally.OverloadedParticipantMinutes) / float64(tally.ParticipantMinutes)
	}
	f.RefusedMeetings, f.InterruptedMeetings = tally.RefusedMeetings, tally.InterruptedMeetings
	f.LostRecordings, f.LeftoverVolumes = tally.LostRecordings, tally.LeftoverVolumes
	f.InterruptedParticipants, f.SplitMeetings = tally.InterruptedParticipants, tally.SplitMeetings
	f.Reboots, f.EntriesDoubled, f.DeletedByHandVolumes = tally.Reboots, tally.EntriesDoubled, tally.DeletedByHandVolumes
	f.PeakMachines, f.DuplicateMachines = tally.PeakMachines, tally.DuplicateMachines
}

// Figures returns the figures of a run from start to end. The tally is the world's at the
// end, and messages is the number of notifications.
func (a *Account) Figures(start, end time.Time, tally world.Tally, messages int) Figures {
	a.lock.Lock()
	defer a.lock.Unlock()
	f := Figures{
		VirtualHours: end.Sub(start).Hours(),
		Evaluations:  a.evaluations, FailedEvaluations: a.failed,
		UnservedParticipantMinutes: a.unserved, MinutesBelowRequired: a.belowRequired,
		LongestFreezeMinutes: int(a.freeze.longest.Minutes()),
		Alerts:               maps.Clone(a.alerts), Messages: messages,
	}
	f.addTally(tally)
	return f
}
