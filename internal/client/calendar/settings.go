package calendar

import "divims/internal/pool"

// Settings say where the schedule is.
type Settings struct {
	URL pool.Secret `envconfig:"CALENDAR_URL" group:"Calendar" match:"address" example:"https://example.com/courses.ics" desc:"iCalendar feed, by its public or its private address, with users=500 or users=40% in the summaries"`
}
