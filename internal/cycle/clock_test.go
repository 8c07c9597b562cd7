package cycle

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// alertsOf returns the texts of a record's alerts about a subject.
func alertsOf(record Record, subject string) string {
	var texts []string
	for _, alert := range record.Plan.Alerts {
		if alert.Subject == subject && alert.Level == scaling.Warning {
			texts = append(texts, alert.Text.String())
		}
	}
	return strings.Join(texts, "; ")
}

// skewed is a Store that answers with times of its own clock: first at Acquire, then at
// State.
type skewed struct {
	*fake
	first, second time.Time
	fails         error
}

func (s skewed) Acquire(context.Context, string, time.Time, time.Time) (pool.State, error) {
	s.state.StorageTime = s.first
	return s.state, nil
}

func (s skewed) State(context.Context) (pool.State, error) {
	s.state.StorageTime = s.second
	return s.state, s.fails
}

// TestClockOfTheStorageDecides: if our own clock is off by more than a minute, the
// evaluation uses the storage's, and warns.
func TestClockOfTheStorageDecides(t *testing.T) {
	for name, test := range map[string]struct {
		first, second time.Duration // of the storage's clock against ours
		fails         error
		want          time.Duration
		text          string
	}{
		"both agree":                               {0, 0, nil, 0, ""},
		"50 s are no error":                        {-50 * time.Second, -50 * time.Second, nil, 0, ""},
		"ours is 11 h ahead":                       {-11 * time.Hour, -11 * time.Hour, nil, -11 * time.Hour, "11h ahead"},
		"ours is 11 min behind":                    {11 * time.Minute, 11 * time.Minute, nil, 11 * time.Minute, "11m behind"},
		"one odd answer does not count":            {10 * time.Minute, 0, nil, 0, ""},
		"two that contradict each other, neither":  {10 * time.Minute, -10 * time.Minute, nil, 0, ""},
		"the first counts if there is no second":   {-11 * time.Hour, 0, errors.New("HTTP status 503"), -11 * time.Hour, "11h ahead"},
		"of two that differ in size, the later is": {-2 * time.Minute, -3 * time.Minute, nil, -3 * time.Minute, "3m ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			c.Services.Store = skewed{f, noon.Add(test.first), noon.Add(test.second), test.fails}
			record := evaluate(t, c)
			if want := noon.Add(test.want); !record.At.Equal(want) || !f.committed[0].LastEvaluation.Equal(want) {
				t.Errorf("the evaluation is of %s, want %s", record.At, want)
			}
			if got := alertsOf(record, "lease"); !strings.Contains(got, test.text) || (test.text == "") != (got == "") {
				t.Errorf("warned of %q, want %q", got, test.text)
			}
		})
	}
}

// TestUnwrittenLogIsAWarning: an evaluation whose history sample or decision record cannot
// be written commits its state all the same, and the next one warns.
func TestUnwrittenLogIsAWarning(t *testing.T) {
	for _, object := range []string{"sample", "decision"} {
		t.Run(object, func(t *testing.T) {
			f, c := newFake(2)
			f.fails[object] = errors.New("s3://bucket/history.json: HTTP status 403")
			if record := evaluate(t, c); alertsOf(record, "storage") != "" {
				t.Error("warned before it was known")
			}
			if f.committed[0].LastEvaluation.IsZero() || f.committed[0].LogError == "" {
				t.Fatalf("committed %+v", f.committed[0])
			}
			f.state = f.committed[0]
			delete(f.fails, object)
			if got := alertsOf(evaluate(t, c), "storage"); !strings.Contains(got, "HTTP status 403") {
				t.Errorf("the next evaluation warned of %q", got)
			}
			f.state = f.committed[1]
			if got := alertsOf(evaluate(t, c), "storage"); got != "" {
				t.Errorf("still warned of %q when all was written", got)
			}
		})
	}
	f, c := newFake(2)
	f.fails["history"] = errors.New("HTTP status 503")
	if got := alertsOf(evaluate(t, c), "storage"); !strings.HasSuffix(got, "history: HTTP status 503") {
		t.Errorf("without a history: warned of %q", got)
	}
	f.fails["commit"] = errors.New("HTTP status 503")
	if _, err := c.Run(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }}); err == nil {
		t.Error("no error although the state was not written")
	}
}

// TestConflictIsRecorded: an evaluation that gets the lease reports those in a row before
// it that did not, from the third on.
func TestConflictIsRecorded(t *testing.T) {
	for evaluations, want := range map[int]string{
		0: "", 2: "",
		3: "3 evaluations in a row, since 2026-03-16T11:45:00Z, found the lease held, the last time by cron 1",
	} {
		_, c := newFake(2)
		record, err := c.Run(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return 0 },
			Conflict: Conflict{evaluations, time.Date(2026, 3, 16, 11, 45, 0, 0, time.UTC), "cron 1"}})
		if got := alertsOf(record, "lease"); err != nil || got != want {
			t.Errorf("after %d: warned of %q, %v; want %q", evaluations, got, err, want)
		}
	}
}

// TestIdleEvaluationsAreCounted: the state says when an evaluation acted last.
func TestIdleEvaluationsAreCounted(t *testing.T) {
	acted := noon.Add(-time.Hour)
	var next pool.State
	countIdle(&next, pool.State{}, Record{At: noon})
	if next.Idle != 0 || !next.LastAction.IsZero() {
		t.Errorf("before the first action: %+v", next)
	}
	countIdle(&next, pool.State{LastAction: acted, Idle: 3}, Record{At: noon})
	if next.Idle != 4 || !next.LastAction.Equal(acted) {
		t.Errorf("an idle one: %+v", next)
	}
	countIdle(&next, pool.State{LastAction: acted, Idle: 3}, Record{At: noon, Outcomes: []Outcome{{}}})
	if next.Idle != 0 || !next.LastAction.Equal(noon) {
		t.Errorf("one that acted: %+v", next)
	}
}
