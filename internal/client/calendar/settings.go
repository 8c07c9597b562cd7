package calendar

import "divims/internal/pool"

// Settings say where the schedule is.
type Settings struct {
	URL pool.Secret `envconfig:"CALENDAR_URL" group:"Calendar" match:"feed address" example:"https://example.com/courses.ics" desc:"public or private address of the iCalendar feed, whose events have users=500 or users=40% in their summaries; webcal:// means https://"`
	// UserAgent is not Go's own, because Microsoft's calendars refuse that.
	UserAgent string `envconfig:"CALENDAR_USER_AGENT" default:"DiViMS (iCalendar reader)" match:"header" example:"Mozilla/5.0 (compatible; DiViMS)" desc:"name that the feed is fetched with, for feeds that refuse unknown programs"`
}
