package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// neverServes returns a pool of size servers that has just ordered the machine of server
// 2. Its reboots are switched off.
func neverServes(t *testing.T, size int) *story {
	s := newStory(t, size)
	s.config.UnresponsiveRebootAfter = 0
	s.config.GrowingFactor = s.config.SteadyFactor
	for n := 2; n <= size; n++ {
		s.rest(n)
	}
	s.evaluate()
	s.people(1, 200)
	s.evaluate()
	s.want("create 2, enable 2", "two are required")
	s.carryOut()
	s.people(1, 100) // one suffices
	return s
}

// TestDeletesMachineThatNeverServed: a machine that answers nobody is deleted after three
// times its time and after 45 minutes at the earliest, if every evaluation since its
// creation saw it so, and if its figures never named a backlog.
func TestDeletesMachineThatNeverServed(t *testing.T) {
	const never = 0
	backlog := func(n int) func(*story) {
		return func(s *story) {
			s.broken(2)
			s.seen.Servers[1].Stats = pool.Seen(pool.Stats{Backlog: pool.Seen(map[string]int{"archived": n}), Failed: pool.Seen(map[string]int{})})
		}
	}
	for name, test := range map[string]struct {
		config  func(*Config)
		after15 func(*story) // 15 minutes after its order
		minutes int
	}{
		"it is silent":                             {nil, nil, 45},
		"machines may take 12 minutes":             {func(c *Config) { c.BootTime = 12 * time.Minute }, nil, 45},
		"machines may take 20 minutes":             {func(c *Config) { c.BootTime = 20 * time.Minute }, nil, 60},
		"Scalelite once called it online":          {nil, func(s *story) { s.entry(2).Online = true; s.evaluate(); s.entry(2).Online = false }, never},
		"it once answered":                         {nil, func(s *story) { s.comes(2); s.evaluate(); s.dead(2) }, never},
		"an evaluation is missing":                 {nil, func(s *story) { s.now = s.now.Add(10 * time.Minute) }, never},
		"it boots, and its figures name nothing":   {nil, backlog(0), 90},
		"it boots, and its figures name a backlog": {nil, backlog(1), never},
		"it named a backlog, and none since":       {nil, func(s *story) { backlog(1)(s); s.evaluate(); backlog(0)(s) }, never},
		"it boots, without figures":                {nil, func(s *story) { s.broken(2); s.seen.Servers[1].Stats = pool.Unknown[pool.Stats]("404") }, never},
		"it boots, in a pool that does not record": {func(c *Config) { c.Recordings = RecordingsNone }, func(s *story) { s.broken(2); s.seen.Servers[1].Stats = pool.Unknown[pool.Stats]("404") }, 90},
		"only the state knows that it recorded":    {nil, func(s *story) { s.operator(2, func(m *pool.ServerMemory) { m.Recordings = true }) }, never},
		"no deletion is allowed":                   {func(c *Config) { c.MaxDeletions = 0 }, nil, never},
		"it is in maintenance":                     {nil, func(s *story) { s.operator(2, func(m *pool.ServerMemory) { m.Maintenance = &pool.Hold{} }) }, never},
	} {
		t.Run(name, func(t *testing.T) {
			s := neverServes(t, 4)
			if test.config != nil {
				test.config(&s.config)
			}
			ordered, deleted := s.now, never
			for s.now.Before(ordered.Add(3*time.Hour)) && deleted == never {
				if s.now.Equal(ordered.Add(15*time.Minute)) && test.after15 != nil {
					test.after15(s)
				}
				s.evaluate()
				if countOf(s.plan, Delete) > 0 {
					deleted = int(s.now.Sub(ordered) / time.Minute)
				}
				s.carryOut()
			}
			if deleted != test.minutes {
				t.Errorf("it is deleted after %d minutes, want %d", deleted, test.minutes)
			}
		})
	}
}

// TestMachineOfAPersonIsNotDeleted: what DiViMS did not order may hold anything.
func TestMachineOfAPersonIsNotDeleted(t *testing.T) {
	s := newStory(t, 3)
	s.config.UnresponsiveRebootAfter = 0
	s.rest(2, 3)
	s.evaluate()
	s.seen.Servers[1].Machine = pool.Seen(&pool.Machine{ID: "by hand", Zone: "fr-par-1", Name: "bbb-w2", State: pool.Running, Since: noon, Created: noon})
	s.dead(2)
	for range 24 {
		s.evaluate()
		s.want("", "nobody knows what is on it")
	}
}

// TestMakesPlaceForMachines: a pool that is full of machines that never served gives them
// up after twice their time, one for each 30 % of its places.
func TestMakesPlaceForMachines(t *testing.T) {
	s := newStory(t, 3)
	s.config.UnresponsiveRebootAfter = 0
	s.meeting(1, 300)
	s.rest(2, 3)
	s.evaluate()
	s.want("create 2, enable 2, create 3, enable 3", "three are required")
	s.carryOut()
	s.evaluate()
	s.evaluate()
	s.want("", "10 minutes")
	s.wantAlert("pool size")
	s.evaluate()
	s.want("delete 2", "15 minutes, and no place is left; one of three at a time")
	s.carryOut()
	s.evaluate()
	s.want("create 2, enable 2, delete 3", "its place is free again")
}

// TestNeverRebootsAMachineThatItDeletes: when the doubt about the network ends, a machine
// that never served is due for both.
func TestNeverRebootsAMachineThatItDeletes(t *testing.T) {
	s := neverServes(t, 4)
	for range 8 {
		s.evaluate()
	}
	s.config.UnresponsiveRebootAfter = 20 * time.Minute
	s.evaluate()
	if countOf(s.plan, Delete) != 1 || countOf(s.plan, Reboot) != 0 {
		t.Errorf("planned %s, want its deletion", s.planned())
	}
}

// TestMachineThatAppearsLongAfterTheOrder: what DiViMS ordered was deleted by hand before it
// was ever seen. An hour later a person restores another machine of that name.
func TestMachineThatAppearsLongAfterTheOrder(t *testing.T) {
	s := neverServes(t, 2)
	s.rest(2)
	for range 12 {
		s.evaluate()
	}
	s.seen.Servers[1].Machine = pool.Seen(&pool.Machine{ID: "restored", Zone: "fr-par-1", Name: "bbb-w2", State: pool.Running, Since: s.now, Created: noon})
	s.dead(2)
	for range 24 {
		s.evaluate()
		s.want("", "recordings may be on it")
	}
}

// TestWhenAMachineHasHadItsTime: the conditions of neverServed one by one.
func TestWhenAMachineHasHadItsTime(t *testing.T) {
	for name, test := range map[string]struct {
		interval time.Duration
		waited   time.Duration
		stats    pool.Reading[pool.Stats]
		booted   bool
		want     bool
	}{
		"it is silent for 45 minutes":             {5 * time.Minute, 45 * time.Minute, pool.Unknown[pool.Stats]("silent"), false, true},
		"it is seldom looked at":                  {time.Hour, 119 * time.Minute, pool.Unknown[pool.Stats]("silent"), false, false},
		"it is seldom looked at, for two times":   {time.Hour, 120 * time.Minute, pool.Unknown[pool.Stats]("silent"), false, true},
		"it boots, and has no backlog":            {5 * time.Minute, 90 * time.Minute, pool.Seen(pool.Stats{Backlog: pool.Seen(map[string]int{})}), true, true},
		"it boots, and has a backlog":             {5 * time.Minute, 90 * time.Minute, pool.Seen(pool.Stats{Backlog: pool.Seen(map[string]int{"archived": 1})}), true, false},
		"it boots, and its backlog is not known":  {5 * time.Minute, 90 * time.Minute, pool.Seen(pool.Stats{}), true, false},
		"it boots, and has had its time but once": {5 * time.Minute, 89 * time.Minute, pool.Seen(pool.Stats{Backlog: pool.Seen(map[string]int{})}), true, false},
	} {
		d := &decision{now: noon, config: newStory(t, 1).config}
		d.config.Interval = test.interval
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: pool.ServerMemory{Watched: true, BootSeen: test.booted, Ordered: noon.Add(-test.waited)}}
		s.Stats = test.stats
		if got := d.neverServed(s); got != test.want {
			t.Errorf("%s: it has had its time: %t, want %t", name, got, test.want)
		}
	}
}

// TestNeverServedWhileThePollerStandsStill: Scalelite could not have called it online.
func TestNeverServedWhileThePollerStandsStill(t *testing.T) {
	s := neverServes(t, 8)
	for n := 3; n <= 6; n++ {
		s.comes(n)
		s.entry(n).State = pool.Enabled
		s.seen.Servers[n-1].Machine = pool.Seen(&pool.Machine{ID: "by hand", State: pool.Running, Since: s.now})
	}
	s.people(1, 600)
	s.evaluate()
	s.silent(3)
	s.silent(4)
	s.config.MaxCreations = 0
	for range 24 {
		s.evaluate()
		if got := countOf(s.plan, Delete); got > 0 {
			t.Fatalf("at %s planned %s", s.now.Format("15:04"), s.planned())
		}
	}
	s.wantDoubt(StalePoller, true, "the flags of servers 3 and 4 do not follow")
}
