package scaling

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestLearnedTime: a machine may take as long as the slowest of the last ten of its kind,
// within bounds that the settings give.
func TestLearnedTime(t *testing.T) {
	cloud := func(seconds ...int) map[string][]int { return map[string][]int{"cloud": seconds} }
	for name, test := range map[string]struct {
		boot, grace time.Duration
		took        map[string][]int
		want        time.Duration
	}{
		"nothing is learned":                      {7 * time.Minute, 6 * time.Minute, nil, 7 * time.Minute},
		"GRACE is longer than BOOT_TIME":          {7 * time.Minute, 12 * time.Minute, nil, 12 * time.Minute},
		"quick boots change nothing":              {7 * time.Minute, 6 * time.Minute, cloud(60, 120), 7 * time.Minute},
		"the longest counts":                      {7 * time.Minute, 6 * time.Minute, cloud(500, 660, 480), 11 * time.Minute},
		"three times the setting at most":         {7 * time.Minute, 6 * time.Minute, cloud(7200), 21 * time.Minute},
		"bare metal says nothing of the machines": {7 * time.Minute, 6 * time.Minute, map[string][]int{"bare metal": {900}}, 7 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 1)
			s.config.BootTime, s.config.Grace = test.boot, test.grace
			s.state.BootTimes = test.took
			d := newDecision(noon, s.config, s.seen, s.state)
			if got := d.timeOf(d.servers[0]); got != test.want {
				t.Errorf("its time is %s, want %s", got, test.want)
			}
		})
	}
}

// TestLearnsHowLongBootsTake: boots take 11 minutes instead of 7. The first machine is late
// for one evaluation, and those after it are not.
func TestLearnsHowLongBootsTake(t *testing.T) {
	s := newStory(t, 3)
	s.rest(2, 3)
	s.evaluate()
	s.meeting(1, 200) // 2 are required
	s.config.GrowingFactor = s.config.SteadyFactor
	s.evaluate()
	s.want("create 2, enable 2", "200 people need two servers")
	s.carryOut()
	s.evaluate()
	s.wantStage(2, Coming, "5 minutes")
	s.evaluate()
	s.wantStage(2, Late, "10 minutes, and 7 is all that is known")
	s.comes(2)
	s.evaluate()
	s.wantStage(2, Serving, "15 minutes")
	if got := s.state.BootTimes["cloud"]; !slices.Equal(got, []int{900}) {
		t.Fatalf("boot times of %d seconds are remembered, want 900", got)
	}
	s.meeting(1, 100)
	s.evaluate()
	s.want("create 3, enable 3", "300 people need three servers")
	s.carryOut()
	s.evaluate()
	s.evaluate()
	s.evaluate()
	s.wantStage(3, Coming, "15 minutes, as long as the one before took")
	s.evaluate()
	s.wantStage(3, Late, "20 minutes")
}

func TestRemembersTenBootTimes(t *testing.T) {
	s := newStory(t, 1)
	s.state.LastEvaluation = noon
	s.state.BootTimes = map[string][]int{"cloud": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}
	s.state.Servers = map[int]*pool.ServerMemory{1: {MachineID: "machine 1", Ordered: noon.Add(-time.Minute), FirstSeen: noon}}
	s.evaluate()
	if got := s.state.BootTimes["cloud"]; !slices.Equal(got, []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 360}) {
		t.Errorf("got %d, want the last ten", got)
	}
	s.evaluate()
	if got := s.state.BootTimes["cloud"]; len(got) != 10 || got[9] != 360 || got[8] != 10 {
		t.Errorf("got %d: a machine comes once", got)
	}
}

// TestTimeOfAMachineThatNobodyOrdered: it counts from the first sight of the machine. Only
// the first evaluation, which knows nothing, believes the hoster's date.
func TestTimeOfAMachineThatNobodyOrdered(t *testing.T) {
	s := newStory(t, 2)
	s.dead(2)
	s.evaluate()
	s.wantStage(2, Late, "by the hoster's date it has run for 5 hours")

	s = newStory(t, 2)
	s.withoutMachine(2)
	s.evaluate()
	s.seen.Servers[1].Machine = pool.Seen(&pool.Machine{ID: "by hand", Zone: "fr-par-1", Name: "bbb-w2", State: pool.Running, Since: noon.Add(-5 * time.Hour), Created: noon.Add(-5 * time.Hour)})
	s.evaluate()
	s.wantStage(2, Coming, "it is seen for the first time")
	s.evaluate()
	s.wantStage(2, Coming, "5 minutes")
	s.evaluate()
	s.wantStage(2, Late, "10 minutes")
	s.comes(2)
	s.evaluate()
	if len(s.state.BootTimes["cloud"]) > 0 {
		t.Errorf("boot times %d are remembered, although nobody knows when the machine was ordered", s.state.BootTimes["cloud"])
	}
}

// TestWhenAMachineBeganToStart: with the order, with its first sight if somebody else started
// it since, or with the last reboot.
func TestWhenAMachineBeganToStart(t *testing.T) {
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for name, test := range map[string]struct {
		memory pool.ServerMemory
		began  int
	}{
		"it was ordered before it was seen":       {pool.ServerMemory{Ordered: at(1), FirstSeen: at(5)}, 1},
		"it was ordered after it was seen":        {pool.ServerMemory{FirstSeen: at(1), Ordered: at(5)}, 5},
		"nobody ordered it":                       {pool.ServerMemory{FirstSeen: at(5)}, 5},
		"a person switched it off, and on again":  {pool.ServerMemory{Ordered: at(1), Stopped: at(3), FirstSeen: at(5)}, 5},
		"it was rebooted":                         {pool.ServerMemory{Ordered: at(1), FirstSeen: at(2), Rebooted: at(7)}, 7},
		"it was rebooted, and then ordered again": {pool.ServerMemory{FirstSeen: at(1), Rebooted: at(3), Ordered: at(7)}, 7},
	} {
		if got := (&server{memory: test.memory}).started(); !got.Equal(at(test.began)) {
			t.Errorf("%s: it began at %s, want %s", name, got.Format("15:04"), at(test.began).Format("15:04"))
		}
	}
}

// TestWhoseBootTimesAreLearned: those of machines that came now after an order, each kind by
// itself.
func TestWhoseBootTimesAreLearned(t *testing.T) {
	ago := func(minutes int) time.Time { return noon.Add(-time.Duration(minutes) * time.Minute) }
	for name, test := range map[string]struct {
		memory    pool.ServerMemory
		bareMetal bool
		want      map[string][]int
	}{
		"it was ordered":                  {pool.ServerMemory{Ordered: ago(6), FirstSeen: ago(5)}, false, map[string][]int{"cloud": {360}}},
		"it is bare metal":                {pool.ServerMemory{Ordered: ago(6), FirstSeen: ago(5)}, true, map[string][]int{"bare metal": {360}}},
		"it was rebooted":                 {pool.ServerMemory{Ordered: ago(6), FirstSeen: ago(5), Rebooted: ago(3)}, false, map[string][]int{}},
		"nobody knows when it began":      {pool.ServerMemory{}, true, map[string][]int{}},
		"nobody ordered it, and it is up": {pool.ServerMemory{FirstSeen: ago(5)}, false, map[string][]int{}},
	} {
		d := &decision{now: noon, servers: servers{{ServerObservation: &pool.ServerObservation{}, memory: test.memory, cameNow: true}}}
		d.servers[0].Server.BareMetal = test.bareMetal
		if got := d.bootTimes(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestEachKindOfMachineHasItsTime: bare metal may boot for longer than a cloud machine.
func TestEachKindOfMachineHasItsTime(t *testing.T) {
	d := &decision{config: newStory(t, 1).config, state: pool.State{BootTimes: map[string][]int{"bare metal": {900}}}}
	cloud, metal := &server{ServerObservation: &pool.ServerObservation{}}, &server{ServerObservation: &pool.ServerObservation{}}
	metal.Server.BareMetal = true
	if d.timeOf(cloud) != 7*time.Minute || d.timeOf(metal) != 15*time.Minute {
		t.Errorf("a cloud machine has %s, bare metal %s", d.timeOf(cloud), d.timeOf(metal))
	}
}
