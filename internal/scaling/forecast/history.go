package forecast

import (
	"sort"
	"time"

	"divims/internal/pool"
)

// history looks up samples of a pool by time.
type history struct {
	samples []pool.Sample // oldest first
	// zone is the time zone whose weekdays and hours the load follows.
	zone *time.Location
	// maxDistance is the longest time between a sample and the moment it is used for.
	maxDistance time.Duration
}

// at returns the load of the servers without a tag in the sample nearest to a
// moment. It is unknown if no sample is near enough.
func (h history) at(moment time.Time) (load Pair, known bool) {
	next := sort.Search(len(h.samples), func(i int) bool { return !h.samples[i].At.Before(moment) })
	nearest := h.maxDistance + 1
	for _, sample := range h.samples[max(0, next-1):min(next+1, len(h.samples))] {
		if distance := sample.At.Sub(moment).Abs(); distance < nearest {
			nearest, known = distance, true
			load = Pair{
				float64(max(sample.Participants-sample.TaggedParticipants, 0)),
				float64(max(sample.Meetings-sample.TaggedMeetings, 0)),
			}
		}
	}
	return load, known
}

// daysAgo returns the same local time a number of days earlier: 8:00 stays 8:00
// when summer time begins in between.
func (h history) daysAgo(moment time.Time, days int) time.Time {
	local := moment.In(h.zone)
	year, month, day := local.Date()
	hour, minute, second := local.Clock()
	return time.Date(year, month, day-days, hour, minute, second, 0, h.zone)
}

func (h history) weeksAgo(moment time.Time, weeks int) time.Time { return h.daysAgo(moment, 7*weeks) }

// around returns the mean load from 3 hours before a moment to 3 hours after it, one
// sample an hour. It is unknown if more than half of those samples are missing.
func (h history) around(moment time.Time) (load Pair, known bool) {
	const span, every = 3 * time.Hour, time.Hour
	count, wanted := 0., 0.
	for at := moment.Add(-span); !at.After(moment.Add(span)); at = at.Add(every) {
		wanted++
		if sampled, ok := h.at(at); ok {
			load = load.add(sampled)
			count++
		}
	}
	if count < wanted/2 {
		return Pair{}, false
	}
	return load.scale(1 / count), true
}
