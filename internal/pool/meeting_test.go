package pool

import (
	"testing"
	"time"
)

func TestMeetingsHaveTimesByOurOwnClock(t *testing.T) {
	now := time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		date, created, want time.Time
	}{
		"the server's clock is right": {now, now.Add(-time.Hour), now.Add(-time.Hour)},
		"the answer comes a minute after now, which is no difference of the clocks": {now.Add(time.Minute), now.Add(-time.Hour), now.Add(-time.Hour)},
		"the server's clock is 11 h behind, and the meeting 5 minutes old":          {now.Add(-11 * time.Hour), now.Add(-11*time.Hour - 5*time.Minute), now.Add(-5 * time.Minute)},
		"the server's clock is 6 h ahead, and the meeting an hour old":              {now.Add(6 * time.Hour), now.Add(5 * time.Hour), now.Add(-time.Hour)},
		"no Date: the time stays":                  {time.Time{}, now.Add(-time.Hour), now.Add(-time.Hour)},
		"no Date: the time is never in the future": {time.Time{}, now.Add(6 * time.Hour), now},
		"created after the answer":                 {now, now.Add(time.Second), now},
		"no creation time":                         {now.Add(-11 * time.Hour), time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			answer := Conference{Date: c.date, Meetings: []Meeting{{ID: "m", Created: c.created}}}
			if got := answer.MeetingsAt(now); len(got) != 1 || !got[0].Created.Equal(c.want) {
				t.Errorf("got %+v, want created at %s", got, c.want)
			}
			if !answer.Meetings[0].Created.Equal(c.created) {
				t.Error("the answer itself was changed")
			}
		})
	}
}
