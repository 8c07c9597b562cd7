package scaling

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// Expected is what a policy expects of a moment to come. It counts for nothing
// in the decision that it is told with: it is for the people who watch.
type Expected struct {
	At time.Time `json:"at"`
	// Servers are those that the policy would ask for then.
	Servers pool.Reading[int] `json:"servers,omitzero"`
	// Participants are those that it expects, Upper the bound below which they
	// stay almost always.
	Participants pool.Reading[int] `json:"participants,omitzero"`
	Upper        pool.Reading[int] `json:"upper,omitzero"`
}

// An outlook is for a day, and has at most so many moments.
const (
	outlookTime = 24 * time.Hour
	mostMoments = 48
)

// scheduleOutlook is what the schedule asks for from each start and end of an
// event on. A moment of which it has no say is left out.
func scheduleOutlook(now time.Time, config Config, calendar pool.Calendar) []Expected {
	config.Interval, config.BootTime = 0, 0 // what holds then, not within a lead time
	var outlook []Expected
	for _, at := range changes(now, config.ScheduleMode, calendar.Events) {
		// An event that begins at this very moment is not in force yet.
		answer := scheduleRequired(at.Add(time.Second), config, calendar)
		if answer.Servers.Known() {
			outlook = append(outlook, Expected{At: at, Servers: answer.Servers})
		}
	}
	return outlook
}

// changes are the moments of the coming day at which events begin or end.
func changes(now time.Time, mode ScheduleMode, events []pool.Event) []time.Time {
	var moments []time.Time
	for _, event := range events {
		moments = append(moments, event.Start)
		if mode == ScheduleWindow {
			moments = append(moments, event.End)
		}
	}
	moments = slices.DeleteFunc(moments, func(at time.Time) bool { return !at.After(now) || at.Sub(now) > outlookTime })
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.CompactFunc(moments, time.Time.Equal)
	return moments[:min(len(moments), mostMoments)]
}
