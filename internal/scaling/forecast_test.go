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

// sampled returns the samples that evaluations every 5 minutes take of a demand. 15
// people are in a meeting.
func sampled(from, to time.Time, people func(local time.Time) int) []pool.Sample {
	var samples []pool.Sample
	for at := from; at.Before(to); at = at.Add(5 * time.Minute) {
		n := people(at.In(paris))
		samples = append(samples, pool.Sample{At: at.UTC(), Participants: n, Meetings: (n + 14) / 15})
	}
	return samples
}

// lectures is a demand of 1000 people from 8:00 to 18:00 on working days, and 50 at
// all other times.
func lectures(local time.Time) int {
	if hour := local.Hour(); hour < 8 || hour >= 18 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		return 50
	}
	return 1000
}

// forecastStory returns a pool of 20 servers with the forecast policy at a local time
// of Paris. Servers 1 and 2 are enabled, the others have no machine, and all people
// are on server 1.
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

// weeksOf returns a function that makes a history of a number of weeks before now.
func weeksOf(weeks int, people func(local time.Time) int) func(now time.Time) []pool.Sample {
	return func(now time.Time) []pool.Sample { return sampled(now.In(paris).AddDate(0, 0, -7*weeks), now, people) }
}

// requires evaluates, and returns what the forecast asks for and its explanation.
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

// TestMargins: of each kind of room, safe keeps more than balanced, and balanced more
// than lean. An expert's number replaces the margin's.
func TestMargins(t *testing.T) {
	lean, balanced, safe := Lean.room(), Balanced.room(), Safe.room()
	for _, rising := range [][]float64{
		{lean.Uncertainty.Participants, balanced.Uncertainty.Participants, safe.Uncertainty.Participants},
		{lean.Uncertainty.Meetings, balanced.Uncertainty.Meetings, safe.Uncertainty.Meetings},
		{lean.Unevenness.Participants, balanced.Unevenness.Participants, safe.Unevenness.Participants},
		{lean.Unevenness.Meetings, balanced.Unevenness.Meetings, safe.Unevenness.Meetings},
	} {
		if !(rising[0] < rising[1] && rising[1] < rising[2]) {
			t.Errorf("lean, balanced and safe keep %v, want rising numbers", rising)
		}
	}
	if Margin("").room() != balanced {
		t.Errorf("without a margin: got %v, want balanced", Margin("").room())
	}
	expert := Config{ForecastMargin: Lean, ForecastUnevenness: Pair{2, 3}}.forecastRoom()
	if expert.Uncertainty != lean.Uncertainty || expert.Unevenness != (forecast.Pair{Participants: 2, Meetings: 3}) {
		t.Errorf("an expert's unevenness: got %v", expert)
	}
}

// TestForecastWithUnknownLoad: a server whose load is unknown does not make today look
// like a quiet day, and its last known load does not count as draining.
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
		t.Errorf("with the load of server 2 unknown: %d servers, want at least %d\n%s", got, seen, why)
	}
	s = story()
	s.entry(2).State = pool.Cordoned
	s.dead(2)
	s.state.Servers = map[int]*pool.ServerMemory{2: {MachineID: "machine 2", SilentSince: noon.Add(-24 * time.Hour),
		Participants: 405, Meetings: 27, LoadSeen: s.now.Add(-10 * time.Minute)}}
	if got, why := s.requires(); got < seen {
		t.Errorf("with server 2 draining and unresponsive: %d servers, want at least %d\n%s", got, seen, why)
	}
}

// TestForecastIgnoresTags: the forecast for servers without a tag ignores the past load of
// servers with a tag.
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
		t.Errorf("%d servers for 50 people without a tag, want 1\n%s", got, why)
	}
}

// TestLoadRuleReplacesMissingForecast: without a forecast the load rule answers, and
// the explanation says why.
func TestLoadRuleReplacesMissingForecast(t *testing.T) {
	for name, test := range map[string]struct {
		history func(time.Time) []pool.Sample
		why     string
	}{
		"not looked at":      {nil, "the history is unknown: not looked at"},
		"no history":         {func(time.Time) []pool.Sample { return nil }, "there is no history yet"},
		"less than a week":   {func(now time.Time) []pool.Sample { return weeksOf(1, lectures)(now)[24:] }, "the history begins 6d22h"},
		"only last Thursday": {func(now time.Time) []pool.Sample { return weeksOf(1, lectures)(now)[:1] }, "no past week was sampled"},
	} {
		s := forecastStory(t, "2026-03-17 12:00", 600, test.history)
		got, why := s.requires()
		if got != 6 || !strings.HasPrefix(why, "no forecast, so the rule of the policy load replaces it: ") || !strings.Contains(why, test.why) {
			t.Errorf("%s: %d servers, want 6 = ceil(2 × 600 / 250) because of %q\n%s", name, got, test.why, why)
		}
	}
}

// TestForecastAsAdvice: if the forecast is not among the policies, its answer is shown
// and does not count.
func TestForecastAsAdvice(t *testing.T) {
	s := forecastStory(t, "2026-03-17 07:45", 50, weeksOf(6, lectures))
	s.config.Policies = []Policy{PolicyLoad}
	s.evaluate()
	policies := s.plan.Required.Policies
	advice, _ := policies[len(policies)-1].Servers.Get()
	required, _ := s.plan.Required.Servers.Get()
	if len(policies) != 2 || policies[0].Advice || !policies[1].Advice || advice < 5 || required > 2 {
		t.Errorf("required %d, want 2 at most; the forecast advises %d, want 5 at least: %+v", required, advice, policies)
	}

	s = forecastStory(t, "2026-03-17 07:45", 50, nil)
	s.config.Policies = []Policy{PolicyLoad}
	s.evaluate()
	if advice := s.plan.Required.Policies[1]; advice.Servers.Known() || !advice.Advice || len(s.plan.Alerts) > 0 {
		t.Errorf("without a history: got the advice %+v and the alerts %+v, want neither", advice, s.plan.Alerts)
	}
}

// TestForecastKeepsServersNeededSoon: during a lunch break the servers for the next
// lecture are not cordoned, and at the end of the day they are.
func TestForecastKeepsServersNeededSoon(t *testing.T) {
	lunchBreak := func(local time.Time) int {
		if local.Hour() == 12 {
			return 50
		}
		return lectures(local)
	}
	for local, want := range map[string]string{"2026-03-17 12:20": "", "2026-03-17 18:20": "cordon 2, cordon 3, cordon 4, cordon 5, cordon 6"} {
		s := forecastStory(t, local, 50, weeksOf(6, lunchBreak))
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
			t.Errorf("%s: planned %q, want %q\n%s", local, got, want, strings.Join(s.plan.Required.Policies[0].Why, "\n"))
		}
	}
}

// drawHistory draws a history as storage returns it, with some samples in the wrong
// order or with absurd times and numbers.
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

// TestForecastAcceptsAnyHistory: with any history there is an answer within the size
// of the pool. While a load is unknown, it is no less than the last number with all known.
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
		unknown := rapid.Bool().Draw(rt, "a server whose load is unknown")
		floor := rapid.IntRange(0, s.config.Size).Draw(rt, "floor")
		s.state.Floors = map[string]int{"": floor}
		if unknown {
			s.seen.Servers[1].Meetings = pool.Unknown[[]pool.Meeting]("drawn")
		}
		now := s.now.Add(5 * time.Minute)
		plan, _ := Decide(now, s.config, pool.Observation{Servers: s.seen.Servers, Entries: pool.Seen([]pool.Entry{}), Machines: pool.Seen([]pool.Machine{}),
			Images: s.seen.Images, Leftovers: s.seen.Leftovers, History: s.seen.History, Future: s.seen.Future}, s.state)
		answer := plan.Required.Policies[0]
		servers, known := answer.Servers.Get()
		required, _ := plan.Required.Servers.Get()
		if !known || servers < 0 || required < 1 || required > s.config.Size {
			rt.Fatalf("the answer is %d, known: %t, and %d of %d servers are required: %v", servers, known, required, s.config.Size, answer.Why)
		}
		if unknown && required < floor {
			rt.Fatalf("%d servers are required, the last number was %d, and a load is unknown: %v", required, floor, answer.Why)
		}
		if text := strings.Join(answer.Why, "\n"); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || len(text) > 5000 {
			rt.Fatalf("the explanation has NaN or Inf, or is too long: %s", text)
		}
	})
}

// TestUnknownLoadDoesNotLowerTheForecast: with a server whose load is unknown, the
// forecast asks for no less than if that server were empty.
func TestUnknownLoadDoesNotLowerTheForecast(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before, after := rapid.IntRange(0, 1000).Draw(rt, "usual before 8:00"), rapid.IntRange(0, 3000).Draw(rt, "usual from then on")
		people := rapid.IntRange(0, 1500).Draw(rt, "people")
		clock := rapid.SampledFrom([]string{"07:00", "07:40", "07:55", "08:10", "10:00"}).Draw(rt, "clock")
		ask := func(second pool.Reading[[]pool.Meeting]) (int, string) {
			s := forecastStory(t, "2026-03-17 "+clock, people, weeksOf(2, func(local time.Time) int {
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
			rt.Fatalf("%d servers, want at least the %d with server 2 empty: %s", unknown, empty, why)
		}
	})
}

// BenchmarkForecast decides on a pool of one server with the forecast policy and six
// weeks of history.
func BenchmarkForecast(b *testing.B) {
	now := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	s := newStory(nil, 1)
	s.config.Policies, s.config.Timezone = []Policy{PolicyForecast}, setting.Timezone{Location: paris}
	s.seen.History = pool.Seen(weeksOf(6, lectures)(now))
	for b.Loop() {
		Decide(now, s.config, s.seen, s.state)
	}
}

// TestWhatTheForecastIsTold: the load on draining servers, and how many healthy servers that
// are enabled have recordings in work.
func TestWhatTheForecastIsTold(t *testing.T) {
	s := newStory(t, 5)
	for n := 1; n <= 5; n++ {
		s.meeting(n, 10*n)
		s.stats(n, func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"archived": 1}) })
	}
	s.entry(4).State = pool.Cordoned
	s.entry(5).State = pool.Cordoned
	s.broken(5)
	s.unitDown("bbb-web", 3)
	for _, test := range []struct {
		recordings RecordingsPolicy
		recording  float64
	}{{"", 2}, {RecordingsNone, 0}} {
		s.config.Recordings = test.recordings
		d := newDecision(noon.Add(5*time.Minute), s.config, s.seen, s.state)
		in := d.groups[0].forecastInput(nil)
		if in.Draining != (forecast.Pair{Participants: 40, Meetings: 1}) || in.Recording != test.recording {
			t.Errorf("draining are %+v, want 40 people in a meeting; %g have recordings in work, want %g", in.Draining, in.Recording, test.recording)
		}
	}
}
