package setup

import (
	"strings"
	"testing"
)

// A calendar that no policy reads is a warning.
func TestCheckSchedule(t *testing.T) {
	const warning = "warning no policy reads it; add schedule to DIVIMS_POLICIES, or remove DIVIMS_CALENDAR_URL"
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"read":        {Config{HasCalendar: true, FollowsCalendar: true}, ""},
		"not read":    {Config{HasCalendar: true}, warning},
		"no calendar": {Config{}, ""},
	} {
		c := checker{Config: test.config}
		c.checkSchedule()
		if got := strings.Join(only(c.findings, "calendar"), "\n"); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
