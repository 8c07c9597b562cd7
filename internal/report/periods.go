package report

import (
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// period is a span of time with its charts and the same data as a table.
type period struct {
	Title  string
	Charts []chart
	// Caption, Head and Rows are the table.
	Caption string
	Head    []string
	Rows    [][]string
}

// Periods returns the last 24 hours and the last 7 days; nil without samples.
func (v view) Periods() []period {
	if len(v.samples) == 0 {
		return nil
	}
	maxGap := maxSampleAge(v.about.Interval)
	ahead := v.outlook()
	today := canvas{from: v.At.Add(-day), to: v.At.Add(ahead.length()), maxGap: maxGap}
	weekly := canvas{from: v.At.Add(-week), to: v.At, maxGap: 30*time.Minute + maxGap}
	return []period{
		v.period(v.T("Last 24 hours"), today, since(v.samples, today.from), ahead, time.Hour),
		v.period(v.T("Last 7 days"), weekly, v.History, outlook{}, day),
	}
}

func (v view) period(title string, c canvas, samples []pool.Sample, ahead outlook, step time.Duration) period {
	p := period{Title: title, Charts: []chart{v.participantsChart(c, samples, ahead), v.machinesChart(c, samples)}}
	hints := v.hints(c, samples, step)
	for i := range p.Charts {
		p.Charts[i].Hints = hints
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
		p.Caption = v.T("Highest value of each day")
		p.Head, p.Rows = v.dayRows(c.from)
	} else {
		p.Caption = v.T("Highest value of each hour")
		p.Head, p.Rows = v.hourRows(samples)
	}
	return p
}

// participantsChart shows the participants, and the capacity of the serving and the
// required servers.
func (v view) participantsChart(c canvas, samples []pool.Sample, ahead outlook) chart {
	each := v.about.ServerParticipants
	participants := seriesOf(samples, known(func(s pool.Sample) int { return s.Participants }))
	serving := seriesOf(samples, known(func(s pool.Sample) int { return v.about.participants(s.Room()) }))
	required := seriesOf(samples, func(s pool.Sample) (int, bool) { return s.Required.Get() }).times(each)
	requiredBy := func(policy scaling.Policy) series {
		return seriesOf(samples, func(s pool.Sample) (int, bool) {
			servers, ok := s.Asked[string(policy)]
			return servers, ok
		}).times(each)
	}
	top, values := levels(max(participants.max(), serving.max(), required.max(), ahead.upper.max(), ahead.calendar.max()*float64(each)))
	c.top = top
	future, calendar := c, ahead.calendar.times(each)
	future.maxGap = week // policies give few values, and there are no gaps between them
	if n := len(calendar); n > 0 {
		calendar = append(calendar, value{c.to, calendar[n-1].value, true})
	}
	drawn := chart{Title: v.T("Participants and capacity"), Levels: c.levelMarks(v.language, values)}
	add := func(class, path, key string) {
		if path != "" {
			drawn.Layers = append(drawn.Layers, layer{class, path, key})
		}
	}
	add("band", future.between(ahead.expected, ahead.upper, straight), v.T("between expected and upper bound"))
	add("fill", c.area(participants), "")
	add("schedule", c.steps(requiredBy(scaling.PolicySchedule))+future.steps(calendar), v.T("required by the calendar"))
	add("forecast", c.steps(requiredBy(scaling.PolicyForecast)), v.T("required by the forecast"))
	add("required", c.steps(required), v.T("capacity of required servers"))
	add("enabled", c.steps(serving), v.T("capacity of serving servers"))
	add("expected", future.line(ahead.expected), "")
	add("people", c.line(participants), v.T("participants"))
	drawn.Alt = v.T("From %s to %s today: at most %s; capacity of serving servers: %s to %s; capacity of required servers: at most %s.",
		v.Moment(c.from), v.Moment(v.At), v.N(int(participants.max()), "participant/participants"), v.Number(serving.min(), 0),
		v.Number(serving.max(), 0), v.Number(required.max(), 0))
	return drawn
}

// machinesChart shows the machines stacked by their use.
func (v view) machinesChart(c canvas, samples []pool.Sample) chart {
	zero := seriesOf(samples, known(func(pool.Sample) int { return 0 }))
	serving := seriesOf(samples, known(func(s pool.Sample) int { return s.Running - s.Draining }))
	running := seriesOf(samples, known(func(s pool.Sample) int { return s.Running }))
	all := seriesOf(samples, known(func(s pool.Sample) int {
		idle, _ := s.Idle.Get() // an unknown number is drawn as 0
		return s.Running + idle
	}))
	top, values := levels(all.max())
	c.top = top
	return chart{
		Title: v.T("Machines"), Levels: c.levelMarks(v.language, values),
		Layers: []layer{
			{"serving", c.between(zero, serving, stepped), v.T("in service")},
			{"draining", c.between(serving, running, stepped), v.T("draining")},
			{"idle", c.between(running, all, stepped), v.T("not running")},
		},
		Alt: v.T("From %s to %s today: %s to %s machines running.", v.Moment(c.from), v.Moment(v.At), v.Number(running.min(), 0), v.Number(running.max(), 0)),
	}
}

// hints returns the highest values of each hour or, if the step is a day, of each
// three hours.
func (v view) hints(c canvas, samples []pool.Sample, step time.Duration) []hint {
	if step == day {
		step = 3 * time.Hour
	}
	var hints []hint
	for _, s := range downsample(samples, step) {
		from := s.At.Truncate(step)
		left, right := c.x(from), c.x(from.Add(step))
		hints = append(hints, hint{
			Left: percentOf(left, chartWidth), Width: percentOf(right-left, chartWidth),
			Text: v.T("%s: %s; capacity: %s; servers required: %s; machines running: %s", v.Moment(s.At), v.N(s.Participants, "participant/participants"),
				v.Count(v.about.participants(s.Room())), v.Maybe(s.Required), v.Count(s.Running)),
		})
	}
	return hints
}

// hourRows returns the table of the highest values of each hour.
func (v view) hourRows(samples []pool.Sample) (head []string, rows [][]string) {
	head = []string{v.T("time"), v.T("participants"), v.T("servers enabled"), v.T("required"), v.T("machines running"), v.T("draining")}
	for _, s := range downsample(samples, time.Hour) {
		rows = append(rows, []string{v.Moment(s.At), v.Count(s.Participants), v.Count(s.Enabled), v.Maybe(s.Required), v.Count(s.Running), v.Count(s.Draining)})
	}
	return head, rows
}

// dayRows returns the table of the highest values of each day, with its cost.
func (v view) dayRows(from time.Time) (head []string, rows [][]string) {
	head = []string{v.T("day"), v.T("participants"), v.T("servers enabled"), v.T("required"), v.T("machine-hours"), v.T("cost")}
	for at := midnight(from.In(v.about.Zone)); at.Before(v.At); at = at.AddDate(0, 0, 1) {
		next := at.AddDate(0, 0, 1)
		samples := since(v.samples, at)
		samples = samples[:len(samples)-len(since(v.samples, next))]
		if len(samples) == 0 {
			continue
		}
		cost := costOf(samples, at, next, maxSampleAge(v.about.Interval), v.Size)
		highest := samples[0]
		for _, s := range samples[1:] {
			highest = maxSample(highest, s)
		}
		rows = append(rows, []string{v.Date(at), v.Count(highest.Participants), v.Count(highest.Enabled), v.Maybe(highest.Required),
			v.Number(cost.MachineHours, 1), v.Euros(cost.Euros, 2)})
	}
	return head, rows
}
