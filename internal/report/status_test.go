package report_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// TestVerdict: the verdict is the most urgent thing that needs somebody, and
// silence is one of them.
func TestVerdict(t *testing.T) {
	alert := func(levels ...scaling.Level) func(*campus) {
		return func(c *campus) {
			for _, level := range levels {
				c.past.Last.Plan.Alerts = append(c.past.Last.Plan.Alerts, scaling.Alert{Level: level, Subject: "s"})
			}
		}
	}
	for name, test := range map[string]struct {
		change  func(*campus)
		verdict report.Verdict
		first   string
	}{
		"nothing is wrong":                 {func(*campus) {}, report.Well, ""},
		"the worst alert counts":           {alert(scaling.Warning, scaling.Critical, scaling.Error), "critical", "s"},
		"a warning alone":                  {alert(scaling.Warning), "warning", "s"},
		"an evaluation is a little late":   {func(c *campus) { c.at = c.at.Add(9 * time.Minute) }, report.Well, ""},
		"evaluations have ceased":          {func(c *campus) { c.at = c.at.Add(15 * time.Minute) }, "error", "evaluation"},
		"paused since the last evaluation": {func(c *campus) { c.past.State.Paused = &pool.Hold{Author: "Ada"} }, "warning", "paused"},
		"the history cannot be read":       {func(c *campus) { c.past.History = pool.Unknown[[]pool.Sample]("HTTP status 500") }, "warning", "history"},
		"nothing has been evaluated":       {func(c *campus) { *c = emptyPool() }, report.Unjudged, ""},
		"an alert goes before a pause of ours": {func(c *campus) {
			alert(scaling.Error)(c)
			c.past.State.Paused = &pool.Hold{Author: "Ada"}
		}, "error", "s"},
	} {
		t.Run(name, func(t *testing.T) {
			c := busyPool(3, 300)
			test.change(&c)
			status := c.status()
			if status.Verdict != test.verdict {
				t.Errorf("verdict %q, wanted %q", status.Verdict, test.verdict)
			}
			if test.first != "" && (len(status.Needs) == 0 || status.Needs[0].Subject != test.first) {
				t.Errorf("needs %+v, wanted %q first", status.Needs, test.first)
			}
		})
	}
}

// TestAPauseIsToldOnce: the last evaluation's own word on it suffices.
func TestAPauseIsToldOnce(t *testing.T) {
	c := busyPool(3, 300)
	c.past.State.Paused = &pool.Hold{Author: "Ada", Reason: "exams"}
	c.past.Last.Plan.Alerts = []scaling.Alert{{Level: scaling.Warning, Subject: "paused", Text: "nothing is changed: paused by Ada"}}
	if needs := c.status().Needs; len(needs) != 1 {
		t.Errorf("%+v", needs)
	}
}

// TestCost adds up by hand: 2 machines from midnight to one, 4 until half past
// two (a sample stands for 12.5 minutes when none follows), at 0.25 € an hour.
func TestCost(t *testing.T) {
	midnight := time.Date(2026, 3, 17, 0, 0, 0, 0, paris)
	var samples []pool.Sample
	for at := midnight.Add(-time.Hour); at.Before(midnight.Add(150 * time.Minute)); at = at.Add(5 * time.Minute) {
		running := 2
		if !at.Before(midnight.Add(time.Hour)) {
			running = 4
		}
		samples = append(samples, pool.Sample{At: at, Running: running, Price: pool.Seen(0.25 * float64(running))})
	}
	c := campus{size: 10, at: midnight.Add(12 * time.Hour), past: report.Past{History: pool.Seen(samples)}}
	// The last sample is of 02:25 and stands until 02:37:30.
	hours, machines := 2+37.5/60, 2+4*(1+37.5/60)
	cost := c.status().Today
	near(t, "hours", cost.Hours, hours)
	near(t, "machine-hours", cost.MachineHours, machines)
	near(t, "fixed hours", cost.FixedHours, 10*hours)
	euros, _ := cost.Euros.Get()
	fixed, _ := cost.FixedEuros.Get()
	near(t, "euros", euros, 0.25*machines)
	near(t, "fixed euros", fixed, 2.5*hours)
	saved, _ := cost.Saved().Get()
	near(t, "saved", saved, 1-machines/(10*hours))
	near(t, "the month's machine-hours", c.status().Month.MachineHours, machines+2)

	for i := range samples {
		samples[i].Price = pool.Reading[float64]{}
	}
	if cost := c.status().Today; cost.Euros.Known() || cost.FixedEuros.Known() || cost.MachineHours == 0 {
		t.Errorf("without a price the machine-hours are known and the euros are not: %+v", cost)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %g, wanted %g", what, got, want)
	}
}

// TestDaysAreThePools: midnight and the first of the month are those of the
// pool's zone, also when its clocks change.
func TestDaysAreThePools(t *testing.T) {
	at := time.Date(2026, 3, 29, 22, 30, 0, 0, time.UTC) // 00:30 on the 30th, an hour after the change to summer time
	status := report.NewStatus(report.About{Zone: paris, Interval: 5 * time.Minute}, at, report.Past{})
	if got, want := status.Today.From.UTC(), time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("today began at %v, wanted %v", got, want)
	}
	if got, want := status.Month.From.UTC(), time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the month began at %v, wanted %v", got, want)
	}
	about := report.About{Zone: paris}
	if got, want := about.HistoryFrom(at), status.Month.From; !got.Equal(want) {
		t.Errorf("the history is read from %v, wanted the first of the month", got)
	}
	if first := time.Date(2026, 3, 2, 12, 0, 0, 0, paris); !about.HistoryFrom(first).Equal(first.AddDate(0, 0, -7)) {
		t.Error("early in a month the history is that of seven days")
	}
}

// TestTheFourShowTheSame: the people, the room and the cost of the page are those
// of the JSON, the metrics and the text.
func TestTheFourShowTheSame(t *testing.T) {
	status := busyPool(12, 1200).status()
	var page, text, metrics strings.Builder
	for _, err := range []error{status.Page(&page, "en"), status.Text(&text), status.Metrics(&metrics)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	encoded, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	for what, wanted := range map[string][4]string{
		"people":   {"<b>1,250</b>", "1250 participants", "divims_participants{pool=\"campus\"} 1250\n", `"participants":1250`},
		"room":     {"the room for 2,500", "room for 2500 participants", "divims_capacity_participants{pool=\"campus\"} 2500\n", `"capacity":2500`},
		"required": {"10 required", "10 servers required", "divims_servers_required{pool=\"campus\"} 10\n", `"servers":10`},
		"cost":     {"€5.14", "€5.14", "divims_cost_euros{period=\"day\",pool=\"campus\"} 5.14", `"euros":5.14`},
		"verdict":  {"All is well", "verdict: well", "divims_alerts{level=\"error\",pool=\"campus\"} 0\n", `"verdict":"well"`},
	} {
		for i, shown := range []string{page.String(), text.String(), metrics.String(), string(encoded)} {
			if !strings.Contains(shown, wanted[i]) {
				t.Errorf("%s: %q is not in the %s", what, wanted[i], [...]string{"page", "text", "metrics", "JSON"}[i])
			}
		}
	}
}

// TestThePageTellsEveryServerAndDecision of a small pool, in both languages.
func TestThePageTellsEveryServerAndDecision(t *testing.T) {
	c := busyPool(12, 1200)
	for _, language := range []string{"en", "fr"} {
		var page strings.Builder
		if err := c.status().Page(&page, language); err != nil {
			t.Fatal(err)
		}
		for _, server := range c.past.Last.Servers {
			if !strings.Contains(page.String(), `title="`+server.Domain+`"`) {
				t.Errorf("%s: server %d is not on the page", language, server.Number)
			}
		}
		if n := strings.Count(page.String(), `<details class="decision">`); n != report.DecisionsShown {
			t.Errorf("%s: %d decisions", language, n)
		}
	}
}

// TestRoomIsCountedWithMultipliers: servers that Scalelite gives half as many people
// carry half as many.
func TestRoomIsCountedWithMultipliers(t *testing.T) {
	c := busyPool(12, 1200)
	required := &c.past.Last.Plan.Required
	required.Capacity, required.Size, required.UsedUp = pool.Seen(4.5), pool.Seen(6.), true
	samples, _ := c.past.History.Get()
	for i := range samples {
		samples[i].Count(0.5)
	}
	var page, text, metrics strings.Builder
	if err := errors.Join(c.status().Page(&page, "en"), c.status().Text(&text), c.status().Metrics(&metrics)); err != nil {
		t.Fatal(err)
	}
	for _, told := range []struct{ by, text, wanted string }{
		{"page", page.String(), "of the room for 1,125<"},
		{"page", page.String(), "they count as 4.5<"},
		{"page", page.String(), "room for 125 to 125 on enabled servers"},
		{"page", page.String(), "participants, room for 125 on enabled servers"},
		{"text", text.String(), "room for 1125 participants"},
		{"metrics", metrics.String(), "divims_capacity_participants{pool=\"campus\"} 1125\n"},
		{"metrics", metrics.String(), "divims_capacity_servers{pool=\"campus\"} 4.5\n"},
		{"metrics", metrics.String(), "divims_pool_capacity_servers{pool=\"campus\"} 6\n"},
		{"metrics", metrics.String(), "divims_pool_used_up{pool=\"campus\"} 1\n"},
	} {
		if !strings.Contains(told.text, told.wanted) {
			t.Errorf("%q is not in the %s", told.wanted, told.by)
		}
	}
}

func TestTagsAndMultipliersOfServersAreTold(t *testing.T) {
	c := busyPool(3, 300)
	c.past.Last.Servers[0].Tag, c.past.Last.Servers[0].LoadMultiplier = "exams", 0.5
	var page, text strings.Builder
	if err := errors.Join(c.status().Page(&page, "fr"), c.status().Text(&text)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "activé, étiquette exams, multiplicateur 0.5<") {
		t.Error("the page does not tell the server's tag and multiplier")
	}
	if !strings.Contains(text.String(), "enabled, online, tag exams, multiplier 0.5 ") {
		t.Errorf("the status does not tell the server's tag and multiplier:\n%s", &text)
	}
}

func TestWhatOperatorsOrderedIsToldBeforeItIsDone(t *testing.T) {
	c := busyPool(3, 300)
	c.past.State.Interventions = []pool.Intervention{
		{At: tuesday, Server: 2, Change: "to be recycled", Author: "Ada", Reason: "odd noises"}, {At: tuesday, Change: "the pause ends"},
	}
	var page, text strings.Builder
	if err := errors.Join(c.status().Page(&page, "fr"), c.status().Text(&text)); err != nil {
		t.Fatal(err)
	}
	if want := "Pour la prochaine évaluation : <span lang=\"en\">server 2: to be recycled, by Ada: odd noises"; !strings.Contains(page.String(), want) {
		t.Error("the page does not tell of the order")
	}
	if want := "for the next evaluation: server 2: to be recycled, by Ada: odd noises\nfor the next evaluation: the pause ends\n"; !strings.Contains(text.String(), want) {
		t.Errorf("the status does not tell of the order:\n%s", &text)
	}
}

func TestAServerThatStartsNeedNotAnswer(t *testing.T) {
	for online, told := range map[bool]bool{false: false, true: true} {
		c := busyPool(3, 300)
		server := &c.past.Last.Servers[0]
		server.Health, server.Online, server.Unseen = scaling.Healthy, online, []string{"HTTP status 502"}
		var page strings.Builder
		if err := c.status().Page(&page, "en"); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.String(), "HTTP status 502") != told {
			t.Errorf("online is %t, and whether it is told that it does not answer is not %t", online, told)
		}
	}
}

// TestHowLongNothingWasDone is counted beyond the decisions that are listed.
func TestHowLongNothingWasDone(t *testing.T) {
	c := busyPool(3, 300)
	acted := c.past.Records[0]
	c.past.Records = nil
	for i := range 27 {
		c.past.Records = append(c.past.Records, cycle.Record{At: c.at.Add(-time.Duration(i) * 5 * time.Minute)})
	}
	c.past.Records = append(c.past.Records, acted)
	var page strings.Builder
	if err := c.status().Page(&page, "en"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "since then 27\u00a0evaluations with nothing to do") {
		t.Error("27 evaluations with nothing to do are not told of")
	}
}

// TestAForcedNumberIsOfServersWithoutATag, which is said where there are others.
func TestAForcedNumberIsOfServersWithoutATag(t *testing.T) {
	const page, text = "Servers with a tag go by their own load.", "servers with a tag go by their own load\n"
	for name, tagged := range map[string][]scaling.Group{"no tag": nil, "a tag": {{Tag: "exams"}}} {
		t.Run(name, func(t *testing.T) {
			c := busyPool(3, 300)
			c.past.State.Forced = &pool.Forced{Hold: pool.Hold{Reason: "exams", Author: "Ada"}, Servers: 1, Until: tuesday.Add(time.Hour)}
			c.past.Last.Plan.Tagged = tagged
			var shown, told strings.Builder
			if err := errors.Join(c.status().Page(&shown, "en"), c.status().Text(&told)); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(shown.String(), "Forced: 1\u00a0server until 11:37, by Ada.") {
				t.Error("the page does not tell what is forced")
			}
			if said := strings.Contains(shown.String(), page); said != (tagged != nil) {
				t.Errorf("the page speaks of tags: %t", said)
			}
			if said := strings.Contains(told.String(), text); said != (tagged != nil) {
				t.Errorf("the status speaks of tags: %t", said)
			}
		})
	}
}

// TestTimesOfTheDecisionAreInThePoolsZone: reasons hold UTC, the page does not.
func TestTimesOfTheDecisionAreInThePoolsZone(t *testing.T) {
	c := alarmed(busyPool(12, 1200))
	var page strings.Builder
	if err := c.status().Page(&page, "fr"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "has not answered since 10:20") || strings.Contains(page.String(), "2026-03-17T09:20:00Z:") {
		t.Error("09:20 UTC is 10:20 in Paris")
	}
}
