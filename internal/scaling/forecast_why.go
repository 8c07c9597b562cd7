package scaling

import (
	"fmt"

	"divims/internal/pool"
)

// describePast says what the forecast learned from.
func (f forecast) describePast() string {
	if len(f.future.samples) > 0 {
		return "the future is known"
	}
	weekday := f.now.In(f.zone).Weekday().String()
	text := fmt.Sprintf("usual is the mean of the %ss in the weeks %s before this one", weekday, list(f.weeks))
	if len(f.unusual) > 0 {
		text += fmt.Sprintf("; left out as unusual at this time: %s", list(f.unusual))
	}
	if missing := pool.HistoryWeeks - len(f.weeks) - len(f.unusual); missing > 0 {
		text += fmt.Sprintf("; without samples: %d", missing)
	}
	return text
}

// list is "1, 2 and 4".
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

func (f forecast) describeToday() string {
	return fmt.Sprintf("now %.0f participants in %.0f meetings, usual are %.0f in %.0f; the last two hours were %.2f times as busy as usual by participants, %.2f times by meetings",
		f.actual.Participants, f.actual.Meetings, f.usualNow.Participants, f.usualNow.Meetings, f.level.Participants, f.level.Meetings)
}

func (f forecast) describeShare() string {
	return fmt.Sprintf("a server's share is %.0f of %g participants, who come and go %.0f at a time, and %.1f of %g meetings",
		f.share.Participants, f.one.Participants, f.clump.Participants, f.share.Meetings, f.one.Meetings)
}

// describe gives the formula of a need with its numbers.
func (f forecast) describe(n need) string {
	return fmt.Sprintf("at %s max((%.0f + %g × %.0f - %.0f draining) / %.0f, (%.1f + %g × %.1f - %.1f draining) / %.1f) = %.2f servers",
		n.at.In(f.zone).Format("15:04"),
		n.expected.Participants, f.unknown.Participants, n.deviation.Participants, n.draining.Participants, f.share.Participants,
		n.expected.Meetings, f.unknown.Meetings, n.deviation.Meetings, n.draining.Meetings, f.share.Meetings, n.servers)
}
