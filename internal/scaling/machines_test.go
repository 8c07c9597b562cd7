package scaling

import (
	"testing"

	"divims/internal/pool"
)

// A marked volume is deleted only if it is detached and the machine that its mark names is
// gone. If that machine stays, the volume loses its mark.
func TestMarkedVolumes(t *testing.T) {
	tests := map[string]struct {
		volume pool.Volume
		change func(*story)
		want   string
	}{
		"its machine is gone":                {volume: pool.Volume{MachineID: "gone"}, want: "delete volume"},
		"the mark names no machine":          {volume: pool.Volume{}},
		"a machine holds it":                 {volume: pool.Volume{MachineID: "gone", Attached: true}},
		"a machine holds it by its own word": {volume: pool.Volume{ID: "volume 1", MachineID: "gone"}},
		"its machine exists and holds it":    {volume: pool.Volume{MachineID: "machine 1", Attached: true}, want: "unmark volume"},
		"a person detached it":               {volume: pool.Volume{MachineID: "machine 1"}, want: "unmark volume"},
		"a person detached it, in maintenance": {volume: pool.Volume{MachineID: "machine 1"}, change: func(s *story) {
			s.state.Servers = map[int]*pool.ServerMemory{1: {Maintenance: &pool.Hold{Reason: "recording"}}}
		}, want: "unmark volume"},
		"its machine is stopping": {volume: pool.Volume{MachineID: "machine 1"}, change: func(s *story) { s.machine(1).State = pool.Stopping }},
		"its zone is not read":    {volume: pool.Volume{MachineID: "gone"}, change: func(s *story) { s.seen.UnreadZones = map[string]string{"fr-par-1": "503"} }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			if test.change != nil {
				test.change(s)
			}
			test.volume.Zone = "fr-par-1"
			if test.volume.ID == "" {
				test.volume.ID = "marked"
			}
			s.seen.Leftovers = pool.Seen([]pool.Volume{test.volume})
			s.evaluate()
			got := ""
			for _, action := range s.plan.Actions {
				if action.Volume != nil {
					got += string(action.Kind)
				}
			}
			if got != test.want {
				t.Errorf("planned %q, want %q", got, test.want)
			}
		})
	}
}

// While a machine is being deleted, the marks of its volumes stay.
func TestMarksOfAMachineThatIsDeletedNowStay(t *testing.T) {
	s := newStory(t, 1)
	s.machine(1).State, s.machine(1).Detail = pool.Stopped, pool.Preparing
	s.entry(1).Online = false
	s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("off")
	s.seen.Leftovers = pool.Seen([]pool.Volume{{ID: "volume 1", Zone: "fr-par-1", MachineID: "machine 1", Attached: true}})
	s.evaluate()
	s.want("delete 1", "its volume is marked already")
}

func TestDeletesHalfCreatedMachines(t *testing.T) {
	s := newStory(t, 1)
	s.machine(1).State, s.machine(1).Detail = pool.Stopped, pool.Preparing
	s.entry(1).Online = false
	s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("off")
	s.evaluate()
	s.want("delete 1", "a machine without its user data is never started")
}
