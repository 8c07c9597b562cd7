package backtest

import (
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/lab/world"
)

// generated returns a trace of ten weeks. With a warmup of sixWeeks, the last four are
// evaluated.
func generated(t testing.TB, profile demand.Profile, seed uint64, peak int) *Trace {
	t.Helper()
	from := time.Date(2026, time.February, 2, 0, 0, 0, 0, paris(t))
	meetings, err := demand.Generate(profile, from, from.AddDate(0, 0, 70), seed, peak)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := NewTrace(string(profile), meetings, paris(t))
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// someProfiles returns all profiles in a full run, otherwise only the fastest one.
func someProfiles() []demand.Profile {
	if long.Run() {
		return demand.Profiles()
	}
	return []demand.Profile{demand.School}
}

// moreOverload is how many times as many people the forecast may overload as the load rule.
// At a university's peak both overload about 4 %, the load rule with a quarter more
// server-hours: it makes more machines, and none is taken away that was just made.
const moreOverload = 1.05

// TestForecastBeatsLoadRule checks that, for each profile, the forecast is cheaper than the
// load rule, overloads fewer people or hardly more, and refuses no meeting.
func TestForecastBeatsLoadRule(t *testing.T) {
	for _, profile := range someProfiles() {
		weeks := time.Duration(long.Pick(9, 6)) // of the ten; the others are evaluated
		config := Config{Trace: generated(t, profile, 21, 1000), Scaling: decision(t, "50"), Warmup: weeks * 7 * 24 * time.Hour, Seed: 1}
		config.Policies = policies(t, "load")
		load := measured(t, config)
		config.Policies = policies(t, "forecast")
		forecast := measured(t, config)
		if forecast.ServerHours >= load.ServerHours || forecast.OverloadedPercent >= moreOverload*load.OverloadedPercent || forecast.RefusedMeetings > 0 || forecast.StandIns > 0 {
			t.Errorf("%s: forecast %.0f h, %.2f %%, %d refused, %d stand-ins; load %.0f h, %.2f %%", profile,
				forecast.ServerHours, forecast.OverloadedPercent, forecast.RefusedMeetings, forecast.StandIns, load.ServerHours, load.OverloadedPercent)
		}
	}
}

// TestForecastInTooSmallPool checks that, while all servers are enabled, about as many
// people are on overloaded servers as if all servers were always enabled, and that no
// meeting is refused.
func TestForecastInTooSmallPool(t *testing.T) {
	long.Only(t)
	trace := generated(t, demand.School, 21, 1500)
	const size = "5" // the peak of an ordinary day needs 6
	all, full := decision(t, size), map[time.Time]world.Minute{}
	all.MinimumMillionths = 1_000_000
	measured(t, Config{Trace: trace, Policies: policies(t, "load"), Scaling: all, Warmup: sixWeeks, Seed: 1,
		EachMinute: func(m world.Minute) { full[m.Time] = m }})
	people, overloaded, always := 0, 0, 0
	result := measured(t, Config{Trace: trace, Policies: policies(t, "forecast"), Scaling: decision(t, size), Warmup: sixWeeks, Seed: 1,
		EachMinute: func(m world.Minute) {
			if m.Enabled == 5 {
				people, overloaded, always = people+m.Participants, overloaded+m.Overloaded, always+full[m.Time].Overloaded
			}
		}})
	if people == 0 || result.RefusedMeetings > 0 || float64(overloaded-always) > 0.05*float64(people) {
		t.Errorf("of %d participant-minutes %d were overloaded, and %d with all servers always enabled; %d refused", people, overloaded, always, result.RefusedMeetings)
	}
}
