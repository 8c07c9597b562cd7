package forecast

import (
	"math"
	"testing"
	"time"
)

// TestLevel checks the worked examples in the comment of learnLevel.
func TestLevel(t *testing.T) {
	now := time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)
	for _, example := range []struct {
		usual, people int
		level         float64
	}{{60, 90, 1.36}, {1200, 1800, 1.49}} {
		samples := append(sampled(now.AddDate(0, 0, -8), now.Add(-3*time.Hour), func(time.Time) int { return example.usual }),
			sampled(now.Add(-3*time.Hour), now, func(time.Time) int { return example.people })...)
		m := model{now: now, past: usualWeeks{history: history{samples, paris, time.Minute}, weeks: []int{1}, prior: 1},
			actual: Pair{float64(example.people), 0}}
		if level := m.learnLevel(Pair{250, 15}).Participants; math.Abs(level-example.level) > 0.005 {
			t.Errorf("%d people where %d are usual: the level is %.3f, want %.2f", example.people, example.usual, level, example.level)
		}
	}
}

// TestPartialLoadDoesNotLowerTheLevel: half of a load does not make a quiet day.
func TestPartialLoadDoesNotLowerTheLevel(t *testing.T) {
	now := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	in := input(now, 500, weeks(6, now, lectures))
	for partial, wantQuiet := range map[bool]bool{false: true, true: false} {
		in.Partial = partial
		level := learn(in).level.Participants
		if quiet := level < 0.99; quiet != wantQuiet {
			t.Errorf("partial %t: the level is %.3f, want below 0.99: %t", partial, level, wantQuiet)
		}
	}
}
