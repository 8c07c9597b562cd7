package figures_test

import (
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/figures"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// ten is the start of all days here.
var ten = time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC)

// settings are those of all days here.
var settings = figures.Settings{Interval: 5 * time.Minute, ServerParticipants: 10, MachineTime: 20 * time.Minute}

func figuresOf(a *figures.Account) figures.Figures { return a.Figures(ten, ten, world.Tally{}, 0) }

// TestUnservedParticipantMinutesOfAShortDay is a worked example. A server can carry 10
// people. The pool has two servers, of which server 1 serves.
//
//   - Lecture: 14 people from 10:00:30 to 10:10:30, on server 1.
//   - At 10:05 somebody cordons server 1. From then on no server serves.
//   - Seminar: 6 people, 10:06:30 to 10:12:30. It finds no server and is refused at 10:11:30.
//   - Talk: 12 people from 10:12:40 to 10:18:00. They join every 10 s and leave every 10 s in
//     the last 2 minutes. At 10:14 server 2 is enabled without a machine, which does not help.
//
// Each full minute has max(0, people on serving servers − 10 × serving servers), and the
// people without a server:
//
//	minute        serving  people on them  too many  without a server  sum
//	10:01–10:05   1        14              4         0                 5 × 4 = 20
//	10:06         0        0               0         0                 0
//	10:07–10:12   0        0               0         6                 6 × 6 = 36
//	10:13         0        0               0         3                 3   joined at 12:40, 12:50, 13:00
//	10:14         0        0               0         9                 9
//	10:15, 10:16  0        0               0         12                24
//	10:17         0        0               0         6                 6   6 left until 10:17:00
//	10:18–10:20   0        0               0         0                 0
//	                                                                   98
func TestUnservedParticipantMinutesOfAShortDay(t *testing.T) {
	account := figures.NewAccount(settings)
	meeting := func(begin, end time.Duration, people int, join, leave time.Duration) demand.Meeting {
		return demand.Meeting{Start: ten.Add(begin), Duration: end - begin, Participants: people, Join: join, Leave: leave}
	}
	w, err := world.New(world.Config{
		Start: ten, Seed: 1, Servers: pool.Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com"), Running: 1,
		EachMinute: account.Minute,
		Meetings: []demand.Meeting{
			meeting(30*time.Second, 10*time.Minute+30*time.Second, 14, 0, 0),
			meeting(6*time.Minute+30*time.Second, 12*time.Minute+30*time.Second, 6, 0, 0),
			meeting(12*time.Minute+40*time.Second, 18*time.Minute, 12, 2*time.Minute, 2*time.Minute),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	set := func(after time.Duration, entry int, state pool.EntryState) {
		t.Helper()
		w.AdvanceTo(ten.Add(after))
		if err := w.SetState(w.Entries()[entry-1].ID, state); err != nil {
			t.Fatal(err)
		}
	}
	set(5*time.Minute, 1, pool.Cordoned)
	set(14*time.Minute, 2, pool.Enabled)
	w.AdvanceTo(ten.Add(20 * time.Minute))
	if got := figuresOf(account).UnservedParticipantMinutes; got != 98 {
		t.Errorf("%d unserved participant minutes, want 98", got)
	}
	if refused := w.Tally().RefusedMeetings; refused != 2 {
		t.Errorf("%d meetings were refused, want the seminar and the talk", refused)
	}
}

// TestUnservedParticipantMinutesEdges is a second worked example, of one minute each. A
// server can carry 10 people, from the last minute on 20.
//
//	serving  people on them  without a server  unserved
//	2        20              0                 0    exactly what they can carry
//	2        21              0                 1
//	1        21              0                 11   the same people, one server less
//	0        0               7                 7    nobody serves
//	2        5               7                 7    free seats help only those who find a server
//	2        24              7                 11   4 + 7
//	2        24              7                 7    a deployment says that a server can carry 20
//	                                           44
func TestUnservedParticipantMinutesEdges(t *testing.T) {
	account := figures.NewAccount(settings)
	for _, row := range []world.Minute{
		{Serving: 2, Served: 20}, {Serving: 2, Served: 21}, {Serving: 1, Served: 21},
		{Unplaced: 7}, {Serving: 2, Served: 5, Unplaced: 7}, {Serving: 2, Served: 24, Unplaced: 7},
	} {
		account.Minute(row)
	}
	larger := settings
	larger.ServerParticipants = 20
	account.Deploy(larger)
	account.Minute(world.Minute{Serving: 2, Served: 24, Unplaced: 7})
	if got := figuresOf(account).UnservedParticipantMinutes; got != 44 {
		t.Errorf("%d unserved participant minutes, want 44", got)
	}
}

// TestMinutesBelowRequired counts full minutes with fewer serving servers than the last
// evaluation required that knew it.
//
//	10:01  2 serve  no evaluation yet     0
//	       evaluation: 3 required
//	10:02  2 serve  3 required            1
//	10:03  3 serve  3 required            0
//	       evaluation without an answer of any policy
//	10:04  1 serves 3 required            1
//	       evaluation that failed
//	10:05  1 serves 3 required            1
//	       evaluation: 1 required
//	10:06  1 serves 1 required            0
func TestMinutesBelowRequired(t *testing.T) {
	account := figures.NewAccount(settings)
	minute := func(serving int) { account.Minute(world.Minute{Serving: serving}) }
	minute(2)
	account.Evaluation(figures.Evaluation{Record: requires(3)})
	minute(2)
	minute(3)
	unknown := requires(0)
	unknown.Plan.Required.Servers = pool.Unknown[int]("no policy has an answer")
	account.Evaluation(figures.Evaluation{Record: unknown})
	minute(1)
	account.Evaluation(figures.Evaluation{Failed: true})
	minute(1)
	account.Evaluation(figures.Evaluation{Record: requires(1)})
	minute(1)
	if got := figuresOf(account); got.MinutesBelowRequired != 3 || got.Evaluations != 4 || got.FailedEvaluations != 1 {
		t.Errorf("%d minutes below what was required, %d evaluations, %d failed; want 3, 4, 1", got.MinutesBelowRequired, got.Evaluations, got.FailedEvaluations)
	}
}
