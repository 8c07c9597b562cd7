package scaling

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"divims/internal/config/setting"
	"divims/internal/pool"
	"divims/internal/scaling/forecast"
)

var paris = mustZone("Europe/Paris")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// sampled is what evaluations every 5 minutes saw of a demand, before a time.
func sampled(from, to time.Time, people func(local time.Time) int) []pool.Sample {
	var samples []pool.Sample
	for at := from; at.Before(to); at = at.Add(5 * time.Minute) {
		n := people(at.In(paris))
		samples = append(samples, pool.Sample{At: at.UTC(), Participants: n, Meetings: (n + 14) / 15})
	}
	return samples
}

// lectures are 1000 people from 8:00 to 18:00 on working days, 15 in a meeting,
// and 50 at all other times.
func lectures(local time.Time) int {
	if hour := local.Hour(); hour < 8 || hour >= 18 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		return 50
	}
	return 1000
}

// forecastStory is a pool of 20 servers with the forecast policy, 2 of them
// enabled and the others without a machine, and so many people on the first, at a
// time of Paris.
func forecastStory(t *testing.T, local string, people int, history func(now time.Time) []pool.Sample) *story {
	t.Helper()
	now, err := time.ParseInLocation("2006-01-02 15:04", local, paris)
	if err != nil {
		t.Fatal(err)
	}
	s := newStory(t, 20)
	s.config.Policies, s.config.Timezone = []Policy{PolicyForecast}, setting.Timezone{Location: paris}
	for n := 3; n <= 20; n++ {
		s.withoutMachine(n)
		s.entry(n).State = pool.Disabled
	}
	s.now = now.UTC().Add(-5 * time.Minute)
	for left := people; left > 0; left -= 15 {
		s.meeting(1, min(left, 15))
	}
	if history != nil {
		s.seen.History = pool.Seen(history(now))
	}
	return s
}

// weeksOf gives a history of so many weeks before now.
func weeksOf(weeks int, people func(local time.Time) int) func(now time.Time) []pool.Sample {
	return func(now time.Time) []pool.Sample { return sampled(now.In(paris).AddDate(0, 0, -7*weeks), now, people) }
}

// requires evaluates, and gives what the forecast asks for and why.
func (s *story) requires() (servers int, why string) {
	s.t.Helper()
	s.evaluate()
	answer := s.plan.Required.Policies[0]
	servers, known := answer.Servers.Get()
	if !known {
		s.t.Fatalf("no answer: %s", answer.Servers.Reason())
	}
	return servers, strings.Join(answer.Why, "\n")
}

// TestMargins: safe keeps more free than balanced, and that more than lean, of each
// kind; what an expert says stands in their place.
func TestMargins(t *testing.T) {
	lean, balanced, safe := Lean.room(), Balanced.room(), Safe.room()
	for _, rising := range [][]float64{
		{lean.Uncertainty.Participants, balanced.Uncertainty.Participants, safe.Uncertainty.Participants},
		{lean.Uncertainty.Meetings, balanced.Uncertainty.Meetings, safe.Uncertainty.Meetings},
		{lean.Unevenness.Participants, balanced.Unevenness.Participants, safe.Unevenness.Participants},
		{lean.Unevenness.Meetings, balanced.Unevenness.Meetings, safe.Unevenness.Meetings},
	} {
		if !(rising[0] < rising[1] && rising[1] < rising[2]) {
			t.Errorf("lean, balanced and safe: %v", rising)
		}
	}
	if Margin("").room() != balanced {
		t.Errorf("without a margin: %v", Margin("").room())
	}
	expert := Config{ForecastMargin: Lean, ForecastUnevenness: Pair{2, 3}}.forecastRoom()
	if expert.Uncertainty != lean.Uncertainty || expert.Unevenness != (forecast.Pair{Participants: 2, Meetings: 3}) {
		t.Errorf("an expert's unevenness: got %v", expert)
	}
}

// TestForecastWithUnknownLoad: whose load nobody knows lowers nothing of what is
// expected, neither by looking like a quiet day nor by draining.
func TestForecastWithUnknownLoad(t *testing.T) {
	story := func() *story {
		s := forecastStory(t, "2026-03-17 08:30", 600, weeksOf(6, lectures))
		for range 27 {
			s.meeting(2, 15)
		}
		return s
	}
	seen, _ := story().requires()
	s := story()
	s.seen.Servers[1].Meetings = pool.Unknown[[]pool.Meeting]("no answer")
	if got, why := s.requires(); got < seen {
		t.Errorf("asks for %d servers without the load of one, and for %d with it\n%s", got, seen, why)
	}
	s = story()
	s.entry(2).State = pool.Cordoned
	s.dead(2)
	s.state.Servers = map[int]pool.ServerMemory{2: {MachineID: "machine 2", SilentSince: noon.Add(-24 * time.Hour),
		Participants: 405, Meetings: 27, LoadSeen: s.now.Add(-10 * time.Minute)}}
	if got, why := s.requires(); got < seen {
		t.Errorf("asks for %d servers with a dead one that drains, and for %d without\n%s", got, seen, why)
	}
}

// TestForecastIgnoresTags: what is on servers with a tag was never a need of
// the others.
func TestForecastIgnoresTags(t *testing.T) {
	s := forecastStory(t, "2026-03-17 07:45", 50, func(now time.Time) []pool.Sample {
		samples := weeksOf(6, lectures)(now)
		for i := range samples {
			samples[i].TaggedParticipants, samples[i].TaggedMeetings = samples[i].Participants, samples[i].Meetings
			samples[i].Participants += 50
			samples[i].Meetings += 4
		}
		return samples
	})
	s.tagged("gpu", 20)
	if got, why := s.requires(); got != 1 {
		t.Errorf("asks for %d servers for 50 people\n%s", got, why)
	}
}

// TestLoadRuleReplacesMissingForecast, and says so.
func TestLoadRuleReplacesMissingForecast(t *testing.T) {
	for name, test := range map[string]struct {
		history func(time.Time) []pool.Sample
		says    string
		alert   bool
	}{
		"not looked at":      {nil, "the history is unknown: not looked at", true},
		"no history":         {func(time.Time) []pool.Sample { return nil }, "there is no history yet", false},
		"less than a week":   {func(now time.Time) []pool.Sample { return weeksOf(1, lectures)(now)[24:] }, "the history begins 6d22h", false},
		"only last Thursday": {func(now time.Time) []pool.Sample { return weeksOf(1, lectures)(now)[:1] }, "no past week was sampled", false},
	} {
		s := forecastStory(t, "2026-03-17 12:00", 600, test.history)
		got, why := s.requires()
		if got != 6 || !strings.HasPrefix(why, "no forecast, so the rule of the policy load stands in: ") || !strings.Contains(why, test.says) {
			t.Errorf("%s: asks for %d servers, want 6 = ceil(2 × 600 / 250), because of %q\n%s", name, got, test.says, why)
		}
		if alerted := slices.ContainsFunc(s.plan.Alerts, func(a Alert) bool { return a.Subject == "history" }); alerted != test.alert {
			t.Errorf("%s: alerts %+v", name, s.plan.Alerts)
		}
	}
}

// TestForecastAsAdvice: beside the load rule the forecast tells what it would
// ask for, and that changes nothing.
func TestForecastAsAdvice(t *testing.T) {
	s := forecastStory(t, "2026-03-17 07:45", 50, weeksOf(6, lectures))
	s.config.Policies = []Policy{PolicyLoad}
	s.evaluate()
	policies := s.plan.Required.Policies
	advice, _ := policies[len(policies)-1].Servers.Get()
	required, _ := s.plan.Required.Servers.Get()
	if len(policies) != 2 || policies[0].Advice || !policies[1].Advice || advice < 5 || required > 2 {
		t.Errorf("requires %d, the forecast would ask for %d: %+v", required, advice, policies)
	}

	s = forecastStory(t, "2026-03-17 07:45", 50, nil)
	s.config.Policies = []Policy{PolicyLoad}
	s.evaluate()
	if advice := s.plan.Required.Policies[1]; advice.Servers.Known() || !advice.Advice || len(s.plan.Alerts) > 0 {
		t.Errorf("without a history there is no advice, and no alert: %+v, %+v", advice, s.plan.Alerts)
	}
}

// TestForecastKeepsServersNeededSoon: at the end of a pause servers are not
// cordoned that the next lecture needs, and at the end of the day they are.
func TestForecastKeepsServersNeededSoon(t *testing.T) {
	pause := func(local time.Time) int {
		if local.Hour() == 12 {
			return 50
		}
		return lectures(local)
	}
	for local, want := range map[string]string{"2026-03-17 12:20": "", "2026-03-17 18:20": "cordon 2, cordon 3, cordon 4, cordon 5, cordon 6"} {
		s := forecastStory(t, local, 50, weeksOf(6, pause))
		for n := 3; n <= 6; n++ {
			s.seen.Servers[n-1].Machine = pool.Seen(&pool.Machine{ID: fmt.Sprint("machine ", n), Zone: "fr-par-1", Name: s.seen.Servers[n-1].Server.Hostname,
				State: pool.Running, ImageID: "image", Since: s.now.Add(-time.Hour), Created: s.now.Add(-time.Hour)})
			s.entry(n).State, s.entry(n).Online = pool.Enabled, true
			answersEmpty(&s.seen.Servers[n-1])
		}
		for n := 1; n <= 2; n++ {
			s.machine(n).Since = s.now.Add(-time.Hour)
		}
		s.evaluate()
		if got := s.planned(); got != want {
			t.Errorf("%s: plans %q, want %q\n%s", local, got, want, strings.Join(s.plan.Required.Policies[0].Why, "\n"))
		}
	}
}

// drawHistory draws samples such as storage hands out, and such as it never should.
func drawHistory(t *rapid.T) []pool.Sample {
	var samples []pool.Sample
	from := noon.AddDate(0, 0, -rapid.IntRange(0, 45).Draw(t, "days"))
	every := time.Duration(rapid.SampledFrom([]int{1, 5, 60, 1000}).Draw(t, "every")) * 5 * time.Minute
	most := rapid.SampledFrom([]int{0, 100, 5000, math.MaxInt}).Draw(t, "most people")
	random := rapid.Uint32().Draw(t, "seed")
	for at := from; at.Before(noon); at = at.Add(every) {
		random = random*1664525 + 1013904223
		n := 0
		if most > 0 {
			n = int(random>>8) % most
		}
		samples = append(samples, pool.Sample{At: at, Participants: n, Meetings: n / 12})
	}
	for range rapid.IntRange(0, 4).Draw(t, "absurd") {
		absurd := pool.Sample{
			At:           rapid.SampledFrom([]time.Time{{}, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC), noon, noon.AddDate(0, 0, -7), noon.AddDate(0, 0, 1)}).Draw(t, "at"),
			Participants: rapid.SampledFrom([]int{math.MinInt, -1, 0, 1, math.MaxInt}).Draw(t, "participants"),
			Meetings:     rapid.SampledFrom([]int{math.MinInt, -1, 0, 1, math.MaxInt}).Draw(t, "meetings"),
		}
		samples = slices.Insert(samples, rapid.IntRange(0, len(samples)).Draw(t, "place"), absurd)
	}
	return samples
}

// TestForecastAcceptsAnyHistory: whatever the history is, there is an answer
// within the pool's size, and unknown load never lowers what is enabled.
func TestForecastAcceptsAnyHistory(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := forecastStory(t, "2026-03-16 13:00", rapid.IntRange(0, 400).Draw(rt, "people"), nil)
		s.config.ForecastMargin = rapid.SampledFrom([]Margin{"", Lean, Balanced, Safe}).Draw(rt, "margin")
		s.config.Interval = rapid.SampledFrom([]time.Duration{time.Minute, 5 * time.Minute, time.Hour}).Draw(rt, "interval")
		s.config.BootTime = rapid.SampledFrom([]time.Duration{0, 7 * time.Minute, 2 * time.Hour}).Draw(rt, "boot time")
		history := drawHistory(rt)
		s.seen.History = pool.Seen(history)
		if rapid.Bool().Draw(rt, "oracle") {
			s.seen.Future = drawHistory(rt)
		}
		blind := rapid.Bool().Draw(rt, "a server whose load is unknown")
		if blind {
			s.seen.Servers[1].Meetings = pool.Unknown[[]pool.Meeting]("drawn")
		}
		now := s.now.Add(5 * time.Minute)
		plan, _ := Decide(now, s.config, pool.Observation{Servers: s.seen.Servers, Entries: pool.Seen([]pool.Entry{}), Machines: pool.Seen([]pool.Machine{}),
			Images: s.seen.Images, Leftovers: s.seen.Leftovers, History: s.seen.History, Future: s.seen.Future}, s.state)
		answer := plan.Required.Policies[0]
		servers, known := answer.Servers.Get()
		required, _ := plan.Required.Servers.Get()
		if !known || servers < 0 || required < 1 || required > s.config.Size {
			rt.Fatalf("asks for %d, known %t, requires %d of %d: %v", servers, known, required, s.config.Size, answer.Why)
		}
		if blind && required < plan.Required.Enabled {
			rt.Fatalf("requires %d of %d enabled although a load is unknown: %v", required, plan.Required.Enabled, answer.Why)
		}
		if text := strings.Join(answer.Why, "\n"); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || len(text) > 5000 {
			rt.Fatalf("says %s", text)
		}
	})
}

// TestUnknownLoadDoesNotLowerTheForecast: of a server that nobody can ask no less
// is made than of the same server with nobody on it.
func TestUnknownLoadDoesNotLowerTheForecast(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before, after := rapid.IntRange(0, 1000).Draw(rt, "usual before 8:00"), rapid.IntRange(0, 3000).Draw(rt, "usual from then on")
		people := rapid.IntRange(0, 1500).Draw(rt, "people")
		clock := rapid.SampledFrom([]string{"07:00", "07:40", "07:55", "08:10", "10:00"}).Draw(rt, "clock")
		ask := func(second pool.Reading[[]pool.Meeting]) (int, string) {
			s := forecastStory(t, "2026-03-17 "+clock, people, weeksOf(6, func(local time.Time) int {
				if local.Hour() < 8 {
					return before
				}
				return after
			}))
			s.seen.Servers[1].Meetings = second
			return s.requires()
		}
		empty, _ := ask(pool.Seen([]pool.Meeting{}))
		unknown, why := ask(pool.Unknown[[]pool.Meeting]("drawn"))
		if unknown < empty {
			rt.Fatalf("asks for %d servers, and for %d if the second is empty: %s", unknown, empty, why)
		}
	})
}

func BenchmarkForecast(b *testing.B) {
	now := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	s := newStory(nil, 1)
	s.config.Policies, s.config.Timezone = []Policy{PolicyForecast}, setting.Timezone{Location: paris}
	s.seen.History = pool.Seen(weeksOf(6, lectures)(now))
	for b.Loop() {
		Decide(now, s.config, s.seen, s.state)
	}
}
