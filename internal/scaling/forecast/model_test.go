package forecast

import (
	"math"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestExpect checks the worked example in the comment of expect.
func TestExpect(t *testing.T) {
	now := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	in20 := now.Add(20 * time.Minute)
	samples := sampled(now.AddDate(0, 0, -7), in20.AddDate(0, 0, -7).Add(time.Minute), func(local time.Time) int {
		if local.UTC().Before(in20.AddDate(0, 0, -7)) {
			return 450
		}
		return 900
	})
	m := model{now: now, past: usualWeeks{history: history{samples, paris, time.Minute}, weeks: []int{1}},
		actual: Pair{500, 25}, usualNow: Pair{450, 30}, level: Pair{1, 1}, clump: Pair{20, 1}}
	load, deviation := m.expect(in20)
	if math.Round(load.Participants) != 930 || math.Round(deviation.Participants) != 108 {
		t.Errorf("in 20 minutes: got %.1f ± %.1f participants, want 930 ± 108", load.Participants, deviation.Participants)
	}
	if load, deviation := m.expect(now); load != m.actual || deviation != (Pair{}) {
		t.Errorf("now: got %v ± %v, want the present load %v", load, deviation, m.actual)
	}
	if load, _ := m.expect(now.AddDate(0, 0, 3)); load != m.actual {
		t.Errorf("at a time without samples: got %v, want the present load %v", load, m.actual)
	}
	m.future = history{[]pool.Sample{{At: in20, Participants: 123, Meetings: 4}}, paris, time.Minute}
	if load, deviation := m.expect(in20); load != (Pair{123, 4}) || deviation != (Pair{}) {
		t.Errorf("with a known future: got %v ± %v, want the true load and no deviation", load, deviation)
	}
}
