package forecast

import (
	"math"
	"testing"
	"time"
)

// rush is a demand of some people between two times of a day, and of 50 at all others.
func rush(from, to string, people int) func(local time.Time) int {
	return func(local time.Time) int {
		if clock := local.Format("15:04"); clock >= from && clock < to {
			return people
		}
		return 50
	}
}

// TestLooks: which needs ahead count for what. A machine takes 15 minutes to come, and the
// rush of 1000 people needs 7 servers.
func TestLooks(t *testing.T) {
	lecture, short, exam := rush("08:00", "09:00", 1000), rush("08:00", "08:10", 1000), rush("08:00", "09:00", 12000)
	for _, test := range []struct {
		because string
		demand  func(time.Time) int
		at      string
		change  func(*Input)
		want    int
	}{
		{"a machine that is created now is up then", lecture, "07:45", func(*Input) {}, 7},
		{"it must suffice until the machines of the next evaluation are up", lecture, "07:40", func(*Input) {}, 7},
		{"the next evaluation creates machines in time", lecture, "07:35", func(*Input) {}, 1},
		{"no machine is up in time, one is enabled, and two more could be", short, "07:55", func(in *Input) { in.Ready = 2 }, 3},
		{"all that could be enabled are not needed", short, "07:55", func(in *Input) { in.Ready = 10 }, 6},
		{"four are enabled, and needed again within 70 minutes", lecture, "06:50", func(in *Input) { in.Enabled = 4 }, 4},
		{"more are enabled than are needed again", lecture, "06:50", func(in *Input) { in.Enabled = 9 }, 7},
		{"75 minutes are too long", lecture, "06:45", func(in *Input) { in.Enabled = 4 }, 1},
		{"three have recordings in work", lecture, "05:00", func(in *Input) { in.Recording = 3 }, 3},
		{"21 evaluations create two each, and the other 25 of 67 must be there before", exam, "06:00", func(in *Input) { in.MaxCreations, in.Size = 2, 100 }, 25},
		{"the evaluations until then create enough", exam, "06:00", func(in *Input) { in.MaxCreations, in.Size = 10, 100 }, 1},
	} {
		now := parisTime(t, "2026-03-17 "+test.at)
		in := input(now, 50, weeks(6, now, test.demand))
		in.Enabled = 1
		test.change(&in)
		if servers, why := predict(t, in); servers != test.want {
			t.Errorf("at %s %d are required, want %d: %s\n%s", test.at, servers, test.want, test.because, why)
		}
	}
}

// TestDrainingLoad: what draining servers carry need not be carried by others. It falls to
// 51 % in 20 minutes.
func TestDrainingLoad(t *testing.T) {
	now := parisTime(t, "2026-03-17 10:00")
	in := input(now, 1000, weeks(6, now, lectures))
	all := newForecast(in).needAt(now.Add(20 * time.Minute))
	in.Draining = Pair{100, 100. / 15}
	f := newForecast(in)
	rest := f.needAt(now.Add(20 * time.Minute))
	if carried := (all.servers - rest.servers) * f.share.Participants; math.Abs(rest.draining.Participants-51.3) > 0.1 || carried < 40 {
		t.Errorf("draining servers still have %.1f people, want 51.3; others need not carry %.1f", rest.draining.Participants, carried)
	}
}
