package scaling

import (
	"fmt"
	"testing"
	"time"

	"divims/internal/pool"
)

// BenchmarkDecide decides on pools that are used to a third, so that most servers are
// surplus and are compared with each other.
func BenchmarkDecide(b *testing.B) {
	for _, size := range []int{10, 100, 1000, 5000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := newStory(nil, size)
			for i := range s.seen.Servers[:max(1, size/6)] {
				s.seen.Servers[i].Meetings = pool.Seen([]pool.Meeting{{ID: fmt.Sprint(i), Created: noon.Add(-time.Hour), Participants: 200}})
			}
			s.seen.Entries, s.seen.Machines = pool.Seen([]pool.Entry{}), pool.Seen([]pool.Machine{})
			b.ReportAllocs()
			for b.Loop() {
				Decide(s.now, s.config, s.seen, s.state)
			}
		})
	}
}
