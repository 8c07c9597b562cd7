package report_test

import (
	"fmt"
	"math"
	"time"

	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// tuesday is a Tuesday morning in Paris.
var (
	paris = func() *time.Location {
		zone, err := time.LoadLocation("Europe/Paris")
		if err != nil {
			panic(err)
		}
		return zone
	}()
	tuesday = time.Date(2026, 3, 17, 10, 37, 20, 0, paris)
)

// campus is an invented pool.
type campus struct {
	size, peak int
	at         time.Time
	past       report.Past
}

func (c campus) about() report.About {
	return report.About{Pool: "campus", Size: c.size, ServerParticipants: 250, Interval: 5 * time.Minute, Zone: paris}
}

func (c campus) status() report.Status { return report.NewStatus(c.about(), c.at, c.past) }

// emptyPool is a pool before its first evaluation.
func emptyPool() campus {
	return campus{size: 12, at: tuesday, past: report.Past{History: pool.Seen([]pool.Sample(nil))}}
}

// busyPool is a pool on a usual morning, with a history of three weeks.
func busyPool(size, peak int) campus {
	c := campus{size: size, peak: peak, at: tuesday}
	var samples []pool.Sample
	for at := tuesday.AddDate(0, 0, -21).Truncate(5 * time.Minute); at.Before(tuesday); at = at.Add(5 * time.Minute) {
		samples = append(samples, c.sample(at))
	}
	c.past.History = pool.Seen(samples)
	last := c.record(samples[len(samples)-1])
	c.past.Last = &last
	for i := range report.DecisionsShown {
		record := c.record(samples[len(samples)-1-i])
		record.Servers, record.Plan.Verdicts = nil, record.Plan.Verdicts[:min(2, size)]
		if i%3 != 0 {
			record.Plan.Actions, record.Outcomes = nil, nil
		}
		c.past.Records = append(c.past.Records, record)
	}
	c.past.State = pool.State{LastEvaluation: last.At, Servers: map[int]*pool.ServerMemory{
		min(5, size): {Maintenance: &pool.Hold{Reason: "new disk", Author: "Ada", Since: tuesday.Add(-26 * time.Hour)}},
	}}
	return c
}

// people returns the number of participants: two peaks on weekdays, none at night.
func (c campus) people(at time.Time) int {
	local := at.In(paris)
	hour := float64(local.Hour()) + float64(local.Minute())/60
	peak := func(middle, width float64) float64 {
		distance := (hour - middle) / width
		return math.Exp(-distance * distance)
	}
	share := peak(10.5, 1.6) + 0.85*peak(15, 1.9) + 0.06*peak(20, 2)
	if day := local.Weekday(); day == time.Saturday || day == time.Sunday {
		share *= 0.08
	}
	return int(float64(c.peak) * share * (1 + 0.05*math.Sin(float64(at.Unix()/300))))
}

func (c campus) sample(at time.Time) pool.Sample {
	people := c.people(at)
	need := func(n int) int { return min(c.size, max(1, (2*n+249)/250)) }
	required, later := need(people), need(c.people(at.Add(-20*time.Minute)))
	enabled := max(required, later)
	running := min(c.size, max(enabled, need(c.people(at.Add(-70*time.Minute)))))
	calendar := 0
	if local := at.In(paris); local.Weekday() >= time.Monday && local.Weekday() <= time.Friday && local.Hour() >= 8 && local.Hour() < 18 {
		calendar = (c.size + 3) / 4
	}
	return pool.Sample{
		At: at, Participants: people, Meetings: (people + 17) / 18, Required: pool.Seen(max(required, calendar)),
		Enabled: max(enabled, calendar), Running: max(running, calendar), Draining: max(running, calendar) - max(enabled, calendar),
		Idle: pool.Seen(max(0, need(c.people(at.Add(5*time.Minute)))-max(running, calendar))), Price: pool.Seen(0.213 * float64(max(running, calendar))),
		Asked: map[string]int{"load": required, "schedule": calendar},
	}
}

// record returns the evaluation that belongs to a sample.
func (c campus) record(s pool.Sample) cycle.Record {
	required, _ := s.Required.Get()
	r := cycle.Record{
		At: s.At, Source: "cron", TookSeconds: 3.24, Participants: s.Participants, Meetings: s.Meetings,
		Enabled: s.Enabled, Serving: s.Enabled, Running: s.Running, Draining: s.Draining,
	}
	r.Plan.Required = scaling.Required{Servers: s.Required, Enabled: s.Enabled, Serving: s.Enabled, Capacity: pool.Seen(s.WeightedEnabled()), ServingCapacity: pool.Seen(s.Room()), Size: pool.Seen(float64(c.size)), Policies: []scaling.Answer{
		{Policy: scaling.PolicyLoad, Servers: pool.Seen(required), Why: []string{
			"compared with 1180 participants and 66 meetings 5m ago: ratios 1.06 and 1.06",
			fmt.Sprintf("participants: ceil(2 × %d / 250) = %d", s.Participants, (2*s.Participants+249)/250),
			fmt.Sprintf("meetings: ceil(2 × %d / 15) = %d", s.Meetings, (2*s.Meetings+14)/15), "at least 1"}},
		{Policy: scaling.PolicySchedule, Servers: pool.Seen((c.size + 3) / 4), Why: []string{
			"calendar: feed of calendar.example.com",
			"event that began Tue 2026-03-17 07:50 CET: users=25% of 3000; ceil(750 participants × 12 servers / 3000 participants) = 3 servers"}},
	}}
	for number := 1; number <= c.size; number++ {
		r.Servers = append(r.Servers, c.server(number, s))
		r.Plan.Verdicts = append(r.Plan.Verdicts, scaling.Verdict{Server: number, Health: r.Servers[number-1].Health, Why: fact.Verbatim(r.Servers[number-1].Why)})
	}
	r.Plan.Required.Policies[1].Outlook = []scaling.Expected{
		{At: tuesday.Add(203 * time.Minute), Servers: pool.Seen(c.size / 2)}, {At: tuesday.Add(443 * time.Minute), Servers: pool.Seen(1)},
	}
	next := min(s.Running+1, c.size)
	r.Outcomes = []cycle.Outcome{
		{Kind: scaling.Enable, Server: next, Domain: r.Servers[next-1].Domain, Reason: "short of 1 server; it has no machine", Result: scaling.Done},
		{Kind: scaling.Create, Server: next, Domain: r.Servers[next-1].Domain, Reason: "it is enabled and has no machine", Result: scaling.Done, Detail: "POP2-HC-8C-16G in fr-par-1"},
	}
	for _, o := range r.Outcomes {
		r.Plan.Actions = append(r.Plan.Actions, scaling.Action{Kind: o.Kind, Server: o.Server, Reason: fact.Verbatim(o.Reason)})
	}
	return r
}

// server returns a server that is in service, draining or at rest; servers 1 to 3 have
// something special.
func (c campus) server(number int, s pool.Sample) cycle.ServerRecord {
	servers := pool.Servers(c.size, 0, "bbb-w{n}", "bbb-w{n}.visio.example.com")
	r := cycle.ServerRecord{Server: servers[number-1], Entry: pool.Disabled, Health: scaling.Healthy}
	if number > s.Running {
		return r
	}
	r.Machine = &cycle.MachineRecord{ID: fmt.Sprint(number), Zone: "fr-par-1", Type: "POP2-HC-8C-16G", State: pool.Running, HourlyPrice: pool.Seen(0.213)}
	r.Entry, r.Online = pool.Enabled, true
	meetings := 1 + number*7%11
	r.Meetings, r.Participants = pool.Seen(meetings), pool.Seen(meetings*13)
	r.Load1, r.CPUs = pool.Seen(float64(meetings)*0.61), pool.Seen(8)
	r.Uptime, r.Certificate = pool.Seen(float64(number)*9000), pool.Seen(s.At.AddDate(0, 0, 20+number%60))
	r.Backlog = pool.Seen(map[string]int{"archived": number % 3})
	switch {
	case number > s.Enabled:
		r.Entry, r.LeftAlone = pool.Cordoned, "2 meetings are left on it"
	case number == 1:
		r.Health, r.Why = scaling.ToRecycle, "up for 7d4h, more than 7d"
		r.LeftAlone = "to recycle, but only 7 servers online without it, and 8 required: its replacement comes first"
	case number == 2:
		r.Load1 = pool.Seen(9.4)
	case number == 3:
		r.Online, r.Machine.State = false, pool.Starting
		r.Meetings, r.Participants, r.Load1, r.Uptime = pool.Reading[int]{}, pool.Reading[int]{}, pool.Reading[float64]{}, pool.Reading[float64]{}
	}
	return r
}

// alarmed adds unresponsive servers, a critical alert and long reasons.
func alarmed(c campus) campus {
	last := c.past.Last
	last.Plan.Alerts = []scaling.Alert{
		{Level: scaling.Warning, Subject: "calendar", Text: fact.Verbatim("stored copy of 2026-03-16 09:00: the feed of calendar.example.com answers HTTP status 503")},
		{Level: scaling.Critical, Subject: "network", Text: fact.Verbatim("nothing is changed: 9 of 12 running servers do not answer, more than 30 %; that many at once is the network")},
	}
	last.Plan.Withheld = fact.List{fact.Verbatim("everything: 9 of 12 running servers do not answer")}
	for i := range last.Servers {
		s := &last.Servers[i]
		if s.Machine == nil || i%4 == 0 {
			continue
		}
		s.Health, s.Online = scaling.Unresponsive, false
		s.Why = fmt.Sprintf("its machine has run for 2d%dh, yet BBB has not answered since 2026-03-17T09:20:00Z: meetings of %s: no answer in time", i, s.Domain)
		s.Meetings, s.Participants, s.Load1, s.CPUs = pool.Reading[int]{}, pool.Reading[int]{}, pool.Reading[float64]{}, pool.Reading[int]{}
		s.Unseen = []string{"recording backlog: the stats endpoint of " + s.Domain + " does not answer"}
		last.Plan.Alerts = append(last.Plan.Alerts, scaling.Alert{Level: scaling.Error, Subject: fmt.Sprintf("server %d", s.Number), Text: fact.Verbatim("unresponsive: " + s.Why)})
		last.Plan.Verdicts[i] = scaling.Verdict{Server: s.Number, Health: s.Health, Why: fact.Verbatim(s.Why), LeftAlone: fact.Verbatim("unresponsive, but one server is replaced at a time, and 1 is first")}
	}
	for i := range c.past.Records {
		c.past.Records[i].Plan.Alerts, c.past.Records[i].Plan.Withheld = last.Plan.Alerts, last.Plan.Withheld
		c.past.Records[i].Plan.Verdicts = last.Plan.Verdicts
	}
	c.past.Records[0].Outcomes[1].Result, c.past.Records[0].Outcomes[1].Detail = scaling.Failed, "out of stock: POP2-HC-8C-16G in fr-par-1"
	return c
}

// blinded makes the last evaluation one that could not read the pool.
func blinded(c campus) campus {
	c.past.Last.Blind = true
	c.past.Last.Plan.Required.Servers = pool.Unknown[int]("no policy has an answer")
	c.past.Last.Plan.Alerts = []scaling.Alert{{Level: scaling.Critical, Subject: "Scalelite", Text: fact.Verbatim("nothing is changed, the entries are unknown: entries of Scalelite: no answer in time")}}
	c.past.State.Paused = &pool.Hold{Reason: "exams", Author: "Ada", Since: tuesday.Add(-time.Hour)}
	c.at = c.at.Add(40 * time.Minute)
	return c
}

// withForecast adds a forecast for the next 12 hours.
func withForecast(c campus) campus {
	answer := scaling.Answer{Policy: scaling.PolicyForecast, Servers: pool.Seen(9), Why: []string{"the same hour of six weeks: 1180 to 1320 participants"}}
	for at := c.at.Truncate(time.Hour).Add(time.Hour); at.Before(c.at.Add(12 * time.Hour)); at = at.Add(time.Hour) {
		answer.Outlook = append(answer.Outlook, scaling.Expected{At: at, Participants: pool.Seen(c.people(at)), Upper: pool.Seen(c.people(at)*5/4 + 40)})
	}
	required := &c.past.Last.Plan.Required
	required.Policies = append(required.Policies, answer)
	return c
}
