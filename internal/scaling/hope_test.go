package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// unitDown makes the same unit fail on servers.
func (s *story) unitDown(unit string, numbers ...int) {
	for _, n := range numbers {
		s.stats(n, func(stats *pool.Stats) { stats.UnitsDown = pool.Seen([]string{unit}) })
	}
}

// TestReplacesForAFaultThatIsSeenTwice: one glimpse of a failing unit changes nothing, nor
// do two that are a second apart.
func TestReplacesForAFaultThatIsSeenTwice(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 350) // 3 are required
	s.evaluate()
	s.carryOut()
	s.unitDown("bbb-web", 3)
	s.evaluate()
	s.wantLeftAlone(3, "for the first time")
	s.now = s.now.Add(time.Second - s.config.Interval)
	s.evaluate()
	s.wantLeftAlone(3, "for the first time")
	s.want("", "nothing is done for what was seen once")
	s.evaluate()
	s.want("enable 2", "its replacement comes first")
}

// TestFaultsWithoutHope: the same unit is off on most of the servers, or on the machine
// that was made to replace another: replacing machines for that does not help.
func TestFaultsWithoutHope(t *testing.T) {
	for name, test := range map[string]struct {
		faulty   []int
		replaces bool
	}{
		"one of four":   {[]int{4}, true},
		"two of four":   {[]int{3, 4}, true},
		"three of four": {[]int{2, 3, 4}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 5)
			s.meeting(1, 500) // 4 are required
			s.rest(5)
			s.evaluate()
			s.unitDown("bbb-web", test.faulty...)
			s.evaluate()
			s.evaluate()
			if replaces := s.planned() == "create 5, enable 5"; replaces != test.replaces {
				t.Errorf("planned %q, replaces: want %t", s.planned(), test.replaces)
			}
		})
	}
}

// TestReplacementHasTheSameFault: a unit is off in the image. Server 4 is replaced for it
// once, and the new machine is not replaced in its turn. When no server has the fault any
// more, it is forgotten.
func TestReplacementHasTheSameFault(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(1, 500) // 4 are required
	s.rest(5, 6)
	s.evaluate()
	s.unitDown("bbb-web", 4)
	s.evaluate()
	s.evaluate()
	s.want("create 5, enable 5", "the replacement comes first")
	s.carryOut()
	s.comes(5)
	s.unitDown("bbb-web", 5)
	s.evaluate()
	s.want("", "what was just made is not taken away")
	s.live(10 * time.Minute)
	s.want("cordon 4", "there is one more than required, and it is not well")
	for range 12 {
		s.evaluate()
		if got := countOf(s.plan, Create) + countOf(s.plan, Cordon); got > 0 {
			t.Fatalf("planned %s, although the replacement has the same fault", s.planned())
		}
		s.carryOut()
	}
	s.wantLeftAlone(5, "the same fault")
	s.unitDown("bbb-apps-akka", 5)
	s.evaluate()
	s.evaluate()
	s.want("create 4, enable 4", "it has another fault")

	s.comes(5)
	s.evaluate()
	if len(s.state.Faults) > 0 {
		t.Errorf("the faults %v are remembered, and no server has one", s.state.Faults)
	}
}

// TestAliveServerIsDrainedAndNeverRebooted: a server answers with an error, media go on
// and its figures come. A person must look at it.
func TestAliveServerIsDrainedAndNeverRebooted(t *testing.T) {
	s := newStory(t, 5)
	s.config.UnresponsiveDeleteAfter = 30 * time.Minute
	for n := 1; n <= 4; n++ {
		s.meeting(n, 120) // 4 are required
	}
	s.evaluate()
	s.want("cordon 5", "four are required")
	s.carryOut()
	s.meeting(5, 1)
	s.broken(4)
	s.entry(4).Online = false
	s.evaluate()
	s.want("enable 5", "Scalelite places nobody on server 4")
	s.carryOut()
	s.evaluate()
	s.want("cordon 4", "five are enough")
	s.wantAlert("server 4")
	s.carryOut()
	for range 20 {
		s.evaluate()
		s.want("", "people are on it, and it is alive")
	}
}

// TestCommonFaults: a fault that most running servers have, and at least two of them, or one
// whose machine was made since a server was first replaced for it.
func TestCommonFaults(t *testing.T) {
	for name, test := range map[string]struct {
		running, having int
		replaced, made  time.Duration // minutes after noon at which one was replaced, and the last machine with the fault was made
		common          bool
	}{
		"one of one":                      {1, 1, 0, 0, false},
		"one of two":                      {2, 1, 0, 0, false},
		"two of two":                      {2, 2, 0, 0, true},
		"two of four":                     {4, 2, 0, 0, false},
		"three of four":                   {4, 3, 0, 0, true},
		"one, made after the replacement": {4, 1, 10, 20, true},
		"one, made before":                {4, 1, 20, 10, false},
	} {
		d := &decision{now: noon, state: pool.State{Faults: map[string]time.Time{}}}
		if test.replaced > 0 {
			d.state.Faults["unit"] = noon.Add(test.replaced * time.Minute)
		}
		for i := range test.running {
			s := &server{ServerObservation: &pool.ServerObservation{}, machine: &pool.Machine{State: pool.Running}, memory: pool.ServerMemory{FirstSeen: noon.Add(test.made * time.Minute)}}
			if s.Machine = pool.Seen(s.machine); i < test.having {
				s.fault = "unit"
			}
			d.servers = append(d.servers, s)
		}
		if got := d.isCommon("unit"); got != test.common {
			t.Errorf("%s: common %t, want %t", name, got, test.common)
		}
	}
}

// TestSinceWhenServersAreReplacedForAFault: since the first of them, for as long as one has it.
func TestSinceWhenServersAreReplacedForAFault(t *testing.T) {
	first := noon.Add(-time.Hour)
	d := &decision{now: noon, replacedFor: []string{"old", "new"}, servers: servers{{fault: "old"}, {fault: "new"}},
		state: pool.State{Faults: map[string]time.Time{"old": first, "gone": first}}}
	got := d.faults()
	if len(got) != 2 || !got["old"].Equal(first) || !got["new"].Equal(noon) {
		t.Errorf("remembered are %v", got)
	}
}
