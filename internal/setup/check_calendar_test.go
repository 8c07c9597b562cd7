package setup

import (
	"fmt"
	"strings"
	"testing"

	"divims/internal/pool"
)

// TestCheckCalendar: what of the calendar cannot be read is a warning that quotes the lines.
func TestCheckCalendar(t *testing.T) {
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprintf("line %d: x", i))
	}
	for name, test := range map[string]struct {
		seen pool.Reading[pool.Calendar]
		want string
	}{
		"read":       {pool.Seen(pool.Calendar{Events: make([]pool.Event, 2)}), "ok 2 events from a week ago to a week from now; "},
		"warnings":   {pool.Seen(pool.Calendar{Warnings: []string{"line 4: x"}}), "warning 0 events from a week ago to a week from now; line 4: x; correct the calendar; divims calendar shows what is read"},
		"many":       {pool.Seen(pool.Calendar{Warnings: many}), "line 9: x; and 2 more; correct the calendar"},
		"unreadable": {pool.Unknown[pool.Calendar]("HTTP status 404"), "HTTP status 404"},
	} {
		c := checker{Config: Config{HasCalendar: true}, seen: Sight{Calendar: test.seen}}
		c.checkCalendar()
		if got := strings.Join(only(c.findings, "calendar"), "\n"); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
