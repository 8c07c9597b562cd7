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

// shelf is a storage that notes what is read of it.
type shelf struct {
	cycle.Store
	mutex   sync.Mutex
	read    []string
	fails   string
	records map[string][]json.RawMessage
}

func (s *shelf) note(what string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.read = append(s.read, what)
	if what == s.fails {
		return errors.New("HTTP status 503")
	}
	return nil
}

func (s *shelf) State(context.Context) (pool.State, error) { return pool.State{}, s.note("state") }

func (s *shelf) Decisions(_ context.Context, day time.Time) ([]json.RawMessage, error) {
	name := day.UTC().Format(time.DateOnly)
	return s.records[name], s.note(name)
}

func (s *shelf) History(_ context.Context, week time.Time) ([]pool.Sample, error) {
	year, number := week.UTC().ISOWeek()
	return []pool.Sample{{At: week}}, s.note(fmt.Sprintf("%d-W%02d", year, number))
}

// taken is what has been read since it was last asked, in order.
func (s *shelf) taken() []string {
	read := slices.Sorted(slices.Values(s.read))
	s.read = nil
	return read
}

// TestWhatTheStatusReads: at most nine objects when cold, and of weeks that are
// over none when warm.
func TestWhatTheStatusReads(t *testing.T) {
	s := &shelf{}
	p := &Pool{store: s, about: report.About{Zone: time.UTC}}
	read := func(now time.Time) []string {
		t.Helper()
		if _, err := p.past(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		return s.taken()
	}
	// Sunday the first of a month of 31 days is in a sixth week on Tuesday the last.
	last := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	want := []string{"2026-03-30", "2026-03-31", "2026-W09", "2026-W10", "2026-W11", "2026-W12", "2026-W13", "2026-W14", "state"}
	if got := read(last); !slices.Equal(got, want) {
		t.Errorf("cold: %q, wanted %q", got, want)
	}
	if got, want := read(last), []string{"2026-03-30", "2026-03-31", "2026-W14", "state"}; !slices.Equal(got, want) {
		t.Errorf("warm: %q, wanted %q", got, want)
	}
	// A week that is just over may still get the sample of an evaluation under way.
	monday := time.Date(2026, 4, 6, 1, 0, 0, 0, time.UTC)
	for range 2 {
		if got, want := read(monday), []string{"2026-04-05", "2026-04-06", "2026-W14", "2026-W15", "state"}; !slices.Equal(got, want) {
			t.Errorf("right after a week: %q, wanted %q", got, want)
		}
	}
	if read(monday.AddDate(1, 0, 0)); len(p.weeks.samples) > keptWeeks {
		t.Errorf("%d weeks are kept", len(p.weeks.samples))
	}
}

// TestAHistoryThatCannotBeReadIsUnknown, and the status is there all the same.
func TestAHistoryThatCannotBeReadIsUnknown(t *testing.T) {
	now := time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)
	p := &Pool{store: &shelf{fails: "2026-W11"}, about: report.About{Zone: time.UTC}}
	past, err := p.past(t.Context(), now)
	if err != nil || past.History.Known() {
		t.Errorf("history %v, error %v", past.History, err)
	}
	p.store = &shelf{fails: "2026-03-17"}
	if _, err := p.past(t.Context(), now); err == nil {
		t.Error("decisions that cannot be read are no error")
	}
}

// TestRecordsGoBackToTheLastAction, and are at least as many as are listed.
func TestRecordsGoBackToTheLastAction(t *testing.T) {
	now := time.Date(2026, 3, 18, 2, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct{ acted, want int }{
		"an action lately":        {3, report.DecisionsShown},
		"an action 100 ago":       {100, 101},
		"no action in two days":   {-1, 300},
		"the last one did it all": {0, report.DecisionsShown},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{records: map[string][]json.RawMessage{}}
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
				t.Errorf("%d records, wanted %d; %v", len(records), test.want, err)
			}
		})
	}
}
