package backtest

import (
	"math"
	"slices"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// rebuilt returns the trace of the meetings rebuilt from samples.
func rebuilt(t *testing.T, samples []pool.Sample) *Trace {
	t.Helper()
	meetings, err := Rebuild(samples, 1)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := NewTrace("rebuilt", meetings, paris(t))
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// TestRebuiltMeetingsFitTheirSamples checks, over two generated weeks of each profile, that
// people and meetings per minute differ by less than a tenth of their sum, the lower
// bound by less than 4 %, and the server-hours of the policy load by less than 8 %: with
// four seeds of the world they differ by 1 to 4 %, and by 5 to 7 % for the company.
func TestRebuiltMeetingsFitTheirSamples(t *testing.T) {
	long.Only(t)
	from := time.Date(2026, time.February, 2, 0, 0, 0, 0, paris(t))
	for _, profile := range demand.Profiles() {
		wanted, err := demand.Generate(profile, from, from.AddDate(0, 0, 14), 7, 800)
		if err != nil {
			t.Fatal(err)
		}
		truth, err := NewTrace(string(profile), wanted, paris(t))
		if err != nil {
			t.Fatal(err)
		}
		rebuiltTrace := rebuilt(t, truth.Samples(truth.Begin, truth.End, 5*time.Minute))
		people, offPeople, meetings, offMeetings := 0, 0., 0, 0.
		for i := range min(len(truth.demand), len(rebuiltTrace.demand)) {
			want, got := truth.demand[i], rebuiltTrace.demand[i]
			people += want.Participants
			meetings += want.Meetings
			offPeople += math.Abs(float64(got.Participants - want.Participants))
			offMeetings += math.Abs(float64(got.Meetings - want.Meetings))
		}
		near(t, string(profile)+": relative error of people", offPeople/float64(people), 0, 0.1)
		near(t, string(profile)+": relative error of meetings", offMeetings/float64(meetings), 0, 0.1)

		run := func(trace *Trace) Result {
			return measured(t, Config{Trace: trace, Policies: policies(t, "load"), Scaling: decision(t, "40"), Warmup: 7 * 24 * time.Hour, Seed: 1})
		}
		want, got := run(truth), run(rebuiltTrace)
		t.Logf("%s: truth %+v\nrebuilt %+v", profile, want, got)
		near(t, string(profile)+": lower bound", got.LowerBoundHours/want.LowerBoundHours, 1, 0.04)
		near(t, string(profile)+": server-hours", got.ServerHours/want.ServerHours, 1, 0.08)
	}
}

func TestFillGapsInterpolates(t *testing.T) {
	at := func(minute, participants, meetings int) pool.Sample {
		return pool.Sample{At: monday.Add(time.Duration(minute) * time.Minute), Participants: participants, Meetings: meetings}
	}
	got := fillGaps([]pool.Sample{at(0, 100, 10), at(0, 90, 9), at(6, 100, 10), at(26, 20, 2), at(31, 0, 0)})
	want := []pool.Sample{at(0, 100, 10), at(6, 100, 10), at(11, 80, 8), at(16, 60, 6), at(21, 40, 4), at(26, 20, 2), at(31, 0, 0)}
	same := func(a, b pool.Sample) bool {
		return a.At.Equal(b.At) && a.Participants == b.Participants && a.Meetings == b.Meetings
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// TestRebuildAcceptsOddSamples checks that a world accepts the meetings rebuilt from odd
// samples, and that implausibly large samples are refused.
func TestRebuildAcceptsOddSamples(t *testing.T) {
	at := func(minute, participants, meetings int) pool.Sample {
		return pool.Sample{At: monday.Add(time.Duration(minute) * time.Minute), Participants: participants, Meetings: meetings}
	}
	for name, samples := range map[string][]pool.Sample{
		"none":                    nil,
		"one":                     {at(0, 10, 1)},
		"people without meetings": {at(0, 10, 0), at(5, 10, 0)},
		"meetings without people": {at(0, 0, 5), at(5, 0, 5), at(10, 90, 5)},
		"negative numbers":        {at(0, -10, -1), at(5, 10, -1), at(10, -10, 1)},
		"not in order of time":    {at(10, 10, 1), at(5, 10, 1)},
		"one meeting for ever":    {at(0, 10, 1), at(7*24*60, 10, 1), at(60*24*60, 10, 1)},
		"all in the largest one":  {at(0, 100_000, 1), at(5, 100_000, 1)},
	} {
		meetings, err := Rebuild(samples, 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(meetings) == 0 {
			continue
		}
		if _, err := world.New(world.Config{Start: monday, Meetings: meetings}); err != nil {
			t.Errorf("%s: a world refuses the meetings: %v", name, err)
		}
	}
	for name, samples := range map[string][]pool.Sample{
		"too many meetings": {at(0, 10, 1_000_000_000)},
		"too many people":   {at(0, 1_000_000_000, 10)},
	} {
		if _, err := Rebuild(samples, 1); err == nil {
			t.Errorf("%s are accepted", name)
		}
	}
}
