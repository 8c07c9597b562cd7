package backtest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// monday is the first day of the small traces.
var monday = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// meetings returns identical meetings of an hour. Everybody joins at the start and leaves at the end.
func meetings(count int, start time.Duration, participants int) []demand.Meeting {
	list := make([]demand.Meeting, count)
	for i := range list {
		list[i] = demand.Meeting{Start: monday.Add(start), Duration: time.Hour, Participants: participants}
	}
	return list
}

// traceOf returns a trace with UTC days.
func traceOf(t testing.TB, wanted ...[]demand.Meeting) *Trace {
	t.Helper()
	var all []demand.Meeting
	for _, list := range wanted {
		all = append(all, list...)
	}
	trace, err := NewTrace("small", all, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %g, want %g ± %g", what, got, want, tolerance)
	}
}

// TestDayWithOneMeeting has one meeting of 100 people from 9:00 to 10:00, on a day from
// midnight to midnight. Its figures, calculated by hand:
//
//	The running server stays. The policy load requires ceil(3 × 100 / 250) = 2
//	servers at 9:00, when there are 100 people and were none before, and
//	ceil(2 × 100 / 250) = 1 from 9:05 on. So the evaluation of 9:00 creates a second
//	server. From 9:05 on it is more than required, but it was just made: it is cordoned
//	by the first evaluation at which that has lasted for the 7 minutes that a machine
//	may take, which is the one of 9:15. That of 9:20 sees it empty for the first time,
//	and that of 9:25 deletes it.
//	Server-hours: 24 h, and a second machine from 9:00 to 9:25.
//	Lower bound: 1 server for 24 h, and 5 minutes for its start: 24.0833 h.
//	Utilization: 100 of 250 for 60 minutes, divided by 1440 and the minutes in which
//	the second machine runs.
func TestDayWithOneMeeting(t *testing.T) {
	got := measured(t, Config{
		Trace: traceOf(t, meetings(1, 9*time.Hour, 100)), Policies: policies(t, "load"),
		Scaling: decision(t, "3"), Seed: 1, Price: 0.5,
	})
	near(t, "lower bound", got.LowerBoundHours, 24+5./60, 1e-4)
	near(t, "server-hours", got.ServerHours, 24+25./60, 1./60)
	near(t, "ratio", got.Ratio, got.ServerHours/got.LowerBoundHours, 1e-3)
	near(t, "euros", got.CostEuros, got.ServerHours/2, 1e-3)
	near(t, "starts a day", got.StartsPerDay, 1, 0)
	near(t, "evaluations", float64(got.Evaluations), 288, 0)
	near(t, "worst creations", float64(got.MostCreations), 1, 0)
	near(t, "utilization", got.MeanUtilization, 100./250*60/(1440+25), 1e-3)
	near(t, "overloaded", got.OverloadedPercent, 0, 0)
	near(t, "refused", float64(got.RefusedMeetings), 0, 0)
	near(t, "days", got.Days, 1, 0)
}

// TestDayBeyondPoolSize has two meetings of 200 people from 9:00 to 10:00 in a pool of
// one server. Its figures, calculated by hand:
//
//	The server has 400 people instead of 250 for the whole hour: everybody is on an
//	overloaded server. The server costs 24 h.
//	Need: ceil(400 / 250) = 2 from the minute of 9:00 to that of 9:59, because
//	everybody leaves at 10:00. Lower bound: 24 h + 5 min for server 1, 1 h + 5 min
//	for server 2: 25.1667 h.
//	The supply is 1 all day. It falls short by 1 in 60 of 1440 minutes and never
//	exceeds the need.
//	Utilization: 400 / 250 for 60 minutes of 1440, and 2 / 15 in the one minute that
//	BBB takes to end the meetings.
func TestDayBeyondPoolSize(t *testing.T) {
	got := measured(t, Config{
		Trace: traceOf(t, meetings(2, 9*time.Hour, 200)), Policies: policies(t, "load"),
		Scaling: decision(t, "1"), Seed: 1,
	})
	near(t, "lower bound", got.LowerBoundHours, 25+10./60, 1e-4)
	near(t, "server-hours", got.ServerHours, 24, 1e-4)
	near(t, "overloaded", got.OverloadedPercent, 100, 0)
	near(t, "utilization", got.MeanUtilization, (400./250*60+2./15)/1440, 1e-4)
	near(t, "under-provisioned by", got.UnderAccuracy, 60./1440, 1e-4)
	near(t, "under-provisioned time", got.UnderTimeshare, 100*60./1440, 1e-4)
	near(t, "over-provisioned by", got.OverAccuracy, 0, 0)
	near(t, "over-provisioned time", got.OverTimeshare, 0, 0)
}

// TestRecordingWorkKeepsMachines checks that machines are kept longer if recordings take
// longer. 16 meetings of 10 people from 9:00 to 10:00 need two servers, and the policy
// load enables ceil(2 × 160 / 250) = 2 for the participants and ceil(2 × 16 / 15) = 3 for
// the meetings, so more than one machine has recordings.
func TestRecordingWorkKeepsMachines(t *testing.T) {
	hours := func(work float64) float64 {
		wanted := meetings(16, 9*time.Hour, 10)
		wanted = append(wanted, meetings(16, 9*time.Hour+30*time.Minute, 10)...)
		for i := range wanted {
			wanted[i].Recorded = true
		}
		got := measured(t, Config{
			Trace: traceOf(t, wanted), Policies: policies(t, "load"), Scaling: decision(t, "6"), RecordingWork: work, Seed: 1,
		})
		if got.LostRecordings+got.InterruptedMeetings != 0 {
			t.Errorf("recording work %g does harm: %+v", work, got)
		}
		return got.ServerHours
	}
	if none, some, more := hours(0), hours(0.2), hours(0.4); !(none < some && some < more) {
		t.Errorf("%g hours without recordings, %g with a fifth of their length, %g with two fifths", none, some, more)
	}
}

// TestSameSeedGivesSameOutput compares the result, timeline, table and chart of two runs.
func TestSameSeedGivesSameOutput(t *testing.T) {
	wanted, err := demand.Generate(demand.University, monday, monday.AddDate(0, 0, 3), 3, 600)
	if err != nil {
		t.Fatal(err)
	}
	once := func(seed uint64) string {
		var text strings.Builder
		var minutes []world.Minute
		result := measured(t, Config{
			Trace: traceOf(t, wanted), Policies: policies(t, "load"), Scaling: decision(t, "20"), Warmup: 24 * time.Hour,
			RecordingWork: 1, Seed: seed, EachMinute: func(m world.Minute) { minutes = append(minutes, m) },
		})
		if err := errors.Join(json.NewEncoder(&text).Encode(result), WriteTimeline(&text, minutes), WriteTable(&text, []Result{result}),
			Chart{Panels: []Panel{{result, minutes}}, Zone: time.UTC, ServerParticipants: 250, ServerMeetings: 15}.Write(&text)); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	if first, again := once(1), once(1); first != again {
		t.Error("two runs with the same seed differ")
	}
	if once(1) == once(2) {
		t.Error("two seeds give exactly the same output")
	}
}

// TestWarmupIsHistory checks that the history of the first evaluation has a sample of the
// trace every five minutes, for this ISO week and the pool.HistoryWeeks before it.
func TestWarmupIsHistory(t *testing.T) {
	daily := []demand.Meeting{}
	for day := range 7*8 + 3 {
		daily = append(daily, meetings(1, time.Duration(day)*24*time.Hour+9*time.Hour, 100)...)
	}
	r := &run{Config: Config{Trace: traceOf(t, daily), Policies: policies(t, "load"), Scaling: decision(t, "3"), Warmup: (7*8 + 2) * 24 * time.Hour}}
	if err := r.prepare(); err != nil {
		t.Fatal(err)
	}
	seen, _ := r.observe(r.start).History.Get()
	first, last := seen[0], seen[len(seen)-1]
	if want := monday.AddDate(0, 0, 7*(8-pool.HistoryWeeks)); !first.At.Equal(want) {
		t.Errorf("the history begins at %s, want %s", first.At, want)
	}
	if want := r.start.Add(-5 * time.Minute); !last.At.Equal(want) {
		t.Errorf("the history ends at %s, want %s", last.At, want)
	}
	people := 0
	for _, sample := range seen {
		people += sample.Participants
	}
	if want := (7*pool.HistoryWeeks + 2) * 12 * 100; people != want {
		t.Errorf("%d participants in all samples, want %d: 12 samples of 100 people a day", people, want)
	}
	if err := r.evaluate(r.start); err != nil {
		t.Fatal(err)
	}
	seen, _ = r.observe(r.start.Add(5 * time.Minute)).History.Get()
	if last := seen[len(seen)-1]; !last.At.Equal(r.start) {
		t.Errorf("after an evaluation the history ends at %s, want its own sample of %s", last.At, r.start)
	}
}

// TestOracleSeesTheFuture checks that the policy oracle, and no other, gets the future
// samples minute by minute, from the next minute on.
func TestOracleSeesTheFuture(t *testing.T) {
	trace := traceOf(t, meetings(2, 9*time.Hour, 100))
	for _, name := range []string{"load", "oracle"} {
		r := &run{Config: Config{Trace: trace, Policies: policies(t, name), Scaling: decision(t, "3")}}
		if err := r.prepare(); err != nil {
			t.Fatal(err)
		}
		future := r.observe(monday.Add(8*time.Hour + 55*time.Minute)).Future
		if name == "load" {
			if future != nil {
				t.Error("the policy load gets the future")
			}
			continue
		}
		if len(future) != int(oracleHorizon/time.Minute) || !future[0].At.Equal(monday.Add(8*time.Hour+56*time.Minute)) {
			t.Fatalf("%d samples of the future, the first at %s", len(future), future[0].At)
		}
		if future[3].Participants != 0 || future[4].Participants != 200 || future[4].Meetings != 2 || future[64].Participants != 0 {
			t.Errorf("8:59 %+v, 9:00 %+v, 10:00 %+v", future[3], future[4], future[64])
		}
		if late := r.observe(trace.End.Add(-time.Minute)).Future; len(late) != 0 {
			t.Errorf("the future beyond the trace: %+v", late)
		}
	}
}

// TestStandIns checks that a backtest of the forecast with less than a week of history
// counts the evaluations in which the load rule replaced it, and that the table says so.
func TestStandIns(t *testing.T) {
	trace := traceOf(t, append(meetings(1, 9*time.Hour, 10), meetings(1, 8*24*time.Hour, 10)...))
	for list, want := range map[string]int{"load": 0, "forecast": 6 * 24 * 12} {
		config := Config{Trace: trace, Policies: policies(t, list), Scaling: decision(t, "3"), Warmup: 24 * time.Hour}
		result, err := Run(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		var table strings.Builder
		if err := WriteTable(&table, []Result{result}); err != nil {
			t.Fatal(err)
		}
		if shown := strings.Contains(table.String(), "stood in"); shown != (want > 0) || result.StandIns < want-12 || result.StandIns > want {
			t.Errorf("%s: %d stand-ins, want %d\n%s", list, result.StandIns, want, table.String())
		}
	}
}

func TestRunChecksItsConfig(t *testing.T) {
	trace := traceOf(t, meetings(1, 9*time.Hour, 10))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, given := range map[string]struct {
		ctx    context.Context
		change func(*Config)
		want   string
	}{
		"warmup as long as the trace": {t.Context(), func(c *Config) { c.Warmup = 24 * time.Hour }, "leaves nothing"},
		"schedule without a calendar": {t.Context(), func(c *Config) { c.Policies = policies(t, "load+schedule") }, "schedule never had an answer"},
		"Poll too short":              {t.Context(), func(c *Config) { c.Poll = time.Millisecond }, "polls every 1ms"},
		"cancelled":                   {cancelled, func(*Config) {}, context.Canceled.Error()},
	} {
		config := Config{Trace: trace, Policies: policies(t, "load"), Scaling: decision(t, "3")}
		given.change(&config)
		if _, err := Run(given.ctx, config); err == nil || !strings.Contains(err.Error(), given.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, given.want)
		}
	}
	if _, err := NewTrace("empty", nil, time.UTC); err == nil {
		t.Error("a trace without meetings is accepted")
	}
	century := append(meetings(1, 0, 1), meetings(1, 70*365*24*time.Hour, 1)...)
	if _, err := NewTrace("century", century, time.UTC); err == nil {
		t.Error("a trace of 70 years is accepted")
	}
	r := &run{Config: Config{Trace: trace, Policies: policies(t, "load"), Scaling: decision(t, "1")}}
	if err := r.prepare(); err != nil {
		t.Fatal(err)
	}
	unknown := scaling.Plan{Actions: []scaling.Action{{Kind: "dance", Server: 1}}}
	if _, err := r.act(r.observe(monday), unknown); err == nil || !strings.Contains(err.Error(), "dance") {
		t.Errorf("an unknown action: %v, want an error with its name", err)
	}
}

func TestParsePolicies(t *testing.T) {
	for _, text := range []string{"load", "load+schedule", "oracle", "load+forecast"} {
		if got := policies(t, text).String(); got != text {
			t.Errorf("%q is parsed as %q", text, got)
		}
	}
	for _, text := range []string{"", "load+", "load,schedule", "clairvoyant"} {
		if list, err := ParsePolicies(text); err == nil {
			t.Errorf("%q is parsed as %v, want an error", text, list)
		}
	}
	if known := policies(t, "load+oracle").known(); known[0] != scaling.PolicyLoad || known[1] != scaling.PolicyForecast {
		t.Errorf("policies for scaling: %v, want load and forecast", known)
	}
}
