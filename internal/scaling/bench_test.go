package scaling

import (
	"fmt"
	"testing"
	"time"

	"divims/internal/pool"
)

// BenchmarkDecide decides on pools of several sizes that are used to a third, so that most
// servers are surplus and are compared with each other.
func BenchmarkDecide(b *testing.B) {
	for _, size := range []int{10, 100, 1000, 5000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmark(b, size, func(*story) {}) })
	}
}

// benchStates are states of a large pool in which many servers need something at once. The
// aim is a decision within 10 ms in each of them, on an idle processor.
var benchStates = []struct {
	name   string
	change func(s *story)
}{
	{"healthy", func(*story) {}},
	{"required", func(s *story) { s.state.Forced = forcedTo(s) }},
	{"outdated", func(s *story) {
		s.seen.Images = pool.Seen([]pool.Image{{ID: "image 2", Zone: "fr-par-1", Name: "bbb-2", Created: noon.Add(-2 * time.Hour)}})
	}},
	{"outdated and required", func(s *story) {
		s.seen.Images = pool.Seen([]pool.Image{{ID: "image 2", Zone: "fr-par-1", Name: "bbb-2", Created: noon.Add(-2 * time.Hour)}})
		s.state.Forced = forcedTo(s)
	}},
	{"silent", func(s *story) { each(s, 1, silence) }},
	{"silent, healthy at Scalelite", func(s *story) {
		each(s, 1, silence)
		each(s, 1, func(s *story, n int) { s.entry(n).Online = true })
	}},
	{"half dead", func(s *story) { each(s, 2, silence) }},
	{"half dead and required", func(s *story) {
		each(s, 2, silence)
		s.state.Forced = forcedTo(s)
	}},
	{"malfunctioning", func(s *story) {
		each(s, 1, func(s *story, n int) {
			stats, _ := s.seen.Servers[n-1].Stats.Get()
			stats.UnitsDown = pool.Seen([]string{"bbb-web.service"})
			s.seen.Servers[n-1].Stats = pool.Seen(stats)
		})
	}},
	{"recycled", func(s *story) {
		each(s, 1, func(s *story, n int) {
			s.remember(n, func(m *pool.ServerMemory) { m.Recycle = &pool.Hold{Reason: "r", Author: "a", Since: s.now} })
		})
	}},
	{"without machines and required", func(s *story) {
		each(s, 1, (*story).withoutMachine)
		s.state.Forced = forcedTo(s)
	}},
	{"without machines, cordoned and required", func(s *story) {
		each(s, 1, (*story).withoutMachine)
		each(s, 1, func(s *story, n int) { s.entry(n).State = pool.Cordoned })
		s.state.Forced = forcedTo(s)
	}},
	{"draining", func(s *story) {
		each(s, 1, func(s *story, n int) {
			s.entry(n).State = pool.Cordoned
			s.meeting(n, 20)
		})
	}},
	{"draining and empty", func(s *story) { each(s, 1, func(s *story, n int) { s.entry(n).State = pool.Cordoned }) }},
	{"draining and required", func(s *story) {
		each(s, 1, func(s *story, n int) { s.entry(n).State = pool.Cordoned })
		s.state.Forced = forcedTo(s)
	}},
	{"unknown", func(s *story) {
		each(s, 1, func(s *story, n int) {
			s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting]("no answer")
			s.seen.Servers[n-1].Stats = pool.Unknown[pool.Stats]("no answer")
			s.seen.Servers[n-1].Machine = pool.Unknown[*pool.Machine]("2 machines have its name")
		})
	}},
	{"in maintenance", func(s *story) {
		each(s, 1, func(s *story, n int) {
			s.remember(n, func(m *pool.ServerMemory) { m.Maintenance = &pool.Hold{Reason: "r", Author: "a", Since: s.now} })
		})
	}},
	{"without entries", func(s *story) {
		each(s, 1, func(s *story, n int) { s.seen.Servers[n-1].Entry = pool.Seen[*pool.Entry](nil) })
	}},
	{"100 tags", func(s *story) {
		each(s, 1, func(s *story, n int) { s.entry(n).Tag = fmt.Sprint("tag ", n%100) })
	}},
	{"a tag each", func(s *story) { each(s, 1, func(s *story, n int) { s.entry(n).Tag = fmt.Sprint("tag ", n) }) }},
}

// BenchmarkDecideStates decides on 5,000 servers in each of benchStates.
func BenchmarkDecideStates(b *testing.B) {
	const size = 5000
	for _, state := range benchStates {
		b.Run(state.name, func(b *testing.B) { benchmark(b, size, state.change) })
	}
}

// benchmark measures the second decision on a pool whose first sixth is used and which is
// then changed.
func benchmark(b *testing.B, size int, change func(*story)) {
	s := newStory(nil, size)
	s.state.Servers = map[int]*pool.ServerMemory{}
	for i := range s.seen.Servers[:max(1, size/6)] {
		s.seen.Servers[i].Meetings = pool.Seen([]pool.Meeting{{ID: fmt.Sprint(i), Created: noon.Add(-time.Hour), Participants: 200}})
	}
	change(s)
	s.seen.Entries, s.seen.Machines = pool.Seen([]pool.Entry{}), pool.Seen([]pool.Machine{})
	_, state := Decide(s.now, s.config, s.seen, s.state)
	now := s.now.Add(s.config.Interval)
	b.ReportAllocs()
	for b.Loop() {
		Decide(now, s.config, s.seen, state)
	}
}

// each changes every server whose number is divisible by a number.
func each(s *story, divisor int, change func(s *story, n int)) {
	for n := divisor; n <= len(s.seen.Servers); n += divisor {
		change(s, n)
	}
}

// silence makes a server silent to everybody for an hour.
func silence(s *story, n int) {
	observed := &s.seen.Servers[n-1]
	observed.Meetings, observed.Stats = pool.Unknown[[]pool.Meeting]("no answer"), pool.Unknown[pool.Stats]("no answer")
	s.entry(n).Online = false
	s.remember(n, func(m *pool.ServerMemory) {
		m.SilentSince, m.Health, m.HealthSince = noon.Add(-time.Hour), string(Unresponsive), noon.Add(-time.Hour)
	})
}

// remember changes what the state remembers of a server with its machine.
func (s *story) remember(n int, change func(*pool.ServerMemory)) {
	memory := s.state.Memory(n)
	memory.MachineID = fmt.Sprint("machine ", n)
	change(&memory)
	s.state.Remember(n, memory)
}

// forcedTo returns an order that requires all servers.
func forcedTo(s *story) *pool.Forced {
	return &pool.Forced{Hold: pool.Hold{Reason: "r", Author: "a"}, Servers: s.config.Size, Until: s.now.Add(24 * time.Hour)}
}
