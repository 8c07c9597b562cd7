package report_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// TestVerdictIsTheMostUrgentAlert includes the alerts that the report itself raises.
func TestVerdictIsTheMostUrgentAlert(t *testing.T) {
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
		"no alert":                         {func(*campus) {}, report.Well, ""},
		"three alerts":                     {alert(scaling.Warning, scaling.Critical, scaling.Error), "critical", "s"},
		"a warning":                        {alert(scaling.Warning), "warning", "s"},
		"an evaluation is a little late":   {func(c *campus) { c.at = c.at.Add(9 * time.Minute) }, report.Well, ""},
		"evaluations have stopped":         {func(c *campus) { c.at = c.at.Add(15 * time.Minute) }, "error", "state"},
		"paused since the last evaluation": {func(c *campus) { c.past.State.Paused = &pool.Hold{Author: "Ada"} }, "warning", "paused"},
		"the history cannot be read":       {func(c *campus) { c.past.History = pool.Unknown[[]pool.Sample]("HTTP status 500") }, "warning", "storage"},
		"no evaluation yet":                {func(c *campus) { *c = emptyPool() }, report.Unjudged, ""},
		"an error besides a new pause": {func(c *campus) {
			alert(scaling.Error)(c)
			c.past.State.Paused = &pool.Hold{Author: "Ada"}
		}, "error", "s"},
	} {
		t.Run(name, func(t *testing.T) {
			c := busyPool(3, 300)
			test.change(&c)
			status := c.status()
			if status.Verdict != test.verdict {
				t.Errorf("verdict %q, want %q", status.Verdict, test.verdict)
			}
			if test.first != "" && (len(status.Alerts) == 0 || status.Alerts[0].Subject != test.first) {
				t.Errorf("alerts %+v, want %q first", status.Alerts, test.first)
			}
		})
	}
}

// TestPauseIsOneAlert checks that the report adds no alert to the decision's own.
func TestPauseIsOneAlert(t *testing.T) {
	c := busyPool(3, 300)
	c.past.State.Paused = &pool.Hold{Author: "Ada", Reason: "exams"}
	c.past.Last.Plan.Alerts = []scaling.Alert{{Level: scaling.Warning, Subject: "paused", Text: fact.Verbatim("nothing is changed: paused by Ada")}}
	if alerts := c.status().Alerts; len(alerts) != 1 {
		t.Errorf("%+v", alerts)
	}
}

// TestCostOfADay is worked out by hand: 2 machines from 00:00 to 01:00, then 4 until
// 02:37:30, since the last sample of 02:25 is valid for 12.5 minutes; 0.25 € per hour.
func TestCostOfADay(t *testing.T) {
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
		t.Errorf("without prices: %+v; want machine-hours but no euros", cost)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %g, want %g", what, got, want)
	}
}

// TestDaysStartInThePoolsZone uses a day after the clocks have changed.
func TestDaysStartInThePoolsZone(t *testing.T) {
	at := time.Date(2026, 3, 29, 22, 30, 0, 0, time.UTC) // 00:30 on the 30th, an hour after the change to summer time
	status := report.NewStatus(report.About{Zone: paris, Interval: 5 * time.Minute}, at, report.Past{})
	if got, want := status.Today.From.UTC(), time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("today starts at %v, want %v", got, want)
	}
	if got, want := status.Month.From.UTC(), time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the month starts at %v, want %v", got, want)
	}
	about := report.About{Zone: paris}
	if got, want := about.HistoryFrom(at), status.Month.From; !got.Equal(want) {
		t.Errorf("the history starts at %v, want the first of the month", got)
	}
	if first := time.Date(2026, 3, 2, 12, 0, 0, 0, paris); !about.HistoryFrom(first).Equal(first.AddDate(0, 0, -7)) {
		t.Error("early in a month the history does not start seven days ago")
	}
}

// TestAllFormatsShowTheSame compares the page, the text, the metrics and the JSON.
func TestAllFormatsShowTheSame(t *testing.T) {
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
		"capacity": {"the capacity (2,500)", "capacity for 2500 participants", "divims_capacity_participants{pool=\"campus\"} 2500\n", `"capacity":2500`},
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

func TestPageShowsEveryServerAndDecision(t *testing.T) {
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

// TestCapacityIsWeightedByMultipliers has servers with a load multiplier other than 1.
func TestCapacityIsWeightedByMultipliers(t *testing.T) {
	c := busyPool(12, 1200)
	required := &c.past.Last.Plan.Required
	required.Capacity, required.ServingCapacity, required.Size, required.UsedUp = pool.Seen(4.5), pool.Seen(3.5), pool.Seen(6.), true
	samples, _ := c.past.History.Get()
	for i := range samples {
		samples[i].SetCapacity(0.5)
		samples[i].Serving = pool.Seen(0.4)
	}
	var page, text, metrics strings.Builder
	if err := errors.Join(c.status().Page(&page, "en"), c.status().Text(&text), c.status().Metrics(&metrics)); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []struct{ format, text, wanted string }{
		{"page", page.String(), "of the capacity (875)<"},
		{"page", page.String(), "they count as 4.5 (load multipliers)<"},
		{"page", page.String(), "capacity of serving servers: 100 to 100"},
		{"page", page.String(), "participants; capacity: 100; "},
		{"text", text.String(), "capacity for 875 participants"},
		{"metrics", metrics.String(), "divims_capacity_participants{pool=\"campus\"} 875\n"},
		{"metrics", metrics.String(), "divims_serving_capacity_servers{pool=\"campus\"} 3.5\n"},
		{"metrics", metrics.String(), "divims_capacity_servers{pool=\"campus\"} 4.5\n"},
		{"metrics", metrics.String(), "divims_pool_capacity_servers{pool=\"campus\"} 6\n"},
		{"metrics", metrics.String(), "divims_pool_used_up{pool=\"campus\"} 1\n"},
	} {
		if !strings.Contains(shown.text, shown.wanted) {
			t.Errorf("%q is not in the %s", shown.wanted, shown.format)
		}
	}
}

func TestTagsAndMultipliersAreShown(t *testing.T) {
	c := busyPool(3, 300)
	c.past.Last.Servers[0].Tag, c.past.Last.Servers[0].LoadMultiplier = "exams", 0.5
	var page, text strings.Builder
	if err := errors.Join(c.status().Page(&page, "fr"), c.status().Text(&text)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "activé, étiquette exams, multiplicateur 0.5<") {
		t.Error("the page lacks the server's tag and multiplier")
	}
	if !strings.Contains(text.String(), "enabled, online, tag exams, multiplier 0.5 ") {
		t.Errorf("the text lacks the server's tag and multiplier:\n%s", &text)
	}
}

func TestPendingOrdersAreShown(t *testing.T) {
	c := busyPool(3, 300)
	c.past.State.Interventions = []pool.Intervention{
		{At: tuesday, Server: 2, Change: "recycle ordered", Author: "Ada", Reason: "odd noises"}, {At: tuesday, Change: "the pause ends"},
	}
	var page, text strings.Builder
	if err := errors.Join(c.status().Page(&page, "fr"), c.status().Text(&text)); err != nil {
		t.Fatal(err)
	}
	if want := "Pris en compte à la prochaine évaluation\u00a0: <span lang=\"en\">server 2: recycle ordered, by Ada: odd noises"; !strings.Contains(page.String(), want) {
		t.Error("the page lacks the order")
	}
	if want := "takes effect at the next evaluation: server 2: recycle ordered, by Ada: odd noises\ntakes effect at the next evaluation: the pause ends\n"; !strings.Contains(text.String(), want) {
		t.Errorf("the text lacks the orders:\n%s", &text)
	}
}

func TestNoAnswerOfAStartingServerIsNotShown(t *testing.T) {
	for online, shown := range map[bool]bool{false: false, true: true} {
		c := busyPool(3, 300)
		server := &c.past.Last.Servers[0]
		server.Health, server.Online, server.Unseen = scaling.Healthy, online, []string{"HTTP status 502"}
		var page strings.Builder
		if err := c.status().Page(&page, "en"); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.String(), "HTTP status 502") != shown {
			t.Errorf("online %t: that it does not answer is shown: %t; want %t", online, !shown, shown)
		}
	}
}

// TestIdleEvaluationsAreCounted has more idle evaluations than the page lists.
func TestIdleEvaluationsAreCounted(t *testing.T) {
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
	if !strings.Contains(page.String(), "27\u00a0evaluations since then without an action") {
		t.Error("the page lacks the 27 evaluations without an action")
	}
}

// TestForcedNumberExcludesTaggedServers checks that page and text say so if a pool has
// servers with a tag.
func TestForcedNumberExcludesTaggedServers(t *testing.T) {
	const page, text = "Servers with a tag follow their own load.", "servers with a tag follow their own load\n"
	for name, tagged := range map[string][]scaling.Group{"no tag": nil, "a tag": {{Tag: "exams"}}} {
		t.Run(name, func(t *testing.T) {
			c := busyPool(3, 300)
			c.past.State.Forced = &pool.Forced{Hold: pool.Hold{Reason: "exams", Author: "Ada"}, Servers: 1, Until: tuesday.Add(time.Hour)}
			c.past.Last.Plan.Tagged = tagged
			var shown, written strings.Builder
			if err := errors.Join(c.status().Page(&shown, "en"), c.status().Text(&written)); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(shown.String(), "Forced by Ada: 1\u00a0server until 11:37.") {
				t.Error("the page lacks the forced number")
			}
			if mentioned := strings.Contains(shown.String(), page); mentioned != (tagged != nil) {
				t.Errorf("the page mentions tags: %t", mentioned)
			}
			if mentioned := strings.Contains(written.String(), text); mentioned != (tagged != nil) {
				t.Errorf("the text mentions tags: %t", mentioned)
			}
		})
	}
}

// TestPageConvertsTimesOfReasons checks that UTC times in the decision's texts are
// shown in the pool's zone.
func TestPageConvertsTimesOfReasons(t *testing.T) {
	c := alarmed(busyPool(12, 1200))
	var page strings.Builder
	if err := c.status().Page(&page, "fr"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "has not answered since 10:20") || strings.Contains(page.String(), "2026-03-17T09:20:00Z:") {
		t.Error("09:20 UTC is not shown as 10:20 in Paris")
	}
}

// TestStagesAndDoubtsAreShown: the stage of each server is on the page and in the text, and
// the verdict begins with what casts doubt on it.
func TestStagesAndDoubtsAreShown(t *testing.T) {
	c := busyPool(3, 300)
	c.past.Last.Servers[0].Stage, c.past.Last.Servers[1].Stage, c.past.Last.Servers[2].Stage = scaling.Serving, scaling.Late, scaling.StageHeld
	c.past.Last.Plan.Doubts = []scaling.Doubt{{Cause: scaling.NoneComes, Since: tuesday, Why: fact.Verbatim("no machine comes")}}
	c.past.Last.Plan.Withheld = fact.List{fact.Verbatim("more machines")}
	c.past.Records[0].Plan.Withheld, c.past.Records[0].Outcomes, c.past.Records[0].Plan.Actions = c.past.Last.Plan.Withheld, nil, nil
	var english, french, text strings.Builder
	if err := errors.Join(c.status().Page(&english, "en"), c.status().Page(&french, "fr"), c.status().Text(&text)); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []struct{ format, text, wanted string }{
		{"page", english.String(), "enabled, serving<"},
		{"page", english.String(), "late<"},
		{"page", english.String(), "held by a person"},
		{"page", english.String(), ">no machine comes</p>"},
		{"page", english.String(), "1\u00a0deferred<"},
		{"French page", french.String(), "activé, en service<"},
		{"French page", french.String(), "en retard<"},
		{"text", text.String(), "in doubt since 2026-03-17T09:37:20Z: no machine comes"},
		{"text", text.String(), "  serving  "},
		{"text", text.String(), "  late     "},
	} {
		if !strings.Contains(shown.text, shown.wanted) {
			t.Errorf("%q is not in the %s", shown.wanted, shown.format)
		}
	}
}

// TestPageShowsReasonsInFrench has a record that was stored and read again. In English the
// same texts are shown.
func TestPageShowsReasonsInFrench(t *testing.T) {
	why := fact.New("it has answered nobody for %s", 50*time.Minute)
	planned := fact.New("its machine has a planned maintenance on %s", tuesday.Add(100*time.Hour))
	alert := scaling.Alert{Level: scaling.Error, Subject: scaling.SubjectCertificate(3), Text: fact.New("the certificate of %s expires in %s", "bbb-w3.example.com", 52*time.Hour),
		Advice: fact.New("Renew the certificate on the server, and in the image.")}
	other := scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectPoolSize, Text: fact.Verbatim("no answer in time")}
	c := busyPool(12, 1200)
	last := c.past.Last
	last.Plan.Alerts = []scaling.Alert{alert, other}
	last.Plan.Withheld = fact.List{fact.New("everything: paused by %s", "Ada")}
	last.Plan.Verdicts = []scaling.Verdict{{Server: 4, Health: scaling.Unresponsive, Why: why}}
	last.Servers[3].Why, last.Outcomes[0].Reason = why.String(), planned.String()
	last.Facts = fact.Collect(why, planned, alert.Text, last.Plan.Withheld[0])
	text, err := json.Marshal(last)
	if err != nil {
		t.Fatal(err)
	}
	read, err := cycle.ReadRecord(text)
	if err != nil {
		t.Fatal(err)
	}
	c.past.Last, c.past.Records = &read, []cycle.Record{read}
	for language, wanted := range map[string][]string{
		"fr": {
			`erreur~: certificat (serveur 3)</b><br><span>le certificat de bbb-w3.example.com expire dans 2~j~4~h</span><br><span class="note">→ Renouvelez le certificat`,
			`avertissement~: taille du parc</b><br><span lang="en">no answer in time<`,
			`<li>tout~: mis en pause par Ada</li>`, `<li>serveur 4~: ne répond pas~; il n’a répondu à personne depuis 50~min</li>`,
			`<span>il n’a répondu à personne depuis 50~min</span>`, `une maintenance de sa machine est prévue le 21/03/2026 à 14:37 CET<`,
		},
		"en": {
			`error: certificate 3</b><br><span>the certificate of bbb-w3.example.com expires in 2d4h</span>`, `warning: pool size</b>`,
			`<li>everything: paused by Ada</li>`, `<li>server 4: unresponsive; it has answered nobody for 50m</li>`,
			`its machine has a planned maintenance on Sat 2026-03-21 14:37 CET<`,
		},
	} {
		var page strings.Builder
		if err := c.status().Page(&page, language); err != nil {
			t.Fatal(err)
		}
		for _, part := range wanted {
			if !strings.Contains(strings.ReplaceAll(page.String(), "\u00a0", "~"), part) {
				t.Errorf("the page in %s lacks %q", language, part)
			}
		}
	}
}
