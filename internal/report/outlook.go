package report

import (
	"time"

	"divims/internal/scaling"
)

// outlook is what the policies expect for the coming hours.
type outlook struct {
	// expected and upper are the participants of the forecast; calendar has the
	// servers that the schedule requires.
	expected, upper, calendar series
}

// outlookLength is how far ahead the page shows what is expected.
const outlookLength = 12 * time.Hour

// outlook returns what the last evaluation's policies expect from now on.
func (v view) outlook() outlook {
	var o outlook
	if v.Last == nil {
		return o
	}
	for _, answer := range v.Last.Plan.Required.Policies {
		if servers, ok := answer.Servers.Get(); ok && answer.Policy == scaling.PolicySchedule && len(answer.Outlook) > 0 {
			o.calendar = append(o.calendar, value{v.At, float64(servers), true})
		}
		for _, e := range answer.Outlook {
			if e.At.After(v.At) && !e.At.After(v.At.Add(outlookLength)) {
				o.add(answer.Policy, e)
			}
		}
	}
	return o
}

func (o *outlook) add(policy scaling.Policy, e scaling.Expected) {
	if servers, ok := e.Servers.Get(); ok && policy == scaling.PolicySchedule {
		o.calendar = append(o.calendar, value{e.At, float64(servers), true})
	}
	participants, known := e.Participants.Get()
	if upper, ok := e.Upper.Get(); ok && known {
		o.expected = append(o.expected, value{e.At, float64(participants), true})
		o.upper = append(o.upper, value{e.At, float64(upper), true})
	}
}

// length returns how far the chart reaches into the future.
func (o outlook) length() time.Duration {
	if len(o.calendar)+len(o.expected) == 0 {
		return 0
	}
	return outlookLength
}

// outlookTile shows the forecast's peak, or else the calendar's next change.
func (v view) outlookTile() tile {
	ahead := v.outlook()
	t := tile{Label: v.T("next %s", v.Span(outlookLength)), Figure: notApplicable, Notes: []string{v.T("no policy looks ahead; the pool follows the current load")}}
	if len(ahead.calendar) > 0 {
		t.Notes = []string{v.T("no change in the calendar in the next %s", v.Span(outlookLength))}
	}
	for i := 1; i < len(ahead.calendar); i++ {
		if next := ahead.calendar[i]; next.value != ahead.calendar[i-1].value {
			t.Figure = v.Number(next.value, 0)
			t.Notes = []string{v.T("%s according to the calendar, from %s", v.form(int(next.value), "server/servers"), v.Moment(next.at))}
			break
		}
	}
	if len(ahead.upper) == 0 {
		return t
	}
	peak := 0
	for i := range ahead.upper {
		if ahead.upper[i].value > ahead.upper[peak].value {
			peak = i
		}
	}
	most := int(ahead.upper[peak].value)
	notes := []string{v.T("%s at most (%s); %s expected", v.form(most, "participant/participants"), v.Moment(ahead.upper[peak].at), v.Number(ahead.expected[peak].value, 0))}
	if t.Figure != notApplicable {
		notes = append(notes, t.Figure+" "+t.Notes[0])
	}
	return tile{Label: t.Label, Figure: v.Count(most), Notes: notes}
}
