package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/report"
)

// fakeStore records what is read, and fails to read one object.
type fakeStore struct {
	cycle.Store
	mutex   sync.Mutex
	state   pool.State
	reads   []string
	fails   string
	records map[string][]json.RawMessage
}

func (s *fakeStore) note(object string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.reads = append(s.reads, object)
	if object == s.fails {
		return errors.New("HTTP status 503")
	}
	return nil
}

func (s *fakeStore) State(context.Context) (pool.State, error) { return s.state, s.note("state") }

func (s *fakeStore) Decisions(_ context.Context, hour time.Time) ([]json.RawMessage, error) {
	name := hour.UTC().Format("2006-01-02/15")
	return s.records[name], s.note(name)
}

func (s *fakeStore) DayDecisions(_ context.Context, day time.Time) ([]json.RawMessage, error) {
	name := day.UTC().Format(time.DateOnly)
	return s.records[name], s.note(name)
}

func (s *fakeStore) StateOwner(context.Context) (*pool.Owner, error) { return nil, nil }

func (s *fakeStore) TakeOver(context.Context, time.Time, pool.Intervention) error { return nil }

// fill stores a short record for each of the evaluations before a time, every 5 minutes;
// acted is the number of the one that acted, counted back from the newest. name says in
// which object each is.
func (s *fakeStore) fill(t *testing.T, newest time.Time, n, acted int, name func(time.Time) string) {
	t.Helper()
	s.records, s.state = map[string][]json.RawMessage{}, pool.State{LastEvaluation: newest}
	for i := range n {
		at := newest.Add(-time.Duration(i) * 5 * time.Minute)
		record := cycle.Record{At: at}
		if i == acted {
			record.Outcomes = []cycle.Outcome{{Server: 1}}
			s.state.LastAction, s.state.Idle = at, i
		}
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		s.records[name(at)] = slices.Insert(s.records[name(at)], 0, json.RawMessage(text))
	}
}

func byHour(at time.Time) string { return at.Format("2006-01-02/15") }

func byDay(at time.Time) string { return at.Format(time.DateOnly) }

func (s *fakeStore) History(_ context.Context, week time.Time) ([]pool.Sample, error) {
	year, number := week.UTC().ISOWeek()
	return []pool.Sample{{At: week}}, s.note(fmt.Sprintf("%d-W%02d", year, number))
}

// takeReads returns what was read since the last call, sorted.
func (s *fakeStore) takeReads() []string {
	reads := slices.Sorted(slices.Values(s.reads))
	s.reads = nil
	return reads
}

// TestStatusReadsFewObjects checks that a cold instance reads at most eleven objects, and
// that a warm one does not read finished weeks again.
func TestStatusReadsFewObjects(t *testing.T) {
	s := &fakeStore{}
	p := &Pool{store: s, about: report.About{Zone: time.UTC, Interval: 5 * time.Minute}}
	read := func(now time.Time) []string {
		t.Helper()
		s.fill(t, now, 300, 100, byHour)
		if _, err := p.past(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		return s.takeReads()
	}
	// A month of 31 days that starts on a Sunday has days in six weeks.
	last := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	hours := []string{"2026-03-31/03", "2026-03-31/10", "2026-03-31/11", "2026-03-31/12"} // the last action was at 3:40
	want := append(slices.Clone(hours), "2026-W09", "2026-W10", "2026-W11", "2026-W12", "2026-W13", "2026-W14", "state")
	if got := read(last); !slices.Equal(got, want) {
		t.Errorf("cold: %q, want %q", got, want)
	}
	if got, want := read(last), append(slices.Clone(hours), "2026-W14", "state"); !slices.Equal(got, want) {
		t.Errorf("warm: %q, want %q", got, want)
	}
	// A week that has just ended may still get the sample of a running evaluation.
	monday := time.Date(2026, 4, 6, 1, 0, 0, 0, time.UTC)
	for range 2 {
		if got, want := read(monday), []string{"2026-04-05/16", "2026-04-05/23", "2026-04-06/00", "2026-04-06/01", "2026-W14", "2026-W15", "state"}; !slices.Equal(got, want) {
			t.Errorf("right after a week: %q, want %q", got, want)
		}
	}
	if read(monday.AddDate(1, 0, 0)); len(p.weeks.samples) > cachedWeeks {
		t.Errorf("%d weeks are cached", len(p.weeks.samples))
	}
}

// TestUnreadableHistoryIsUnknown checks that the status works without the history.
func TestUnreadableHistoryIsUnknown(t *testing.T) {
	now := time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)
	p := &Pool{store: &fakeStore{fails: "2026-W11"}, about: report.About{Zone: time.UTC}}
	past, err := p.past(t.Context(), now)
	if err != nil || past.History.Known() {
		t.Errorf("history %v, error %v", past.History, err)
	}
	s := &fakeStore{fails: "2026-03-18/11"}
	s.fill(t, now, 30, 20, byHour)
	p = &Pool{store: s, about: report.About{Zone: time.UTC, Interval: 5 * time.Minute}}
	past, err = p.past(t.Context(), now)
	if err != nil || past.Unread == "" || len(past.Records) == 0 {
		t.Errorf("an hour that cannot be read: %d records, %q unread, %v; want the other records and what is missing", len(past.Records), past.Unread, err)
	}
	p.store = &fakeStore{fails: "state"}
	if _, err := p.past(t.Context(), now); err == nil {
		t.Error("no error although the state cannot be read")
	}
}

func TestRecordsGoBackToTheLastAction(t *testing.T) {
	now := time.Date(2026, 3, 18, 2, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		n, acted int
		object   func(time.Time) string
		// want is how many records, and last how many evaluations before now the oldest was.
		want, last int
	}{
		"a recent action":                       {300, 3, byHour, report.DecisionsShown, 19},
		"an action just before those shown":     {300, 24, byHour, 25, 24},
		"an action long ago, by its hour alone": {3000, 2500, byHour, 0, 2500},
		"no action":                             {300, -1, byHour, report.DecisionsShown, 19},
		"the last one acted":                    {300, 0, byHour, report.DecisionsShown, 19},
		"a new pool":                            {7, 2, byHour, 7, 6},
		"all by an earlier version":             {300, 3, byDay, report.DecisionsShown, 19},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStore{}
			s.fill(t, now, test.n, test.acted, test.object)
			p := &Pool{store: s, about: report.About{Interval: 5 * time.Minute}}
			records, err := p.records(t.Context(), s.state)
			if err != nil || test.want > 0 && len(records) != test.want || !records[0].At.Equal(now) {
				t.Fatalf("%d records, want %d; %v", len(records), test.want, err)
			}
			oldest := records[len(records)-1]
			if want := now.Add(-time.Duration(test.last) * 5 * time.Minute); !oldest.At.Equal(want) {
				t.Errorf("the oldest is of %s, want %s", oldest.At, want)
			}
		})
	}
}
