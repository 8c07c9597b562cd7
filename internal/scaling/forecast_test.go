package scaling

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"divims/internal/pool"
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
	s.config.Policies, s.config.Zone = []Policy{PolicyForecast}, paris
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

func TestShareOf(t *testing.T) {
	for _, test := range []struct {
		what               string
		one, clump, uneven float64
		share              float64
	}{
		{"participants who come 20 at a time", 250, 20, 0.6, 211.03},
		{"meetings that come one by one", 15, 1, 0.65, 12.68},
		{"placing that leaves nothing uneven", 250, 22, 0, 250},
		{"one server for one meeting", 1, 1, 0.9, 0.41},
	} {
		share := shareOf(test.one, test.clump, test.uneven)
		if math.Abs(share-test.share) > 0.05 {
			t.Errorf("%s: %.2f, want %.2f", test.what, share, test.share)
		}
		if full := share + test.uneven*math.Sqrt(test.clump*share); math.Abs(full-test.one) > 1e-9 {
			t.Errorf("%s: with the deviations it is %g of %g", test.what, full, test.one)
		}
	}
}

// TestMargins: safe keeps more free than balanced, and that more than lean, of each
// kind; what an expert says stands in their place.
func TestMargins(t *testing.T) {
	lean, balanced, safe := Lean.room(), Balanced.room(), Safe.room()
	for _, rising := range [][]float64{
		{lean.unknown.Participants, balanced.unknown.Participants, safe.unknown.Participants},
		{lean.unknown.Meetings, balanced.unknown.Meetings, safe.unknown.Meetings},
		{lean.uneven.Participants, balanced.uneven.Participants, safe.uneven.Participants},
		{lean.uneven.Meetings, balanced.uneven.Meetings, safe.uneven.Meetings},
	} {
		if !(rising[0] < rising[1] && rising[1] < rising[2]) {
			t.Errorf("lean, balanced and safe: %v", rising)
		}
	}
	if Margin("").room() != balanced {
		t.Errorf("without a margin: %v", Margin("").room())
	}
	expert := Config{ForecastMargin: Lean, ForecastUnevenness: Pair{2, 3}}.forecastRoom()
	if expert.unknown != lean.unknown || expert.uneven != (Pair{2, 3}) {
		t.Errorf("an expert's: %v", expert)
	}
}

// TestExpect holds the worked example of the comment.
func TestExpect(t *testing.T) {
	now := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	in20 := now.Add(20 * time.Minute)
	samples := sampled(now.AddDate(0, 0, -7), in20.AddDate(0, 0, -7).Add(time.Minute), func(local time.Time) int {
		if local.UTC().Before(in20.AddDate(0, 0, -7)) {
			return 450
		}
		return 900
	})
	p := prediction{now: now, habits: habits{history: history{samples, paris, time.Minute}, weeks: []int{1}},
		actual: Pair{500, 25}, usualNow: Pair{450, 30}, level: Pair{1, 1}, clump: Pair{20, 1}}
	load, deviation := p.expect(in20)
	if math.Round(load.Participants) != 930 || math.Round(deviation.Participants) != 108 {
		t.Errorf("expects %.1f ± %.1f participants, want 930 ± 108", load.Participants, deviation.Participants)
	}
	if load, deviation := p.expect(now); load != p.actual || deviation != (Pair{}) {
		t.Errorf("expects %v ± %v now, where %v are", load, deviation, p.actual)
	}
	gap, _ := p.expect(now.AddDate(0, 0, 3))
	if gap != p.actual {
		t.Errorf("expects %v where no week was sampled, want what is there now", gap)
	}
	p.future = history{[]pool.Sample{{At: in20, Participants: 123, Meetings: 4}}, paris, time.Minute}
	if load, deviation := p.expect(in20); load != (Pair{123, 4}) || deviation != (Pair{}) {
		t.Errorf("expects %v ± %v although the future is known", load, deviation)
	}
}

// TestForecastSeesTheMorning: before 8:00 on a working day as many servers are
// asked for as 1000 people will need, and on a Sunday none; whatever the clocks
// did in the weeks before.
func TestForecastSeesTheMorning(t *testing.T) {
	for _, test := range []struct {
		name, local string
		morning     bool
	}{
		{"a Tuesday", "2026-03-17 07:45", true},
		{"too early on a Tuesday", "2026-03-17 07:20", false},
		{"a Sunday", "2026-03-15 07:45", false},
		{"the Monday after summer time began", "2026-03-30 07:45", true},
		{"too early, an hour before that", "2026-03-30 06:45", false},
		{"the Monday after it ended", "2026-10-26 07:45", true},
		{"too early, an hour before that", "2026-10-26 06:45", false},
		{"the night in which an hour is left out", "2026-03-29 03:05", false},
		{"the night in which an hour comes twice", "2026-10-25 02:30", false},
	} {
		for weeks := 1; weeks <= pool.HistoryWeeks; weeks++ {
			got, why := forecastStory(t, test.local, 50, weeksOf(weeks, lectures)).requires()
			if test.morning != (got >= 5) || got > 8 {
				t.Errorf("%s, %d weeks: asks for %d servers\n%s", test.name, weeks, got, why)
			}
		}
	}
}

// TestForecastGoesByTodaysLevelAndUsualWeeks: a day that is busier or quieter than
// its weekday is taken as it is, and leaves no trace in the weeks after.
func TestForecastGoesByTodaysLevelAndUsualWeeks(t *testing.T) {
	const tenToNine = "2026-03-17 08:50"
	busier := func(factor float64, days ...string) func(time.Time) int {
		return func(local time.Time) int {
			if slices.Contains(days, local.Format(time.DateOnly)) {
				return int(factor * float64(lectures(local)))
			}
			return lectures(local)
		}
	}
	stairs := func(local time.Time) int { // more at nine than at eight
		if n := lectures(local); n == 50 || local.Hour() >= 9 {
			return n
		}
		return lectures(local) / 2
	}
	for _, test := range []struct {
		name        string
		people      int
		demand      func(time.Time) int
		least, most int
		says        string
	}{
		{"as ever", 500, stairs, 5, 8, "the Tuesdays in the weeks 1, 2, 3, 4, 5 and 6 before"},
		{"twice as many as ever", 1000, func(local time.Time) int {
			if local.Format(time.DateOnly) == "2026-03-17" {
				return 2 * stairs(local)
			}
			return stairs(local)
		}, 9, 14, ""},
		{"nobody comes on a public holiday", 20, func(local time.Time) int {
			if local.Format(time.DateOnly) == "2026-03-17" {
				return 20
			}
			return stairs(local)
		}, 1, 2, ""},
		{"a public holiday two weeks ago does not count", 1000, busier(0.04, "2026-03-03"), 5, 8, "unusual at this time: 2"},
		{"a rush a week ago does not count", 1000, busier(2.2, "2026-03-10"), 5, 8, "unusual at this time: 1"},
	} {
		got, why := forecastStory(t, tenToNine, test.people, weeksOf(6, test.demand)).requires()
		if got < test.least || got > test.most || !strings.Contains(why, test.says) {
			t.Errorf("%s: asks for %d servers, want %d to %d, and the reason %q\n%s", test.name, got, test.least, test.most, test.says, why)
		}
	}
}

// TestForecastOfASemesterThatStarts: from the second week of term on, its mornings
// are seen coming, however many weeks of holidays are in the history still.
func TestForecastOfASemesterThatStarts(t *testing.T) {
	for term := 1; term <= 6; term++ {
		begin := time.Date(2026, 3, 16, 0, 0, 0, 0, paris).AddDate(0, 0, -7*term)
		demand := func(local time.Time) int {
			if local.Before(begin) {
				return 50
			}
			return lectures(local)
		}
		got, why := forecastStory(t, "2026-03-17 07:45", 50, weeksOf(6, demand)).requires()
		if got < 5 || got > 8 {
			t.Errorf("after %d weeks of term: asks for %d servers\n%s", term, got, why)
		}
	}
	// In holidays the usual is planned for, until the median is one of holidays.
	holidays := time.Date(2026, 3, 9, 0, 0, 0, 0, paris)
	got, why := forecastStory(t, "2026-03-17 07:45", 50, weeksOf(6, func(local time.Time) int {
		if local.Before(holidays) {
			return lectures(local)
		}
		return 50
	})).requires()
	if got < 5 {
		t.Errorf("in the second week of holidays: asks for %d servers\n%s", got, why)
	}
}

// TestForecastOfAPartOfTheLoad: whose load nobody knows lowers nothing of what is
// expected, neither by looking like a quiet day nor by draining.
func TestForecastOfAPartOfTheLoad(t *testing.T) {
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

// TestTodaysLevelIsOfWholeLoads: half of a load does not make a quiet day.
func TestTodaysLevelIsOfWholeLoads(t *testing.T) {
	now := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	past := history{weeksOf(6, lectures)(now), paris, 3 * time.Minute}
	one, half := Pair{250, 15}, Pair{500, 34}
	for partial, quiet := range map[bool]bool{false: true, true: false} {
		p := predict(now, past, history{}, half, partial, one)
		if got := p.level.Participants < 0.99; got != quiet {
			t.Errorf("a part of the load: %t: the level is %.3f", partial, p.level.Participants)
		}
	}
}

// TestForecastOfAPoolWithTags: what is on servers with a tag was never a need of
// the others.
func TestForecastOfAPoolWithTags(t *testing.T) {
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

// TestForecastWithGaps: what is missing of the history is a gap, and the record
// tells how much there was to learn from.
func TestForecastWithGaps(t *testing.T) {
	without := func(missing func(local time.Time) bool) func(time.Time) []pool.Sample {
		return func(now time.Time) []pool.Sample {
			return slices.DeleteFunc(weeksOf(6, lectures)(now), func(s pool.Sample) bool { return missing(s.At.In(paris)) })
		}
	}
	for name, missing := range map[string]func(time.Time) bool{
		"every other evaluation": func(local time.Time) bool { return local.Minute()%10 == 0 },
		"three weeks": func(local time.Time) bool {
			return local.Day() < 15 && local.Month() == time.February || local.Day() > 8 && local.Month() == time.March && local.Day() < 16
		},
		"the last three hours": func(local time.Time) bool { return local.Format(time.DateOnly) == "2026-03-17" && local.Hour() > 4 },
		"all weekends":         func(local time.Time) bool { return local.Weekday() == time.Saturday || local.Weekday() == time.Sunday },
	} {
		got, why := forecastStory(t, "2026-03-17 07:45", 50, without(missing)).requires()
		if got < 5 || got > 8 {
			t.Errorf("without %s: asks for %d servers\n%s", name, got, why)
		}
		if name == "three weeks" && !strings.Contains(why, "without samples: 3") {
			t.Errorf("does not say that weeks are missing\n%s", why)
		}
	}
}

// TestWithoutForecastTheLoadRuleAnswers, and says so.
func TestWithoutForecastTheLoadRuleAnswers(t *testing.T) {
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

// TestForecastOutlook: the coming day is told of, half hour by half hour.
func TestForecastOutlook(t *testing.T) {
	s := forecastStory(t, "2026-03-17 07:00", 50, weeksOf(6, lectures))
	s.evaluate()
	outlook := s.plan.Required.Policies[0].Outlook
	if len(outlook) != mostMoments {
		t.Fatalf("%d moments", len(outlook))
	}
	for _, e := range outlook {
		people, _ := e.Participants.Get()
		upper, _ := e.Upper.Get()
		want := lectures(e.At.In(paris))
		if people < want*8/10 || people > want*12/10 || upper < people {
			t.Errorf("at %s %d participants, at most %d; there will be %d", e.At, people, upper, want)
		}
	}
}

// TestForecastOutlookOfTomorrow: a holiday says nothing of the day after it.
func TestForecastOutlookOfTomorrow(t *testing.T) {
	s := forecastStory(t, "2026-03-17 12:00", 50, weeksOf(6, lectures))
	s.seen.History = pool.Seen(append(weeksOf(6, lectures)(s.now.Add(-5*time.Hour)), sampled(s.now.Add(-5*time.Hour), s.now, func(time.Time) int { return 50 })...))
	s.evaluate()
	for _, e := range s.plan.Required.Policies[0].Outlook {
		people, _ := e.Participants.Get()
		today := e.At.In(paris).Day() == 17
		if quiet := people < 500; quiet != (today || lectures(e.At.In(paris)) < 500) {
			t.Errorf("%s: %d participants", e.At.In(paris).Format("Mon 15:04"), people)
		}
	}
}

// TestForecastKeepsWhatWillBeNeededAgain: at the end of a pause servers are not
// cordoned that the next lecture needs, and at the end of the day they are.
func TestForecastKeepsWhatWillBeNeededAgain(t *testing.T) {
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

// TestForecastStandsAnyHistory: whatever the history is, there is an answer
// within the pool's size, and unknown load never lowers what is enabled.
func TestForecastStandsAnyHistory(t *testing.T) {
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

// TestForecastAsksNoLessForAnUnknownLoad: of a server that nobody can ask no less
// is made than of the same server with nobody on it.
func TestForecastAsksNoLessForAnUnknownLoad(t *testing.T) {
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

// TestMoreHistoryNeverFails: what a part of the history is enough for, all of it is;
// of the past, and in the order of time, as storage hands it out.
func TestMoreHistoryNeverFails(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		history := slices.DeleteFunc(drawHistory(rt), func(s pool.Sample) bool { return s.At.After(noon) })
		slices.SortStableFunc(history, func(a, b pool.Sample) int { return a.At.Compare(b.At) })
		problem := func(samples []pool.Sample) string {
			s := forecastStory(t, "2026-03-16 13:00", 100, nil)
			s.seen.History = pool.Seen(samples)
			s.evaluate()
			return s.plan.Required.Policies[0].Problem
		}
		part := history[rapid.IntRange(0, len(history)).Draw(rt, "cut"):]
		if now := problem(history); now != "" && problem(part) == "" {
			rt.Fatalf("with %d samples: %s; with the last %d of them there is a forecast", len(history), now, len(part))
		}
	})
}

// TestLevel holds the worked example of the comment.
func TestLevel(t *testing.T) {
	now := time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)
	for _, example := range []struct {
		usual, people int
		level         float64
	}{{60, 90, 1.36}, {1200, 1800, 1.49}} {
		samples := append(sampled(now.AddDate(0, 0, -8), now.Add(-3*time.Hour), func(time.Time) int { return example.usual }),
			sampled(now.Add(-3*time.Hour), now, func(time.Time) int { return example.people })...)
		p := prediction{now: now, habits: habits{history: history{samples, paris, time.Minute}, weeks: []int{1}, prior: 1},
			actual: Pair{float64(example.people), 0}}
		if level := p.learnLevel(Pair{250, 15}).Participants; math.Abs(level-example.level) > 0.005 {
			t.Errorf("%d people where %d are usual: a level of %.3f, want %.2f", example.people, example.usual, level, example.level)
		}
	}
}

func BenchmarkForecast(b *testing.B) {
	now := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	s := newStory(nil, 1)
	s.config.Policies, s.config.Zone = []Policy{PolicyForecast}, paris
	s.seen.History = pool.Seen(weeksOf(6, lectures)(now))
	for b.Loop() {
		Decide(now, s.config, s.seen, s.state)
	}
}
