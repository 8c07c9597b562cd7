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

func (s *fakeStore) State(context.Context) (pool.State, error) { return pool.State{}, s.note("state") }

func (s *fakeStore) Decisions(_ context.Context, day time.Time) ([]json.RawMessage, error) {
	name := day.UTC().Format(time.DateOnly)
	return s.records[name], s.note(name)
}

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

// TestStatusReadsFewObjects checks that a cold instance reads at most nine objects, and
// that a warm one does not read finished weeks again.
func TestStatusReadsFewObjects(t *testing.T) {
	s := &fakeStore{}
	p := &Pool{store: s, about: report.About{Zone: time.UTC}}
	read := func(now time.Time) []string {
		t.Helper()
		if _, err := p.past(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		return s.takeReads()
	}
	// A month of 31 days that starts on a Sunday has days in six weeks.
	last := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	want := []string{"2026-03-30", "2026-03-31", "2026-W09", "2026-W10", "2026-W11", "2026-W12", "2026-W13", "2026-W14", "state"}
	if got := read(last); !slices.Equal(got, want) {
		t.Errorf("cold: %q, want %q", got, want)
	}
	if got, want := read(last), []string{"2026-03-30", "2026-03-31", "2026-W14", "state"}; !slices.Equal(got, want) {
		t.Errorf("warm: %q, want %q", got, want)
	}
	// A week that has just ended may still get the sample of a running evaluation.
	monday := time.Date(2026, 4, 6, 1, 0, 0, 0, time.UTC)
	for range 2 {
		if got, want := read(monday), []string{"2026-04-05", "2026-04-06", "2026-W14", "2026-W15", "state"}; !slices.Equal(got, want) {
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
	p.store = &fakeStore{fails: "2026-03-17"}
	if _, err := p.past(t.Context(), now); err == nil {
		t.Error("no error although the decisions cannot be read")
	}
}

func TestRecordsGoBackToTheLastAction(t *testing.T) {
	now := time.Date(2026, 3, 18, 2, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct{ acted, want int }{
		"a recent action":       {3, report.DecisionsShown},
		"100 evaluations ago":   {100, 101},
		"no action in two days": {-1, 300},
		"the last one acted":    {0, report.DecisionsShown},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStore{records: map[string][]json.RawMessage{}}
			for i := range 300 {
				at := now.Add(-time.Duration(i) * 5 * time.Minute)
				record := cycle.Record{At: at}
				if i == test.acted {
					record.Outcomes = []cycle.Outcome{{Server: 1}}
				}
				text, err := json.Marshal(record)
				if err != nil {
					t.Fatal(err)
				}
				day := at.Format(time.DateOnly)
				s.records[day] = slices.Insert(s.records[day], 0, json.RawMessage(text))
			}
			records, err := (&Pool{store: s}).records(t.Context(), now)
			if err != nil || len(records) != test.want || !records[0].At.Equal(now) {
				t.Errorf("%d records, want %d; %v", len(records), test.want, err)
			}
		})
	}
}
