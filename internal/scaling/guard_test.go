package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// TestFellTogether: the guard counts the servers that served and do not now, whatever the
// cause: at least two, and more than 30 % of those that served before.
func TestFellTogether(t *testing.T) {
	for _, test := range []struct {
		served, fell int
		doubt        bool
		because      string
	}{
		{1, 1, false, "one server alone is no sign of a common cause"},
		{2, 1, false, "one of two is one server"},
		{2, 2, true, "two of two"},
		{6, 2, true, "2 of 6 are 33 %"},
		{7, 2, false, "2 of 7 are 28 %"},
		{10, 3, false, "3 of 10 are not more than 30 %"},
		{10, 4, true, "4 of 10 are 40 %"},
	} {
		for how, fall := range map[string]func(*story, int){
			"silent and offline":         func(s *story, n int) { s.dead(n) },
			"silent to us, but online":   (*story).silent,
			"with errors, and offline":   func(s *story, n int) { s.broken(n); s.entry(n).Online = false },
			"offline, but they answer":   func(s *story, n int) { s.entry(n).Online = false },
			"errors, and online: no one": nil,
		} {
			s := newStory(t, test.served)
			s.evaluate()
			for n := 1; n <= test.fell; n++ {
				if fall == nil {
					s.broken(n)
				} else {
					fall(s, n)
				}
			}
			s.evaluate()
			s.wantDoubt(FellTogether, test.doubt && fall != nil, test.because+": "+how)
		}
	}
}

// TestGuardCountsOnlyServersThatServed: two new machines that never came beside four good
// servers are no network failure.
func TestGuardCountsOnlyServersThatServed(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(1, 700) // 6 are required
	s.rest(5, 6)
	s.evaluate()
	s.carryOut()
	for range 6 {
		s.evaluate()
		s.wantDoubt(FellTogether, false, "servers 5 and 6 never served")
		s.wantStage(1, Serving, "it is one of the four good ones")
	}
	s.wantStage(6, Late, "it never came")
}

// TestServersThatFellApart: servers that fall more than half an hour apart did not fall
// together.
func TestServersThatFellApart(t *testing.T) {
	for _, test := range []struct {
		apart time.Duration
		doubt bool
	}{{30 * time.Minute, true}, {35 * time.Minute, false}} {
		s := newStory(t, 5)
		s.meeting(1, 500)
		s.evaluate()
		s.dead(2)
		s.evaluate()
		for range test.apart/(5*time.Minute) - 1 {
			s.evaluate()
		}
		s.dead(3)
		s.evaluate()
		s.wantDoubt(FellTogether, test.doubt, "2 of 5 fell, "+test.apart.String()+" apart")
	}
}

// TestZoneOutage: five of ten servers die with their zone in the morning. Nothing is done
// to them. The pool grows by a third of what is missing, then by all of it as soon as one
// of the new machines serves. When the zone is back, nothing is cordoned for an hour.
func TestZoneOutage(t *testing.T) {
	s := newStory(t, 20)
	s.config.BootTime = 12 * time.Minute
	for n := 1; n <= 10; n++ {
		s.meeting(n, 125) // 10 servers are required
	}
	s.rest(11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
	s.evaluate()
	s.want("", "ten are required, and ten serve")
	s.dead(1, 2, 3, 4, 5)
	s.evaluate()
	s.want("create 11, enable 11, create 12, enable 12", "a third of the missing five, rounded up")
	s.wantAlert("network")
	s.carryOut()
	s.evaluate()
	s.want("", "the first two have not come yet")
	s.comes(11)
	s.evaluate()
	if got := countOf(s.plan, Create); got != 3 {
		t.Errorf("planned %s, want three creations: ten required, five serve, one has come, one boots", s.planned())
	}
	s.carryOut()
	s.comes(12, 13, 14, 15)
	s.live(30 * time.Minute)
	s.want("", "ten serve, and nothing is done to the five that fell")
	s.wantDoubt(FellTogether, true, "4 of 10 fell: those that serve since do not lift the guard")

	for n := 1; n <= 5; n++ {
		s.comes(n)
	}
	away := s.now
	s.evaluate()
	s.wantDoubt(FellTogether, false, "they serve again")
	for s.now.Before(away.Add(time.Hour - s.config.Interval)) {
		s.want("", "their people may come back")
		s.evaluate()
	}
	s.evaluate()
	if countOf(s.plan, Cordon) == 0 {
		t.Errorf("at %s planned %q, want the surplus to be cordoned", s.now.Format("15:04"), s.planned())
	}
}

// TestCalmAfterAFall: servers fell some minutes ago, and are back for some minutes.
func TestCalmAfterAFall(t *testing.T) {
	for _, test := range []struct {
		fell, back int
		calmed     bool
	}{
		{65, 59, false}, {65, 60, true}, {119, 59, false}, {120, 30, true}, {120, 29, false}, {600, 0, false},
	} {
		ago := func(minutes int) time.Time { return noon.Add(-time.Duration(minutes) * time.Minute) }
		d := &decision{now: noon, doubt: pool.Doubt{FellTogether: ago(test.fell), Away: ago(test.back)}}
		if d.calmed() != test.calmed {
			t.Errorf("%d minutes after the fall, back for %d: calmed is %t", test.fell, test.back, d.calmed())
		}
	}
	if d := (&decision{now: noon}); !d.calmed() {
		t.Error("nothing fell, and it is not calmed")
	}
}

// TestGuardLetsServersGo: a server that serves again leaves those that fell together.
func TestGuardLetsServersGo(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(6, 600)
	s.evaluate()
	s.dead(1, 2, 3)
	s.evaluate()
	s.wantDoubt(FellTogether, true, "3 of 6")
	s.comes(1)
	s.evaluate()
	s.wantDoubt(FellTogether, true, "2 of 6")
	s.comes(2)
	s.evaluate()
	s.wantDoubt(FellTogether, false, "1 of 6")
}

// TestGuardStartsTwoMachinesAtLeast: while a doubt about the network lasts and no new
// machine serves, a small pool may start two machines.
func TestGuardStartsTwoMachinesAtLeast(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(1, 120)
	s.meeting(2, 120) // 2 are required
	s.rest(3, 4, 5, 6)
	s.evaluate()
	s.dead(1, 2)
	s.evaluate()
	s.want("create 3, enable 3, create 4, enable 4", "all of a pool of two is gone")
	s.carryOut()
	s.comes(4)
	s.evaluate()
	s.want("", "one of two has come, and the other may come yet")
}

// TestOrderStandsOverDoubt: nothing is done to servers in doubt, unless an operator's order
// names them.
func TestOrderStandsOverDoubt(t *testing.T) {
	hold := pool.Hold{Author: "Ada", Reason: "it is dead"}
	for name, test := range map[string]struct {
		order func(*pool.ServerMemory)
		want  string
	}{
		"no order":  {func(*pool.ServerMemory) {}, ""},
		"end-drain": {func(m *pool.ServerMemory) { m.EndDrain = &pool.EndDrain{Hold: hold} }, "end meeting 5"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 5)
			s.entry(5).State = pool.Cordoned
			s.meeting(5, 3)
			s.meeting(1, 400) // all four others are required
			stalePoller(s)
			s.wantDoubt(StalePoller, true, "everything is in doubt")
			s.operator(5, test.order)
			s.config.MaxCreations = 0
			s.evaluate()
			if got := s.planned(); got != test.want && got != "enable 5" {
				t.Errorf("planned %q, want %q", got, test.want)
			}
			if got := countOf(s.plan, EndMeeting); got != len(test.want)/len("end meeting 5") {
				t.Errorf("planned %s, want %q", s.planned(), test.want)
			}
		})
	}
}

// stalePoller makes servers 1 and 2 fall silent without a change of Scalelite's flags.
func stalePoller(s *story) {
	s.evaluate()
	s.silent(1)
	s.silent(2)
	s.evaluate()
	s.evaluate()
}

// TestGuardBecomesProbation: none of the machines that were made since the servers fell
// comes in its time, so more are made in rounds.
func TestGuardBecomesProbation(t *testing.T) {
	s := newStory(t, 30)
	for n := 1; n <= 12; n++ {
		s.meeting(n, 125) // 12 are required
	}
	for n := 13; n <= 30; n++ {
		s.rest(n)
	}
	s.evaluate()
	s.dead(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	s.evaluate()
	if got := countOf(s.plan, Create); got != 4 {
		t.Errorf("planned %s, want a third of the twelve that are missing", s.planned())
	}
	s.carryOut()
	s.live(10 * time.Minute)
	s.wantDoubt(FellTogether, true, "all fell")
	s.wantDoubt(NoneComes, true, "and what was made does not come")
	if got := countOf(s.plan, Create); got != 3 {
		t.Errorf("planned %s, want a tenth of the pool", s.planned())
	}
}

// TestDoubtProtects: while Scalelite's poller stands still, a server that is empty is not
// deleted, one that is too much is not cordoned, and one that is dead is not rebooted.
func TestDoubtProtects(t *testing.T) {
	s := newStory(t, 12)
	s.meeting(3, 900) // 8 are required
	s.dead(12)
	s.entry(11).State, s.entry(12).State = pool.Cordoned, pool.Cordoned
	s.seen.Servers[10].Recordings = pool.Seen([]pool.Recording{{ID: "r", State: pool.Processing}})
	s.evaluate()
	s.evaluate()
	s.silent(1)
	s.silent(2)
	s.config.GrowingFactor = s.config.SteadyFactor
	s.evaluate()
	s.state.Forced = &pool.Forced{Hold: pool.Hold{Author: "Ada"}, Servers: 2, Until: noon.Add(24 * time.Hour)}
	s.operator(12, func(m *pool.ServerMemory) { m.EndDrain = &pool.EndDrain{} })
	s.evaluate()
	s.seen.Servers[10].Recordings = pool.Seen([]pool.Recording{})
	for range 3 * 12 {
		s.evaluate()
		s.wantDoubt(StalePoller, true, "the flags of servers 1 and 2 do not follow")
		if got := countOf(s.plan, Cordon) + countOf(s.plan, Delete) + countOf(s.plan, Reboot); got > 0 {
			t.Fatalf("planned %s while the poller stands still", s.planned())
		}
	}
}

// TestFallenServersStayEnabled: a zone is away for hours. Its servers are not cordoned,
// although the others suffice and nobody is expected on them any more.
func TestFallenServersStayEnabled(t *testing.T) {
	s := newStory(t, 10)
	s.meeting(10, 300) // 3 are required
	s.config.MinimumMillionths = 1_000_000
	s.evaluate()
	s.config.MinimumMillionths = 10_000
	s.dead(1, 2, 3, 4)
	for range 5 * 12 {
		s.evaluate()
		for _, action := range s.plan.Actions {
			if action.Kind != Enable && action.Server <= 4 {
				t.Fatalf("planned %s, want nothing for the servers that fell", s.planned())
			}
		}
	}
	s.wantStage(4, Late, "it is silent")
}

// TestWhoseFallCounts: a server in maintenance does not, and neither does a machine that was
// ordered before the others fell prove anything.
func TestWhoseFallCounts(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(6, 600)
	s.evaluate()
	s.dead(1, 2)
	s.operator(2, func(m *pool.ServerMemory) { m.Maintenance = &pool.Hold{}; m.Fell = noon })
	s.evaluate()
	s.wantDoubt(FellTogether, false, "a person works on server 2")

	s = newStory(t, 12)
	s.meeting(12, 1200)
	s.evaluate()
	s.operator(12, func(m *pool.ServerMemory) { m.Ordered = noon.Add(-time.Hour) })
	s.dead(1, 2, 3, 4)
	s.config.Size = 12
	s.evaluate()
	if doubt := s.plan.Doubts[0]; doubt.Starts != 2 {
		t.Errorf("%d machines may be started, want two: server 12 was ordered before", doubt.Starts)
	}
}

// TestWhatProtectsAServer: doubt does, unless an order names the server.
func TestWhatProtectsAServer(t *testing.T) {
	for name, test := range map[string]struct {
		memory pool.ServerMemory
		want   bool
	}{
		"no order":            {pool.ServerMemory{}, true},
		"an end-drain order":  {pool.ServerMemory{EndDrain: &pool.EndDrain{}}, false},
		"an order to recycle": {pool.ServerMemory{Recycle: &pool.Hold{}}, false},
	} {
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: test.memory, inDoubt: true}
		if got := s.protected(); got != test.want {
			t.Errorf("%s: protected %t, want %t", name, got, test.want)
		}
	}
}
