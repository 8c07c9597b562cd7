package setup

import (
	"fmt"
	"strings"

	"divims/internal/pool"
)

// maxCalendarWarnings is the most warnings of the calendar that are listed.
const maxCalendarWarnings = 10

// checkCalendar checks that the calendar can be read, and lists what of it cannot.
func (c *checker) checkCalendar() {
	if !c.HasCalendar || !need(c, c.seen.Calendar, "calendar", "it cannot be read", "the schedule uses the last good copy, which gets older", "check that DIVIMS_CALENDAR_URL is right and returns an iCalendar document") {
		return
	}
	calendar, _ := c.seen.Calendar.Get()
	events := pool.Count(len(calendar.Events), "event") + " from a week ago to a week from now"
	warnings := calendar.Warnings
	if len(warnings) == 0 {
		c.ok("calendar", "%s", events)
		return
	}
	if more := len(warnings) - maxCalendarWarnings; more > 0 {
		warnings = append(warnings[:maxCalendarWarnings:maxCalendarWarnings], fmt.Sprintf("and %d more", more))
	}
	c.add(Warning, "calendar", events+"; "+strings.Join(warnings, "; "),
		"what is left out adds no servers; during an event with users= that is left out, the pool is not made smaller",
		"correct the calendar; divims calendar shows what is read")
}
