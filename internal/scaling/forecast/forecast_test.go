package forecast

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"divims/internal/pool"
)

// predict returns the servers that a pool needs, and the explanation.
func predict(t *testing.T, in Input) (servers int, why string) {
	t.Helper()
	answer, err := Predict(in)
	if err != nil {
		t.Fatalf("no answer: %s", err)
	}
	return answer.Servers, strings.Join(answer.Why, "\n")
}

// TestLearnsTheMorning: before 8:00 on a working day the servers for 1000 people are
// required, and on a Sunday they are not, also after the clocks have changed.
func TestLearnsTheMorning(t *testing.T) {
	for _, test := range []struct {
		name, local string
		morning     bool
	}{
		{"a Tuesday", "2026-03-17 07:45", true},
		{"too early on a Tuesday", "2026-03-17 07:20", false},
		{"a Sunday", "2026-03-15 07:45", false},
		{"the Monday after summer time began", "2026-03-30 07:45", true},
		{"an hour earlier on that Monday", "2026-03-30 06:45", false},
		{"the Monday after summer time ended", "2026-10-26 07:45", true},
		{"an hour earlier on that Monday", "2026-10-26 06:45", false},
		{"the night that is an hour short", "2026-03-29 03:05", false},
		{"the night that is an hour long", "2026-10-25 02:30", false},
	} {
		for n := 1; n <= pool.HistoryWeeks; n++ {
			now := parisTime(t, test.local)
			got, why := predict(t, input(now, 50, weeks(n, now, lectures)))
			if test.morning != (got >= 5) || got > 8 {
				t.Errorf("%s, %d weeks of history: %d servers\n%s", test.name, n, got, why)
			}
		}
	}
}

// TestFollowsTodaysLevel: the forecast follows a day that is busier or quieter than
// usual, and leaves such days out when it learns what is usual.
func TestFollowsTodaysLevel(t *testing.T) {
	now := parisTime(t, "2026-03-17 08:50")
	on := func(day string, factor float64) func(time.Time) int {
		return func(local time.Time) int {
			if local.Format(time.DateOnly) == day {
				return int(factor * float64(lectures(local)))
			}
			return lectures(local)
		}
	}
	stairs := func(local time.Time) int { // more people at nine than at eight
		if n := lectures(local); n == 50 || local.Hour() >= 9 {
			return n
		}
		return lectures(local) / 2
	}
	for _, test := range []struct {
		name     string
		people   int
		demand   func(time.Time) int
		min, max int
		why      string
	}{
		{"as usual", 500, stairs, 5, 8, "the Tuesdays in the weeks 1, 2, 3, 4, 5 and 6 before"},
		{"twice as many as usual", 1000, func(local time.Time) int {
			if local.Format(time.DateOnly) == "2026-03-17" {
				return 2 * stairs(local)
			}
			return stairs(local)
		}, 9, 14, ""},
		{"a public holiday today", 20, func(local time.Time) int {
			if local.Format(time.DateOnly) == "2026-03-17" {
				return 20
			}
			return stairs(local)
		}, 1, 2, ""},
		{"a public holiday two weeks ago", 1000, on("2026-03-03", 0.04), 5, 8, "unusual at this time: 2"},
		{"a rush a week ago", 1000, on("2026-03-10", 2.2), 5, 8, "unusual at this time: 1"},
	} {
		got, why := predict(t, input(now, test.people, weeks(6, now, test.demand)))
		if got < test.min || got > test.max || !strings.Contains(why, test.why) {
			t.Errorf("%s: %d servers, want %d to %d and the reason %q\n%s", test.name, got, test.min, test.max, test.why, why)
		}
	}
}

// TestLearnsASemesterFromItsSecondWeek: the forecast expects the mornings of a
// semester from its second week on, although the rest of the history is holidays.
func TestLearnsASemesterFromItsSecondWeek(t *testing.T) {
	now := parisTime(t, "2026-03-17 07:45")
	for term := 1; term <= 6; term++ {
		begin := time.Date(2026, 3, 16, 0, 0, 0, 0, paris).AddDate(0, 0, -7*term)
		got, why := predict(t, input(now, 50, weeks(6, now, func(local time.Time) int {
			if local.Before(begin) {
				return 50
			}
			return lectures(local)
		})))
		if got < 5 || got > 8 {
			t.Errorf("after %d weeks of term: %d servers\n%s", term, got, why)
		}
	}
	// In holidays the forecast plans for a usual day until most weeks are holidays.
	holidays := time.Date(2026, 3, 9, 0, 0, 0, 0, paris)
	got, why := predict(t, input(now, 50, weeks(6, now, func(local time.Time) int {
		if local.Before(holidays) {
			return lectures(local)
		}
		return 50
	})))
	if got < 5 {
		t.Errorf("in the second week of holidays: %d servers\n%s", got, why)
	}
}

// TestIgnoresTheLoadOfTags: the forecast for servers without a tag ignores the past load
// of servers with a tag.
func TestIgnoresTheLoadOfTags(t *testing.T) {
	now := parisTime(t, "2026-03-17 07:45")
	samples := weeks(6, now, lectures)
	for i := range samples {
		samples[i].TaggedParticipants, samples[i].TaggedMeetings = samples[i].Participants, samples[i].Meetings
		samples[i].Participants += 50
		samples[i].Meetings += 4
	}
	in := input(now, 50, samples)
	in.Enabled = 1
	if got, why := predict(t, in); got != 1 {
		t.Errorf("%d servers for 50 people without a tag\n%s", got, why)
	}
}

// TestHistoryWithGaps: missing samples are left out, and the explanation says how many
// weeks are missing.
func TestHistoryWithGaps(t *testing.T) {
	now := parisTime(t, "2026-03-17 07:45")
	for name, missing := range map[string]func(time.Time) bool{
		"every other evaluation": func(local time.Time) bool { return local.Minute()%10 == 0 },
		"three weeks": func(local time.Time) bool {
			return local.Day() < 15 && local.Month() == time.February || local.Day() > 8 && local.Month() == time.March && local.Day() < 16
		},
		"the last three hours": func(local time.Time) bool { return local.Format(time.DateOnly) == "2026-03-17" && local.Hour() > 4 },
		"all weekends":         func(local time.Time) bool { return local.Weekday() == time.Saturday || local.Weekday() == time.Sunday },
	} {
		samples := slices.DeleteFunc(weeks(6, now, lectures), func(s pool.Sample) bool { return missing(s.At.In(paris)) })
		got, why := predict(t, input(now, 50, samples))
		if got < 5 || got > 8 {
			t.Errorf("without %s: %d servers\n%s", name, got, why)
		}
		if name == "three weeks" && !strings.Contains(why, "without samples: 3") {
			t.Errorf("the explanation does not say that three weeks are missing\n%s", why)
		}
	}
}

// TestTooLittleHistoryIsAnError: the error says what is missing.
func TestTooLittleHistoryIsAnError(t *testing.T) {
	now := parisTime(t, "2026-03-17 12:00")
	week := weeks(1, now, lectures)
	for _, test := range []struct {
		name    string
		history []pool.Sample
		want    string
	}{
		{"no history", nil, "there is no history yet"},
		{"less than a week", week[24:], "the history begins 6d22h ago, and a week is needed"},
		{"one sample at this time last week", week[:1], "no past week was sampled at this time of the week"},
	} {
		if _, err := Predict(input(now, 50, test.history)); err == nil || err.Error() != test.want {
			t.Errorf("%s: got the error %v, want %q", test.name, err, test.want)
		}
	}
}

// drawHistory draws samples up to now, oldest first. Some of them have absurd times and
// numbers.
func drawHistory(t *rapid.T, now time.Time) []pool.Sample {
	from := now.AddDate(0, 0, -rapid.IntRange(0, 45).Draw(t, "days"))
	every := time.Duration(rapid.SampledFrom([]int{1, 5, 60, 1000}).Draw(t, "every")) * 5 * time.Minute
	maxPeople := rapid.SampledFrom([]int{0, 100, 5000, math.MaxInt}).Draw(t, "most people")
	random := rapid.Uint32().Draw(t, "seed")
	var samples []pool.Sample
	for at := from; at.Before(now); at = at.Add(every) {
		random = random*1664525 + 1013904223
		n := 0
		if maxPeople > 0 {
			n = int(random>>8) % maxPeople
		}
		samples = append(samples, pool.Sample{At: at, Participants: n, Meetings: n / 12})
	}
	absurd := rapid.SampledFrom([]int{math.MinInt, -1, 0, 1, math.MaxInt})
	times := []time.Time{{}, now.AddDate(-2000, 0, 0), now.AddDate(0, 0, -7), now}
	for range rapid.IntRange(0, 4).Draw(t, "absurd samples") {
		samples = append(samples, pool.Sample{
			At: rapid.SampledFrom(times).Draw(t, "at"), Participants: absurd.Draw(t, "participants"), Meetings: absurd.Draw(t, "meetings"),
		})
	}
	slices.SortStableFunc(samples, func(a, b pool.Sample) int { return a.At.Compare(b.At) })
	return samples
}

// TestMoreHistoryNeverFails: if the last part of a history is enough for an answer, so
// is the whole history.
func TestMoreHistoryNeverFails(t *testing.T) {
	now := parisTime(t, "2026-03-16 13:00")
	rapid.Check(t, func(rt *rapid.T) {
		samples := drawHistory(rt, now)
		part := samples[rapid.IntRange(0, len(samples)).Draw(rt, "cut"):]
		if _, err := Predict(input(now, 100, samples)); err != nil {
			if _, partErr := Predict(input(now, 100, part)); partErr == nil {
				rt.Fatalf("with %d samples: %s; with the last %d of them there is an answer", len(samples), err, len(part))
			}
		}
	})
}
