package setup

// checkSchedule warns of a calendar that no policy reads.
func (c *checker) checkSchedule() {
	if c.HasCalendar && !c.FollowsCalendar {
		c.add(Warning, "calendar", "no policy reads it", "its events add no servers", "add schedule to DIVIMS_POLICIES, or remove DIVIMS_CALENDAR_URL")
	}
}
