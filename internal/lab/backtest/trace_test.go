package backtest

import (
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/world"
)

// TestDaysFollowTheTimeZone checks that a trace begins and ends at local midnights, and that
// six weeks are 42 local days even though daylight saving time begins in them.
func TestDaysFollowTheTimeZone(t *testing.T) {
	zone := paris(t)
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, zone)
	}
	trace, err := NewTrace("spring", []demand.Meeting{
		{Start: at(time.March, 9, 8, 0).UTC(), Duration: time.Hour, Participants: 1},
		{Start: at(time.April, 28, 23, 30).UTC(), Duration: time.Hour, Participants: 1},
	}, zone)
	if err != nil {
		t.Fatal(err)
	}
	if want := at(time.March, 9, 0, 0); !trace.Begin.Equal(want) {
		t.Errorf("begins %s, want %s", trace.Begin, want)
	}
	if want := at(time.April, 30, 0, 0); !trace.End.Equal(want) {
		t.Errorf("ends %s, want %s: the last meeting is over after midnight", trace.End, want)
	}
	if want := at(time.April, 20, 0, 0); !trace.After(sixWeeks).Equal(want) {
		t.Errorf("six weeks later it is %s, want %s", trace.After(sixWeeks), want)
	}
	if want := at(time.March, 10, 12, 0); !trace.After(36 * time.Hour).Equal(want) {
		t.Errorf("36 hours later it is %s, want %s", trace.After(36*time.Hour), want)
	}
}

// TestTraceIncludesItsLastWeekend checks that a trace that ends on a Friday includes the
// weekend after it.
func TestTraceIncludesItsLastWeekend(t *testing.T) {
	for lastDay, want := range map[int]int{3: 4, 4: 7, 5: 7, 6: 7} { // counted from Monday, 0
		trace := traceOf(t, meetings(1, 9*time.Hour, 1), meetings(1, time.Duration(lastDay)*24*time.Hour+9*time.Hour, 1))
		if days := int(trace.End.Sub(trace.Begin).Hours() / 24); days != want {
			t.Errorf("with a last meeting %d days after Monday the trace has %d days, want %d", lastDay, days, want)
		}
	}
}

// TestDemandOfEveryMinute has two meetings. In the first, 4 people join from 9:00 on (9:00,
// 9:01, 9:02, 9:03) and leave until 9:10 (9:08:30, 9:09, 9:09:30, 9:10). In the second,
// 3 people are present from 9:05 to 9:06:30.
func TestDemandOfEveryMinute(t *testing.T) {
	trace := traceOf(t, []demand.Meeting{
		{Start: monday.Add(9 * time.Hour), Duration: 10 * time.Minute, Participants: 4, Join: 4 * time.Minute, Leave: 2 * time.Minute},
		{Start: monday.Add(9*time.Hour + 5*time.Minute), Duration: 90 * time.Second, Participants: 3},
	})
	want := []Demand{{0, 0}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {4, 1}, {7, 2}, {7, 2}, {4, 1}, {4, 1}, {2, 1}, {0, 0}}
	for i, w := range want {
		at := monday.Add(9*time.Hour + time.Duration(i-1)*time.Minute)
		if got := trace.demand[trace.minute(at)]; got != w {
			t.Errorf("%s: %+v, want %+v", at.Format(time.TimeOnly), got, w)
		}
	}
}

// TestDemandMatchesTheWorld checks that, in a pool with enough room, the world has the
// trace's people in every minute, and its meetings except for those that BBB takes a
// minute to end.
func TestDemandMatchesTheWorld(t *testing.T) {
	wanted, err := demand.Generate(demand.University, monday, monday.AddDate(0, 0, 2), 5, 400)
	if err != nil {
		t.Fatal(err)
	}
	trace := traceOf(t, wanted)
	minute := 0
	measured(t, Config{
		Trace: trace, Policies: policies(t, "load"), Scaling: decision(t, "10"), Seed: 1,
		EachMinute: func(m world.Minute) {
			minute++
			want := trace.demand[minute]
			before := trace.demand[minute-1]
			if m.Participants != want.Participants {
				t.Errorf("%s: the world has %d people, the trace %d", m.Time, m.Participants, want.Participants)
			}
			if m.Meetings < want.Meetings || m.Meetings > want.Meetings+before.Meetings {
				t.Errorf("%s: the world has %d meetings, the trace %d", m.Time, m.Meetings, want.Meetings)
			}
		},
	})
	if minute != int(trace.End.Sub(trace.Begin)/time.Minute) {
		t.Errorf("%d minutes", minute)
	}
}
