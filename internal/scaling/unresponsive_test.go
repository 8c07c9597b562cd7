package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// TestReplacesSilentServer: a server that falls silent is no capacity any more and is
// replaced at once; it is cordoned when the others serve, at the second sight.
func TestReplacesSilentServer(t *testing.T) {
	s := newStory(t, 5)
	requireThree(s)
	s.meeting(4, 120)
	s.evaluate()
	s.want("cordon 5", "480 participants need 4 servers")
	s.carryOut()
	s.silent(4)
	s.evaluate()
	s.want("", "Scalelite still places meetings on server 4")
	s.dead(4)
	s.evaluate()
	s.want("enable 5", "server 4 does not serve, and server 5 is up")
	s.carryOut()
	s.evaluate()
	s.want("cordon 4", "it does not serve for the second time, and the others suffice")
	s.wantAlert("server 4")
}

func TestRebootsUnresponsiveMachineOnce(t *testing.T) {
	for _, test := range []struct {
		name        string
		deleteAfter time.Duration
		end         string
	}{{"kept by default", 0, ""}, {"deleted where that is allowed", 40 * time.Minute, "delete 4"}} {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(t, 4)
			requireThree(s)
			s.config.UnresponsiveDeleteAfter = test.deleteAfter
			s.state.Servers = map[int]*pool.ServerMemory{4: {MachineID: "machine 4", LoadSeen: s.now}} // nobody was on it
			s.dead(4)
			s.evaluate()
			s.want("", "it is silent for the first time")
			s.evaluate()
			s.want("cordon 4", "it answers neither DiViMS nor Scalelite")
			s.carryOut()
			for range 3 {
				s.evaluate()
				s.want("", "it may recover by itself")
			}
			s.evaluate()
			s.want("reboot 4", "unresponsive for 20 minutes")
			s.carryOut()
			for range 2 {
				s.evaluate()
				s.want("", "it starts")
			}
			for range 7 {
				s.evaluate()
				s.want("", "it is not rebooted a second time")
			}
			s.evaluate()
			s.want(test.end, "unresponsive for 40 minutes after the reboot")
			s.wantAlert("server 4")
		})
	}
}

func TestKeepsServerThatScaleliteSeesOnline(t *testing.T) {
	s := newStory(t, 4)
	requireThree(s)
	s.config.UnresponsiveDeleteAfter = 40 * time.Minute
	s.entry(4).State = pool.Cordoned
	s.dead(4)
	s.entry(4).Online = true
	for range 20 {
		s.evaluate()
		s.want("", "people may be on it")
	}
	s.wantAlert("server 4")
}

// TestSlowNetworkFailureDeletesNothing: 2 of 4 servers fell, although the first was given
// up before the second fell.
func TestSlowNetworkFailureDeletesNothing(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter = 40 * time.Minute
	requireThree(s)
	s.evaluate() // cordons 4
	for _, n := range []int{3, 2} {
		s.dead(n)
		s.evaluate()
		s.evaluate()
	}
	for range 20 {
		s.evaluate()
		if got := countOf(s.plan, Delete) + countOf(s.plan, Reboot) + countOf(s.plan, Cordon); got > 0 {
			t.Fatalf("planned %s, want no harm to any server", s.planned())
		}
	}
}

// TestReplacesTheOnlyServerBeforeItIsCordoned: the only server of a pool stays enabled until
// another serves.
func TestReplacesTheOnlyServerBeforeItIsCordoned(t *testing.T) {
	s := newStory(t, 2)
	s.rest(2)
	s.evaluate()
	s.dead(1)
	s.evaluate()
	s.want("create 2, enable 2", "its replacement comes first")
	s.carryOut()
	s.evaluate()
	s.want("", "the replacement boots")
	s.comes(2)
	s.evaluate()
	s.want("cordon 1", "the replacement serves")
}

// TestRebootAndDeletionAreNotPlannedTogether: both are due when the network is back.
func TestRebootAndDeletionAreNotPlannedTogether(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter = 20 * time.Minute
	s.entry(4).State = pool.Cordoned
	s.state.Servers = map[int]*pool.ServerMemory{4: {MachineID: "machine 4", LoadSeen: s.now}} // nobody was on it
	s.meeting(1, 300)
	s.dead(4)
	for range 5 {
		s.evaluate()
		s.want("", "less than 20 minutes")
	}
	s.evaluate()
	s.want("reboot 4", "a reboot may help, and a deletion cannot be undone")
}

// TestWhenAnUnresponsiveMachineIsRebooted: at the earliest after two hours if people or
// recordings were on it when it was last seen, else after UNRESPONSIVE_REBOOT_AFTER.
func TestWhenAnUnresponsiveMachineIsRebooted(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*story)
		after  time.Duration
	}{
		"it was empty":        {func(*story) {}, 20 * time.Minute},
		"people were on it":   {func(s *story) { s.meeting(4, 1) }, 2 * time.Hour},
		"a meeting was on it": {func(s *story) { s.meeting(4, 0) }, 2 * time.Hour},
		"it had a backlog": {func(s *story) {
			s.stats(4, func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"archived": 3}) })
		}, 2 * time.Hour},
		"a recording failed":     {func(s *story) { s.stats(4, func(v *pool.Stats) { v.Failed = pool.Seen(map[string]int{"sanity": 1}) }) }, 2 * time.Hour},
		"reboots take 3 hours":   {func(s *story) { s.meeting(4, 1); s.config.UnresponsiveRebootAfter = 3 * time.Hour }, 3 * time.Hour},
		"reboots are forbidden":  {func(s *story) { s.config.UnresponsiveRebootAfter = 0 }, 0},
		"it is seldom looked at": {func(s *story) { s.config.UnresponsiveRebootAfter = time.Minute }, 10 * time.Minute},
		"Scalelite says online":  {func(s *story) { s.config.ScalelitePoll = time.Hour }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			s.meeting(1, 450) // all are required
			test.change(s)
			s.evaluate()
			s.dead(4)
			s.entry(4).Online = name == "Scalelite says online"
			s.evaluate()
			s.evaluate() // unresponsive from now on
			since, got := s.now, time.Duration(0)
			for got == 0 && s.now.Before(since.Add(4*time.Hour)) {
				s.evaluate()
				if countOf(s.plan, Reboot) > 0 {
					got = s.now.Sub(since)
				}
			}
			if got != test.after {
				t.Errorf("it is rebooted after %s, want %s", got, test.after)
			}
		})
	}
}

// TestBareMetalIsRebootedThreeTimes: the pauses are one and two hours, then a person must
// look at it. When it serves again, it may be rebooted again.
func TestBareMetalIsRebootedThreeTimes(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 450)
	s.seen.Servers[3].Server.BareMetal = true
	s.machine(4).BareMetal = true
	s.evaluate()
	s.dead(4)
	reboots := func() (minutes []int) {
		from := s.now
		for s.now.Before(from.Add(12 * time.Hour)) {
			s.evaluate()
			if countOf(s.plan, Reboot) > 0 {
				minutes = append(minutes, int(s.now.Sub(from)/time.Minute))
			}
			s.carryOut()
		}
		return minutes
	}
	if got := reboots(); len(got) != 3 || got[1]-got[0] < 60 || got[2]-got[1] < 120 {
		t.Errorf("rebooted after %d minutes, want three times, at least one hour and two hours apart", got)
	}
	s.wantAlert("server 4")
	s.comes(4)
	s.evaluate()
	s.dead(4)
	if got := reboots(); len(got) != 3 {
		t.Errorf("after it served again it is rebooted %d times, want three", len(got))
	}
}

// TestKnownBacklogKeepsTheMachine: its recordings are on the disk of the machine, whatever
// is set.
func TestKnownBacklogKeepsTheMachine(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter = 30 * time.Minute
	s.config.UnresponsiveRebootAfter = 0
	s.meeting(1, 300)
	s.entry(4).State = pool.Cordoned
	s.stats(4, func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"archived": 3}) })
	s.evaluate()
	s.dead(4)
	for range 36 {
		s.evaluate()
		s.want("", "three recordings are on it")
	}
	s.wantLeftAlone(4, "only a person may decide")
	s.operator(4, func(m *pool.ServerMemory) { m.EndDrain = &pool.EndDrain{DiscardRecordings: true} })
	s.evaluate()
	s.want("delete 4", "a person has decided")
}

// TestWhoMayBeRebooted: a cloud machine once, bare metal three times with longer and longer
// pauses.
func TestWhoMayBeRebooted(t *testing.T) {
	for _, test := range []struct {
		bareMetal bool
		reboots   int
		minutes   time.Duration // since the last
		want      bool
	}{
		{false, 0, 0, true}, {false, 1, 600, false}, {true, 0, 0, true}, {true, 1, 59, false}, {true, 1, 60, true},
		{true, 2, 119, false}, {true, 2, 120, true}, {true, 3, 6000, false},
	} {
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: pool.ServerMemory{Reboots: test.reboots, Rebooted: noon.Add(-test.minutes * time.Minute)}}
		s.Server.BareMetal = test.bareMetal
		if got := (&decision{now: noon}).mayReboot(s); got != test.want {
			t.Errorf("%+v: it may be rebooted: %t", test, got)
		}
	}
}

// TestTooManySilentAreNotRebooted: servers that never served, and so did not fall, and servers
// that fell beside many that drain.
func TestTooManySilentAreNotRebooted(t *testing.T) {
	for name, begin := range map[string]func(*story){
		"nothing is remembered": func(s *story) { s.dead(2, 3) },
		"others drain": func(s *story) {
			s.config.UnresponsiveMillionths = 400_000
			for n := 4; n <= 6; n++ {
				s.entry(n).State = pool.Cordoned
				s.meeting(n, 1)
			}
			s.evaluate()
			s.dead(2, 3)
		},
	} {
		s := newStory(t, 6)
		s.config.Size = 6
		if name == "nothing is remembered" {
			s.rest(5, 6)
		}
		s.config.MaxCreations, s.config.MaxCordons = 0, 0
		s.meeting(1, 700)
		begin(s)
		for range 12 {
			s.evaluate()
			if got := countOf(s.plan, Reboot); got > 0 {
				t.Errorf("%s: at %s planned %s", name, s.now.Format("15:04"), s.planned())
				break
			}
		}
	}
}

// TestTooManySilentAreNotDeleted: most of a pool is silent when DiViMS looks at it for the first
// time, so nothing fell.
func TestTooManySilentAreNotDeleted(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter, s.config.UnresponsiveRebootAfter = 30*time.Minute, 0
	s.meeting(1, 450) // all are required
	s.entry(4).State = pool.Cordoned
	s.dead(3, 4)
	for range 3 * 12 {
		s.evaluate()
		s.want("", "it may be the network")
	}
	s.comes(3)
	s.evaluate()
	s.want("delete 4", "one alone is silent for long enough")
}
