package pool

import (
	"testing"
	"time"
)

func TestAwaitsPeople(t *testing.T) {
	now := time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		meeting Meeting
		want    bool
	}{
		"a new meeting without anybody":       {Meeting{Created: now.Add(-4 * time.Minute)}, true},
		"one whose server's clock is ahead":   {Meeting{Created: now.Add(time.Hour)}, true},
		"one of unknown age":                  {Meeting{}, true},
		"a new meeting with a person":         {Meeting{Created: now, Participants: 1}, false},
		"an older meeting without anybody":    {Meeting{Created: now.Add(-5 * time.Minute)}, false},
		"a new breakout room without anybody": {Meeting{Created: now, Breakout: true}, false},
	} {
		if got := test.meeting.AwaitsPeople(now); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}
