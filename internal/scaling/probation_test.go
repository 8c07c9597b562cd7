package scaling

import (
	"slices"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestMachinesThatShareWhatMayBeTheCause: two machines in a row that did not come in their
// time cast doubt on what they share.
func TestMachinesThatShareWhatMayBeTheCause(t *testing.T) {
	for name, test := range map[string]struct {
		second pool.Machine // the first is of zone, image and type "a"
		change func(*story)
		doubt  bool
	}{
		"the image":       {second: pool.Machine{ImageID: "a", Zone: "b", Type: "b"}, doubt: true},
		"the zone":        {second: pool.Machine{ImageID: "b", Zone: "a", Type: "b"}, doubt: true},
		"the type":        {second: pool.Machine{ImageID: "b", Zone: "b", Type: "a"}, doubt: true},
		"nothing":         {second: pool.Machine{ImageID: "b", Zone: "b", Type: "b"}},
		"one is in time":  {second: pool.Machine{ImageID: "a", Zone: "a", Type: "a"}, change: func(s *story) { s.orderedAt(3, noon) }},
		"one serves":      {second: pool.Machine{ImageID: "a", Zone: "a", Type: "a"}, change: func(s *story) { s.comes(3) }},
		"one once served": {second: pool.Machine{ImageID: "a", Zone: "a", Type: "a"}, change: func(s *story) { s.operator(3, func(m *pool.ServerMemory) { m.Served = noon.Add(-time.Hour) }) }},
		"one by hand":     {second: pool.Machine{ImageID: "a", Zone: "a", Type: "a"}, change: func(s *story) { s.operator(3, func(m *pool.ServerMemory) { m.Ordered = time.Time{} }) }},
		"one is bare metal": {second: pool.Machine{ImageID: "a", Zone: "a", Type: "a"}, change: func(s *story) {
			s.seen.Servers[2].Server.BareMetal = true
		}},
		"one answers, only Scalelite says offline": {second: pool.Machine{ImageID: "a", Zone: "a", Type: "a"}, change: func(s *story) {
			answersEmpty(&s.seen.Servers[2])
			s.operator(3, func(m *pool.ServerMemory) {
				m.Entry = pool.EntryMemory{ID: "entry 3", Answered: true, AnsweredAt: noon.Add(-10 * time.Minute)}
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			s.dead(2, 3)
			*s.machine(2) = pool.Machine{ID: "machine 2", Name: "bbb-w2", State: pool.Running, ImageID: "a", Zone: "a", Type: "a"}
			test.second.ID, test.second.Name, test.second.State = "machine 3", "bbb-w3", pool.Running
			*s.machine(3) = test.second
			s.state.Servers = map[int]*pool.ServerMemory{}
			s.orderedAt(2, noon.Add(-20*time.Minute))
			s.orderedAt(3, noon.Add(-20*time.Minute))
			if test.change != nil {
				test.change(s)
			}
			s.evaluate()
			s.wantDoubt(NoneComes, test.doubt, name)
		})
	}
}

// orderedAt makes a server's machine one that DiViMS ordered at a time.
func (s *story) orderedAt(n int, ordered time.Time) {
	s.state.Servers[n] = &pool.ServerMemory{MachineID: s.machine(n).ID, Ordered: ordered, FirstSeen: ordered}
}

// badImage returns a pool of 20 servers that needs ten and has four. A new image has just
// been published, whose machines answer nobody.
func badImage(t *testing.T) *story {
	s := newStory(t, 20)
	s.meeting(1, 500) // 4 are required
	for n := 5; n <= 20; n++ {
		s.rest(n)
	}
	s.evaluate()
	s.want("", "four are required, and four serve")
	s.seen.Images = pool.Seen([]pool.Image{{ID: "newer", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
	s.config.RollOutParallel = 0
	s.config.GrowingFactor = s.config.SteadyFactor
	s.people(1, 1250) // 10 are required
	return s
}

// TestBadImage: the first machines of a new image do not answer. The image is set aside,
// and machines are made from the one before.
func TestBadImage(t *testing.T) {
	s := badImage(t)
	s.evaluate()
	if got := countOf(s.plan, Create); got != 6 {
		t.Fatalf("planned %s, want six creations", s.planned())
	}
	s.carryOut()
	s.evaluate()
	s.want("", "they boot")
	s.evaluate()
	s.wantDoubt(NoneComes, true, "six of one image did not come")
	s.wantAlert("creation")
	s.wantAlert("image bbb-2")
	s.want("create 11, enable 11, create 12, enable 12", "a tenth of the pool may be coming at once")
	if got := s.plan.Images["fr-par-1"]; got != "image" {
		t.Errorf("machines are made from %q, want the image of the last machine that came", got)
	}
	s.carryOut()
	s.comes(11, 12)
	s.evaluate()
	s.wantDoubt(NoneComes, false, "two came")
	if got := countOf(s.plan, Create); got != 4 {
		t.Errorf("planned %s, want all four that are missing", s.planned())
	}
	s.wantAlert("image bbb-2")
	for _, v := range s.plan.Verdicts {
		if v.Health == ToRecycle {
			t.Errorf("server %d is %s: %s; an image that is set aside makes no machine outdated", v.Server, v.Health, v.Why)
		}
	}
}

// TestImageIsUsedAgain: an image that was set aside is used again when one of its machines
// serves after all, and forgotten when a newer one is there.
func TestImageIsUsedAgain(t *testing.T) {
	for name, change := range map[string]func(*story){
		"one of its machines serves": func(s *story) { s.comes(5) },
		"there is a newer image": func(s *story) {
			s.seen.Images = pool.Seen([]pool.Image{{ID: "newest", Zone: "fr-par-1", Name: "bbb-3", Created: s.now}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := badImage(t)
			s.live(15 * time.Minute)
			if !slices.Contains(s.state.Doubt.SetAside, "newer") {
				t.Fatal("the image is not set aside")
			}
			change(s)
			s.evaluate()
			if len(s.state.Doubt.SetAside)+len(s.plan.Images) > 0 {
				t.Errorf("set aside are %v, and machines are made from %v", s.state.Doubt.SetAside, s.plan.Images)
			}
		})
	}
}

// TestImageWithoutAnother: the only image that is known is not set aside.
func TestImageWithoutAnother(t *testing.T) {
	s := badImage(t)
	s.seen.Images = pool.Seen([]pool.Image{{ID: "image", Zone: "fr-par-1", Name: "bbb-1", Created: noon.Add(-100 * time.Hour)}})
	s.live(15 * time.Minute)
	s.wantDoubt(NoneComes, true, "none came")
	if len(s.plan.Images) > 0 {
		t.Errorf("machines are made from %v", s.plan.Images)
	}
}

// TestImageWhoseMachinesAnswerIsNotSetAside: its machines boot, so it is not the image
// alone that keeps them from serving.
func TestImageWhoseMachinesAnswerIsNotSetAside(t *testing.T) {
	s := badImage(t)
	s.evaluate()
	s.carryOut()
	for n := 5; n <= 10; n++ {
		s.broken(n)
	}
	s.live(10 * time.Minute)
	s.wantDoubt(NoneComes, true, "none came")
	if len(s.plan.Images) > 0 {
		t.Errorf("machines are made from %v", s.plan.Images)
	}
}

// TestProbationGoesInRounds: while no machine comes, each round of a tenth of the pool
// doubles the wait for the next, up to half an hour. An operator's number does not lift
// that.
func TestProbationGoesInRounds(t *testing.T) {
	for name, change := range map[string]func(*story){
		"by the policies": func(*story) {},
		"forced": func(s *story) {
			s.state.Forced = &pool.Forced{Hold: pool.Hold{Author: "Ada"}, Servers: 20, Until: noon.Add(24 * time.Hour)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := badImage(t)
			s.seen.Images = pool.Seen([]pool.Image{{ID: "image", Zone: "fr-par-1", Name: "bbb-1", Created: noon.Add(-100 * time.Hour)}})
			s.config.MaxDeletions = 0
			s.live(10 * time.Minute)
			change(s)
			var rounds []time.Duration
			last := s.now.Add(-5 * time.Minute)
			for s.now.Before(noon.Add(4 * time.Hour)) {
				s.evaluate()
				if got := countOf(s.plan, Create); got > 0 {
					rounds = append(rounds, s.now.Sub(last))
					last = s.now
					if got != 2 {
						t.Errorf("at %s planned %s, want two creations", s.now.Format("15:04"), s.planned())
					}
				}
				s.carryOut()
			}
			minutes := func(list ...time.Duration) (d []time.Duration) {
				for _, m := range list {
					d = append(d, m*time.Minute)
				}
				return d
			}
			want := minutes(10, 10, 10, 20, 30)
			if len(rounds) > len(want) {
				rounds = rounds[:len(want)]
			}
			if !slices.Equal(rounds, want) {
				t.Errorf("the rounds are %s apart, want %s", rounds, want)
			}
		})
	}
}

// TestProbationOfASmallPool: at least one machine may be coming at once.
func TestProbationOfASmallPool(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 400)
	s.rest(2, 3, 4)
	s.config.MaxDeletions = 0
	s.config.MaxCreations = 2
	s.evaluate()
	s.want("create 2, enable 2, create 3, enable 3", "four are required")
	s.carryOut()
	s.evaluate()
	s.config.MaxCreations = 10
	s.evaluate()
	s.want("create 4, enable 4", "two did not come, and one may be coming")
}

// TestWhatIsTriedLast: types and zones of which two machines in a row were late.
func TestWhatIsTriedLast(t *testing.T) {
	d := &decision{doubt: pool.Doubt{Late: map[string]pool.Late{
		"type S": {Count: 1}, "type M": {Count: 2}, "zone a": {Count: 1}, "zone b": {Count: 2}, "image i": {Count: 9},
	}}}
	if got := d.suspectTypes(); !slices.Equal(got, []string{"M"}) {
		t.Errorf("the types %q are tried last, want M", got)
	}
	for zone, want := range map[string]bool{"a": false, "b": true, "c": false, "": false} {
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: pool.ServerMemory{Zone: zone}}
		if got := d.suspect(s); got != want {
			t.Errorf("zone %q is tried last: %t, want %t", zone, got, want)
		}
		if got := d.growthRank(s) == 8; got != want {
			t.Errorf("a server in zone %q is enabled last: %t, want %t", zone, got, want)
		}
	}
}

// TestWhichImageIsSetAside: one of which two machines in a row never answered anything, if
// another is known whose machine came.
func TestWhichImageIsSetAside(t *testing.T) {
	for name, test := range map[string]struct {
		mute int
		good string
		want bool
	}{
		"two machines were mute":         {2, "good", true},
		"one machine was mute":           {1, "good", false},
		"no other image is known":        {2, "", false},
		"its own machines came meantime": {2, "bad", false},
	} {
		d := &decision{doubt: pool.Doubt{Late: map[string]pool.Late{"image bad": {Count: 5, Mute: test.mute}}, LastGood: map[string]string{"a": test.good}}}
		d.seen.Images = pool.Seen([]pool.Image{{ID: "bad", Zone: "a"}})
		d.setImagesAside()
		if got := d.isAside("bad"); got != test.want {
			t.Errorf("%s: set aside %t, want %t", name, got, test.want)
		}
	}
}
