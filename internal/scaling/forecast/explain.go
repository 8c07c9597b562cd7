package forecast

import (
	"fmt"

	"divims/internal/pool"
)

// explainPast says which weeks the forecast learned from.
func (f *forecast) explainPast() string {
	if len(f.in.Future) > 0 {
		return "the future is known"
	}
	past := f.model.past
	weekday := f.in.Now.In(f.in.Zone).Weekday().String()
	text := fmt.Sprintf("usual is the mean of the %ss in the weeks %s before this one", weekday, list(past.weeks))
	if len(past.unusual) > 0 {
		text += fmt.Sprintf("; left out as unusual at this time: %s", list(past.unusual))
	}
	if missing := pool.HistoryWeeks - len(past.weeks) - len(past.unusual); missing > 0 {
		text += fmt.Sprintf("; without samples: %d", missing)
	}
	return text
}

// list writes numbers as "1, 2 and 4".
func list(numbers []int) string {
	text := ""
	for i, n := range numbers {
		switch {
		case i > 0 && i == len(numbers)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text
}

// explainToday compares today with what is usual.
func (f *forecast) explainToday() string {
	actual, usual, level := f.model.actual, f.model.usualNow, f.model.level
	return fmt.Sprintf("now %.0f participants in %.0f meetings, usual are %.0f in %.0f; the last two hours were %.2f times as busy as usual by participants, %.2f times by meetings",
		actual.Participants, actual.Meetings, usual.Participants, usual.Meetings, level.Participants, level.Meetings)
}

// explainShare gives the planned load of one server.
func (f *forecast) explainShare() string {
	return fmt.Sprintf("a server's share is %.0f of %g participants, who come and go %.0f at a time, and %.1f of %g meetings",
		f.share.Participants, f.in.ServerCapacity.Participants, f.model.clump.Participants, f.share.Meetings, f.in.ServerCapacity.Meetings)
}

// explain gives the formula of a need with its numbers.
func (f *forecast) explain(n need) string {
	uncertainty := f.in.Room.Uncertainty
	return fmt.Sprintf("at %s max((%.0f + %g × %.0f - %.0f draining) / %.0f, (%.1f + %g × %.1f - %.1f draining) / %.1f) = %.2f servers",
		n.at.In(f.in.Zone).Format("15:04"),
		n.expected.Participants, uncertainty.Participants, n.deviation.Participants, n.draining.Participants, f.share.Participants,
		n.expected.Meetings, uncertainty.Meetings, n.deviation.Meetings, n.draining.Meetings, f.share.Meetings, n.servers)
}
