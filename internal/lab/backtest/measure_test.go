package backtest

import (
	"strings"
	"testing"
	"time"

	"divims/internal/lab/world"
)

// TestElasticity has ten minutes with these needs and supplies:
//
//	need    1 1 3 3 3 2 2 1 1 1
//	supply  1 1 1 2 4 4 2 2 1 1
//
// The supply falls short by 2 and 1, together 3, in 2 of 10 minutes. It exceeds the need
// by 1, 2 and 1, together 4, in 3 minutes.
func TestElasticity(t *testing.T) {
	var e elasticity
	supply := []int{1, 1, 1, 2, 4, 4, 2, 2, 1, 1}
	for i, need := range []int{1, 1, 3, 3, 3, 2, 2, 1, 1, 1} {
		e.add(need, supply[i])
	}
	if got, want := e.result(), (Elasticity{UnderAccuracy: 0.3, OverAccuracy: 0.4, UnderTimeshare: 20, OverTimeshare: 30}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (&elasticity{}).result(); got != (Elasticity{}) {
		t.Errorf("of no minutes: %+v, want zeros", got)
	}
}

func TestQuantile(t *testing.T) {
	var twenty []time.Duration
	for i := range 20 {
		twenty = append(twenty, time.Duration(20-i)*time.Minute)
	}
	for _, given := range []struct {
		durations []time.Duration
		want      time.Duration
	}{
		{nil, 0}, {twenty[:1], 20 * time.Minute}, {twenty, 19 * time.Minute}, {append(twenty, time.Hour), 20 * time.Minute},
	} {
		if got := quantile(given.durations, 0.95); got != given.want {
			t.Errorf("95th percentile of %v: %s, want %s", given.durations, got, given.want)
		}
	}
}

func TestTimelineHasOneRowPerMinute(t *testing.T) {
	var text strings.Builder
	zone := paris(t)
	err := WriteTimeline(&text, []world.Minute{
		{Time: time.Date(2026, 3, 29, 1, 59, 0, 0, zone), Participants: 10, Meetings: 2, Running: 3, Enabled: 1, Booting: 1, Draining: 2, Overloaded: 7, Up: 2, Machines: 4},
		{Time: time.Date(2026, 3, 29, 3, 0, 0, 0, zone)},
	})
	const want = `time,participants,meetings,running,enabled,draining,booting,overloaded
2026-03-29T00:59:00Z,10,2,3,1,2,1,7
2026-03-29T01:00:00Z,0,0,0,0,0,0,0
`
	if err != nil || text.String() != want {
		t.Errorf("error %v:\n%s", err, text.String())
	}
}
