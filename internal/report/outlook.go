package report

import (
	"time"

	"divims/internal/scaling"
)

// outlook is what policies expect of the time to come.
type outlook struct {
	// expected and upper are the people of the forecast, calendar are the servers
	// that the schedule asks for, from now on.
	expected, upper, calendar series
}

// mostAhead is how much of the future is told of, beside a day of the past.
const mostAhead = 12 * time.Hour

// outlook is what the last evaluation's policies expect of the time after now.
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
			if e.At.After(v.At) && !e.At.After(v.At.Add(mostAhead)) {
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

// length is how much of the future is drawn.
func (o outlook) length() time.Duration {
	if len(o.calendar)+len(o.expected) == 0 {
		return 0
	}
	return mostAhead
}

// coming is what is expected, in short: the forecast's peak, or else the
// calendar's next change.
func (v view) coming() tile {
	ahead := v.outlook()
	t := tile{Label: v.T("coming"), Figure: nothing, Notes: []string{v.T("no policy looks ahead: the pool follows its load")}}
	if len(ahead.calendar) > 0 {
		t.Notes = []string{v.T("the calendar changes nothing within %s", v.Span(mostAhead))}
	}
	for i := 1; i < len(ahead.calendar); i++ {
		if next := ahead.calendar[i]; next.value != ahead.calendar[i-1].value {
			t.Figure = v.Number(next.value, 0)
			t.Notes = []string{v.T("%s by the calendar, from %s", v.form(int(next.value), "server/servers"), v.Moment(next.at))}
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
	notes := []string{v.T("%s at most, at %s; %s expected", v.form(most, "person/people"), v.Moment(ahead.upper[peak].at), v.Number(ahead.expected[peak].value, 0))}
	if t.Figure != nothing {
		notes = append(notes, t.Figure+" "+t.Notes[0])
	}
	return tile{Label: t.Label, Figure: v.Count(most), Notes: notes}
}
