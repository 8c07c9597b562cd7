package calendar

import "divims/internal/pool"

// Settings say where the schedule is.
type Settings struct {
	URL pool.Secret `envconfig:"CALENDAR_URL" group:"Calendar" match:"address" example:"https://example.com/courses.ics" desc:"public or private address of the iCalendar feed, whose events have users=500 or users=40% in their summaries"`
}
