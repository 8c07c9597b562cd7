package scaling

import (
	"testing"

	"divims/internal/pool"
)

func TestDeletesDetachedVolumesOnly(t *testing.T) {
	s := newStory(t, 1)
	s.seen.Leftovers = pool.Seen([]pool.Volume{{ID: "volume 1"}, {ID: "left"}})
	s.evaluate()
	s.want("delete volume", "volume 1 belongs to a machine")
	if s.plan.Actions[0].Volume.ID != "left" {
		t.Errorf("planned %+v, want the volume \"left\" to be deleted", s.plan.Actions)
	}
}

func TestDeletesHalfCreatedMachines(t *testing.T) {
	s := newStory(t, 1)
	s.machine(1).State, s.machine(1).Detail = pool.Stopped, pool.Preparing
	s.entry(1).Online = false
	s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("off")
	s.evaluate()
	s.want("delete 1", "a machine without its user data is never started")
}
