package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// writtenTrace writes a trace of a small school and returns its path.
func writtenTrace(t *testing.T, name string, days int) string {
	t.Helper()
	meetings, err := demand.Generate(demand.School, traceStart, traceStart.AddDate(0, 0, days), 1, 300)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(demand.WriteTrace(file, meetings), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBacktestComparesPoliciesOnTraces checks that the JSON has an object for each trace
// and policy, in the order of the flags, with all figures.
func TestBacktestComparesPoliciesOnTraces(t *testing.T) {
	one, two := writtenTrace(t, "one.csv", 3), writtenTrace(t, "two.csv", 4)
	arguments := []string{"backtest", "--trace", one + "," + two, "--policy", "load,load+schedule", "--calendar", "calendar.ics",
		"--warmup", "1d", "--servers", "8", "--price", "0.5", "--json"}
	status, out, errOut := divims(t.Context(), arguments...)
	var results []map[string]any
	if err := json.Unmarshal([]byte(out), &results); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s%s", status, err, out, errOut)
	}
	var order []string
	for _, r := range results {
		order = append(order, filepath.Base(r["trace"].(string))+" "+r["policy"].(string))
		for _, key := range []string{"server_hours", "lower_bound_hours", "ratio", "overloaded_participant_minutes_pct", "refused_meetings", "starts_per_day", "mean_utilization"} {
			if _, ok := r[key].(float64); !ok {
				t.Errorf("%s: %s = %v", order[len(order)-1], key, r[key])
			}
		}
		if hours := r["server_hours"].(float64); hours < 48 || r["lower_bound_hours"].(float64) > hours {
			t.Errorf("%s: %v", order[len(order)-1], r)
		}
	}
	if want := []string{"one.csv load", "one.csv load+schedule", "two.csv load", "two.csv load+schedule"}; !slices.Equal(order, want) {
		t.Errorf("the results are of %q, want %q", order, want)
	}
	if _, again, _ := divims(t.Context(), arguments...); again != out {
		t.Error("a second run of the command has another result")
	}
}

func TestBacktestWritesFiles(t *testing.T) {
	trace := writtenTrace(t, "school.csv", 2)
	folder := t.TempDir()
	status, out, errOut := divims(t.Context(), "backtest", "--trace", trace, "--policy", "load,load+schedule", "--calendar", "calendar.ics",
		"--warmup", "24h", "--timeline", filepath.Join(folder, "minutes.csv"), "--chart", filepath.Join(folder, "chart.svg"), "--progress")
	if status != 0 || strings.Count(out, "\n") != 3 || !strings.Contains(out, "school") {
		t.Fatalf("status %d: %s%s", status, out, errOut)
	}
	if !strings.Contains(errOut, "load on ") {
		t.Errorf("progress: %q", errOut)
	}
	for name, want := range map[string]string{
		"minutes-school-load.csv":          "time,participants,meetings,running,enabled,draining,booting,overloaded\n2026-02-02T23:01:00Z,",
		"minutes-school-load+schedule.csv": "time,participants,meetings,running,enabled,draining,booting,overloaded\n2026-02-02T23:01:00Z,",
		"chart.svg":                        "<svg ",
	} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.HasPrefix(string(text), want) {
			t.Errorf("%s: %v, begins with %.100q", name, err, text)
		}
		if rows := strings.Count(string(text), "\n"); strings.HasSuffix(name, ".csv") && rows != 1+24*60 {
			t.Errorf("%s has %d rows", name, rows)
		}
	}
}

func TestBacktestErrors(t *testing.T) {
	trace := writtenTrace(t, "school.csv", 2)
	for name, given := range map[string]struct {
		arguments []string
		status    int
		want      string
	}{
		"no demand":                  {nil, badUsage, "--history"},
		"two kinds of demand":        {[]string{"--trace", trace, "--history"}, badUsage, "--history"},
		"no such policy":             {[]string{"--trace", trace, "--policy", "load,guess"}, badUsage, "guess"},
		"no such margin":             {[]string{"--trace", trace, "--margin", "wide"}, badUsage, "DIVIMS_FORECAST_MARGIN"},
		"a warmup in fortnights":     {[]string{"--trace", trace, "--warmup", "3 fortnights"}, badUsage, "warmup"},
		"no such setting":            {[]string{"--trace", trace, "--set", "GUESS=1"}, badUsage, "DIVIMS_GUESS"},
		"no such file":               {[]string{"--trace", trace + ".missing"}, failed, "no such file"},
		"shorter than the warmup":    {[]string{"--trace", trace}, failed, "leaves nothing"},
		"a schedule without events":  {[]string{"--trace", trace, "--warmup", "1d", "--policy", "schedule"}, failed, "--calendar"},
		"history without a pool":     {[]string{"--history"}, badUsage, "DIVIMS_POOL"},
		"one chart for two traces":   {[]string{"--trace", trace + "," + trace, "--warmup", "1d", "--chart", "c.svg"}, badUsage, "--trace"},
		"one timeline for two lists": {[]string{"--trace", trace, "--policy", "load,load", "--warmup", "1d", "--timeline", "t.csv"}, badUsage, "--policy"},
		"a week after the end":       {[]string{"--trace", trace, "--warmup", "1d", "--chart-week", "9", "--chart", "c.svg"}, failed, "--chart-week 9"},
		"no folder for the timeline": {[]string{"--trace", trace, "--warmup", "1d", "--timeline", "/no/such/folder/t.csv"}, failed, "no such file"},
	} {
		status, _, errOut := divims(t.Context(), append([]string{"backtest"}, given.arguments...)...)
		if status != given.status || !strings.Contains(errOut, given.want) {
			t.Errorf("%s: status %d, %q; want %d and %q", name, status, errOut, given.status, given.want)
		}
	}
}

// TestBacktestFlagsOverrideSettings checks where the margin comes from: the pool's
// settings apply to its history only, and flags override them.
func TestBacktestFlagsOverrideSettings(t *testing.T) {
	otherProcess(t)
	t.Setenv("DIVIMS_FORECAST_MARGIN", "safe")
	for name, given := range map[string]struct {
		options backtestOptions
		want    string
	}{
		"a trace":              {backtestOptions{}, "balanced"},
		"the pool's history":   {backtestOptions{history: true}, "safe"},
		"a flag":               {backtestOptions{history: true, margin: "lean"}, "lean"},
		"a setting by --set":   {backtestOptions{set: []string{"FORECAST_MARGIN=lean"}}, "lean"},
		"--set and the flag":   {backtestOptions{margin: "safe", set: []string{"FORECAST_MARGIN=lean"}}, "lean"},
		"a trace and the flag": {backtestOptions{margin: "safe"}, "safe"},
	} {
		settings, err := given.options.settings(0)
		if err != nil || string(settings.Decision.ForecastMargin) != given.want {
			t.Errorf("%s: the margin is %q (%v), want %q", name, settings.Decision.ForecastMargin, err, given.want)
		}
	}
}

// TestBacktestOfThePoolsOwnHistory replays what evaluations of three days recorded. The
// lower bound depends on the numbers only, so it must be about as high as for the
// original meetings.
func TestBacktestOfThePoolsOwnHistory(t *testing.T) {
	_, settings := otherProcess(t)
	if status, _, errOut := divims(t.Context(), "backtest", "--history"); status != failed || !strings.Contains(errOut, "has no history yet") {
		t.Errorf("without history: status %d, %q", status, errOut)
	}
	store := storeOf(t, os.Environ())
	thursday := time.Date(2026, time.February, 26, 0, 0, 0, 0, paris())
	for at := thursday; at.Before(sandboxStart.AddDate(0, 0, -1)); at = at.Add(5 * time.Minute) {
		sample := pool.Sample{At: at.UTC()}
		if hour := at.Hour(); hour >= 9 && hour < 17 {
			sample.Participants, sample.Meetings = 600, 20 // three servers
		}
		if err := store.AppendSample(t.Context(), sample); err != nil {
			t.Fatal(err)
		}
	}
	status, out, errOut := divims(t.Context(), "backtest", "--history", "--policy", "load", "--warmup", "1d", "--recording-work", "0", "--json")
	var results []struct {
		Trace      string
		Policy     string
		LowerBound float64 `json:"lower_bound_hours"`
	}
	if err := json.Unmarshal([]byte(out), &results); err != nil || status != 0 || len(results) != 1 {
		t.Fatalf("status %d, %v: %s%s", status, err, out, errOut)
	}
	if results[0].Trace != "history of "+settings.Pool.Name || results[0].Policy != "load" {
		t.Errorf("results: %+v", results)
	}
	// Friday to Sunday: one server for 72 hours, two more for 8 hours of two days.
	if bound := results[0].LowerBound; bound < 102 || bound > 107 {
		t.Errorf("lower bound %g, want about 104", bound)
	}
}
