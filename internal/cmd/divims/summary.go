package main

import (
	"encoding/json"
	"fmt"
	"io"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// summary is the result of a run of the sandbox.
type summary struct {
	VirtualHours                     float64 `json:"virtual_hours"`
	Evaluations                      int     `json:"evaluations"`
	FailedEvaluations                int     `json:"failed_evaluations"`
	MachinesCreated                  int     `json:"machines_created"`
	MachinesDeleted                  int     `json:"machines_deleted"`
	ServerHours                      float64 `json:"server_hours"`
	PeakParticipants                 int     `json:"peak_participants"`
	OverloadedParticipantMinutesPart float64 `json:"overloaded_participant_minutes_pct"`
	RefusedMeetings                  int     `json:"refused_meetings"`
	InterruptedMeetings              int     `json:"interrupted_meetings"`
	LostRecordings                   int     `json:"lost_recordings"`
	LeftoverVolumes                  int     `json:"leftover_volumes"`
}

// summarize writes the summary; as JSON it is the last line.
func (r *sandboxRun) summarize(out io.Writer, asJSON bool) error {
	var tally world.Tally
	r.sandbox.With(func(w *world.World) { tally = w.Tally() })
	overloaded := 0.0
	if tally.ParticipantMinutes > 0 {
		overloaded = 100 * float64(tally.OverloadedParticipantMinutes) / float64(tally.ParticipantMinutes)
	}
	s := summary{
		r.sandbox.Now().Sub(sandboxStart).Hours(), r.evaluations, r.failed, tally.MachinesCreated, tally.MachinesDeleted,
		tally.ServerHours, tally.PeakParticipants, overloaded, tally.RefusedMeetings, tally.InterruptedMeetings,
		tally.LostRecordings, tally.LeftoverVolumes,
	}
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	_, err := fmt.Fprintf(out, `
%.1f virtual hours, %s, %d failed
machines: %d created, %d deleted, %.1f server hours
participants: %d at the peak, %.2f %% of their time on overloaded servers
meetings: %d refused, %d interrupted; recordings lost: %d; volumes left over: %d
`, s.VirtualHours, pool.Count(s.Evaluations, "evaluation"), s.FailedEvaluations, s.MachinesCreated, s.MachinesDeleted, s.ServerHours, s.PeakParticipants,
		s.OverloadedParticipantMinutesPart, s.RefusedMeetings, s.InterruptedMeetings, s.LostRecordings, s.LeftoverVolumes)
	return err
}
