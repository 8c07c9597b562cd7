package report

import (
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// period is a stretch of time that is drawn, with what it is drawn from.
type period struct {
	Title  string
	Charts []chart
	// Head and Rows are the same in figures.
	Caption string
	Head    []string
	Rows    [][]string
}

// Periods are the last 24 hours and the last 7 days.
func (v view) Periods() []period {
	if len(v.samples) == 0 {
		return nil
	}
	hold := longestHold(v.about.Interval)
	ahead := v.outlook()
	today := canvas{from: v.At.Add(-day), to: v.At.Add(ahead.length()), hold: hold}
	weekly := canvas{from: v.At.Add(-week), to: v.At, hold: 30*time.Minute + hold}
	return []period{
		v.period(v.T("The last 24 hours"), today, since(v.samples, today.from), ahead, time.Hour),
		v.period(v.T("The last 7 days"), weekly, v.History, outlook{}, day),
	}
}

func (v view) period(title string, c canvas, samples []pool.Sample, ahead outlook, step time.Duration) period {
	p := period{Title: title, Charts: []chart{v.peopleChart(c, samples, ahead), v.machinesChart(c, samples)}}
	parts := v.parts(c, samples, step)
	for i := range p.Charts {
		p.Charts[i].Parts = parts
		if step == day {
			p.Charts[i].Times = c.dayMarks(v.language, v.about.Zone)
		} else {
			p.Charts[i].Times = c.hourMarks(v.about.Zone)
		}
		if v.At.Before(c.to) {
			p.Charts[i].Now = c.percent(v.At)
		}
	}
	if step == day {
		p.Caption = v.T("The most of each day")
		p.Head, p.Rows = v.dayRows(c.from)
	} else {
		p.Caption = v.T("The most of each hour")
		p.Head, p.Rows = v.hourRows(samples)
	}
	return p
}

// peopleChart shows participants against what enabled and required servers carry.
func (v view) peopleChart(c canvas, samples []pool.Sample, ahead outlook) chart {
	each := v.about.ServerParticipants
	people := seriesOf(samples, always(func(s pool.Sample) int { return s.Participants }))
	enabled := seriesOf(samples, always(func(s pool.Sample) int { return v.about.carry(s.Counted()) }))
	required := seriesOf(samples, func(s pool.Sample) (int, bool) { return s.Required.Get() }).times(each)
	asked := func(policy scaling.Policy) series {
		return seriesOf(samples, func(s pool.Sample) (int, bool) {
			servers, ok := s.Asked[string(policy)]
			return servers, ok
		}).times(each)
	}
	top, values := levels(max(people.most(), enabled.most(), required.most(), ahead.upper.most(), ahead.calendar.most()*float64(each)))
	c.top = top
	future, calendar := c, ahead.calendar.times(each)
	future.hold = week // a policy tells of few moments, and none of them is a gap
	if n := len(calendar); n > 0 {
		calendar = append(calendar, value{c.to, calendar[n-1].value, true})
	}
	drawn := chart{Title: v.T("Participants and room for them"), Levels: c.levelMarks(v.language, values)}
	add := func(class, path, key string) {
		if path != "" {
			drawn.Layers = append(drawn.Layers, layer{class, path, key})
		}
	}
	add("band", future.between(ahead.expected, ahead.upper, straight), v.T("expected, up to the upper bound"))
	add("fill", c.filled(people), "")
	add("schedule", c.steps(asked(scaling.PolicySchedule))+future.steps(calendar), v.T("asked for by the calendar"))
	add("forecast", c.steps(asked(scaling.PolicyForecast)), v.T("asked for by the forecast"))
	add("required", c.steps(required), v.T("room on required servers"))
	add("enabled", c.steps(enabled), v.T("room on enabled servers"))
	add("expected", future.line(ahead.expected), "")
	add("people", c.line(people), v.T("participants"))
	drawn.Alt = v.T("%s to %s: at most %s, room for %s to %s on enabled servers, for at most %s on required ones.",
		v.Moment(c.from), v.Moment(v.At), v.N(int(people.most()), "participant/participants"), v.Number(enabled.least(), 0),
		v.Number(enabled.most(), 0), v.Number(required.most(), 0))
	return drawn
}

// machinesChart shows the machines one on top of the other, by what they do.
func (v view) machinesChart(c canvas, samples []pool.Sample) chart {
	ground := seriesOf(samples, always(func(pool.Sample) int { return 0 }))
	serving := seriesOf(samples, always(func(s pool.Sample) int { return s.Running - s.Draining }))
	running := seriesOf(samples, always(func(s pool.Sample) int { return s.Running }))
	all := seriesOf(samples, always(func(s pool.Sample) int {
		idle, _ := s.Idle.Get() // nothing is drawn of what is unknown
		return s.Running + idle
	}))
	top, values := levels(all.most())
	c.top = top
	return chart{
		Title: v.T("Machines"), Levels: c.levelMarks(v.language, values),
		Layers: []layer{
			{"serving", c.between(ground, serving, stepped), v.T("in service")},
			{"draining", c.between(serving, running, stepped), v.T("draining")},
			{"idle", c.between(running, all, stepped), v.T("not running")},
		},
		Alt: v.T("%s to %s: %s to %s machines ran.", v.Moment(c.from), v.Moment(v.At), v.Number(running.least(), 0), v.Number(running.most(), 0)),
	}
}

// parts tell the figures of each hour or, of a week, of three hours.
func (v view) parts(c canvas, samples []pool.Sample, step time.Duration) []part {
	if step == day {
		step = 3 * time.Hour
	}
	var parts []part
	for _, s := range thin(samples, step) {
		from := s.At.Truncate(step)
		left, right := c.x(from), c.x(from.Add(step))
		parts = append(parts, part{
			Left: percentOf(left, chartWidth), Width: percentOf(right-left, chartWidth),
			Text: v.T("%s: %s, room for %s on enabled servers, %s required, %s running", v.Moment(s.At), v.N(s.Participants, "participant/participants"),
				v.Count(v.about.carry(s.Counted())), v.Maybe(s.Required), v.Count(s.Running)),
		})
	}
	return parts
}

// hourRows are the most of each hour in figures.
func (v view) hourRows(samples []pool.Sample) (head []string, rows [][]string) {
	head = []string{v.T("from"), v.T("participants"), v.T("servers enabled"), v.T("required"), v.T("machines running"), v.T("draining")}
	for _, s := range thin(samples, time.Hour) {
		rows = append(rows, []string{v.Moment(s.At), v.Count(s.Participants), v.Count(s.Enabled), v.Maybe(s.Required), v.Count(s.Running), v.Count(s.Draining)})
	}
	return head, rows
}

// dayRows are the most of each day in figures, and what it cost.
func (v view) dayRows(from time.Time) (head []string, rows [][]string) {
	head = []string{v.T("day"), v.T("participants"), v.T("servers enabled"), v.T("required"), v.T("machine-hours"), v.T("cost")}
	for at := midnight(from.In(v.about.Zone)); at.Before(v.At); at = at.AddDate(0, 0, 1) {
		next := at.AddDate(0, 0, 1)
		samples := since(v.samples, at)
		samples = samples[:len(samples)-len(since(v.samples, next))]
		if len(samples) == 0 {
			continue
		}
		cost := costOf(samples, at, next, longestHold(v.about.Interval), v.Size)
		most := samples[0]
		for _, s := range samples[1:] {
			most = larger(most, s)
		}
		rows = append(rows, []string{v.Date(at), v.Count(most.Participants), v.Count(most.Enabled), v.Maybe(most.Required),
			v.Number(cost.MachineHours, 1), v.Euros(cost.Euros, 2)})
	}
	return head, rows
}
