package scaling

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// Expected is what a policy expects at a moment in the future. It is shown to people and
// has no influence on the decision.
type Expected struct {
	At time.Time `json:"at"`
	// Servers is how many servers the policy would ask for.
	Servers pool.Reading[int] `json:"servers,omitzero"`
	// Participants is the expected number, and Upper the number that is exceeded
	// only one time in forty.
	Participants pool.Reading[int] `json:"participants,omitzero"`
	Upper        pool.Reading[int] `json:"upper,omitzero"`
}

// The outlook of the schedule covers one day and has at most 48 moments.
const (
	outlookSpan = 24 * time.Hour
	maxMoments  = 48
)

// scheduleOutlook returns what the schedule will require after each of the moments that
// changes returns. Moments without an answer are left out.
func scheduleOutlook(now time.Time, config Config, calendar pool.Calendar) []Expected {
	config.Interval, config.BootTime = 0, 0 // no lead time: only events in force at the moment count
	var outlook []Expected
	for _, at := range changes(now, config.ScheduleMode, calendar.Events) {
		// An event is not in force yet at the moment of its start.
		answer := scheduleRequired(at.Add(time.Second), config, calendar)
		if answer.Servers.Known() {
			outlook = append(outlook, Expected{At: at, Servers: answer.Servers})
		}
	}
	return outlook
}

// changes returns the moments of the coming day at which events begin or, in mode
// window, end.
func changes(now time.Time, mode ScheduleMode, events []pool.Event) []time.Time {
	var moments []time.Time
	for _, event := range events {
		moments = append(moments, event.Start)
		if mode == ScheduleWindow {
			moments = append(moments, event.End)
		}
	}
	moments = slices.DeleteFunc(moments, func(at time.Time) bool { return !at.After(now) || at.Sub(now) > outlookSpan })
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.CompactFunc(moments, time.Time.Equal)
	return moments[:min(len(moments), maxMoments)]
}
