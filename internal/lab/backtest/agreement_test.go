package backtest

import (
	"errors"
	"io/fs"
	"math"
	"testing"
	"time"

	"divims/internal/config"
	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/scaling"
)

// decision returns the default settings of the decision for a pool of the given size.
func decision(t testing.TB, size string) scaling.Config {
	t.Helper()
	settings, err := config.Load(append(config.Examples(), "DIVIMS_POOL_SIZE="+size))
	if err != nil {
		t.Fatal(err)
	}
	return settings.Decision
}

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// policies parses a list of policies.
func policies(t testing.TB, text string) Policies {
	t.Helper()
	list, err := ParsePolicies(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// measured runs a backtest and returns its result.
func measured(t testing.TB, config Config) Result {
	t.Helper()
	result, err := Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

const sixWeeks = 42 * 24 * time.Hour

// TestAgreesWithIndependentSimulator compares the results with the results of another
// simulator, which was written separately from the same rules.
func TestAgreesWithIndependentSimulator(t *testing.T) {
	long.Only(t)
	const traces = "../../../../shared/data/traces/"
	for _, given := range []struct {
		name, size string
		work       float64
		hours      float64
		lower      float64
		overloaded float64
	}{
		{"university", "40", 0, 2118, 1149, 5.7},
		{"school", "40", 0, 1529, 945, 8.8},
		{"company", "57", 0, 5886, 2728, 5.2},
		{"university", "40", 1, 3688, 1149, 4.1},
		{"school", "40", 1, 2324, 945, 7.8},
		{"company", "57", 1, 12_000, 2728, 3.6},
	} {
		meetings, err := demand.ReadTrace(traces + given.name + "-101-1500.csv.gz")
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("no reference traces")
		} else if err != nil {
			t.Fatal(err)
		}
		trace, err := NewTrace(given.name, meetings, paris(t))
		if err != nil {
			t.Fatal(err)
		}
		got := measured(t, Config{
			Trace: trace, Policies: policies(t, "load"), Scaling: decision(t, given.size),
			Warmup: sixWeeks, RecordingWork: given.work, Seed: 1,
		})
		t.Logf("%s, recording work %g: %+v", given.name, given.work, got)
		if math.Abs(got.ServerHours/given.hours-1) > 0.07 {
			t.Errorf("%s, recording work %g: %.0f server-hours, the other simulator has %.0f", given.name, given.work, got.ServerHours, given.hours)
		}
		if math.Abs(got.OverloadedPercent-given.overloaded) > 1.5 {
			t.Errorf("%s, recording work %g: %.1f %% overloaded, the other simulator has %.1f %%", given.name, given.work, got.OverloadedPercent, given.overloaded)
		}
		if math.Abs(got.LowerBoundHours/given.lower-1) > 0.01 {
			t.Errorf("%s: lower bound %.0f, the other simulator has %.0f", given.name, got.LowerBoundHours, given.lower)
		}
		if got.RefusedMeetings+got.InterruptedMeetings+got.LostRecordings != 0 {
			t.Errorf("%s: harm in %+v", given.name, got)
		}
	}
}
