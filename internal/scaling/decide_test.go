package scaling

import (
	"fmt"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestNothingChangesIfAListIsUnknown(t *testing.T) {
	for name, hide := range map[string]func(*story){
		"entries":  func(s *story) { s.seen.Entries = pool.Unknown[[]pool.Entry]("Scalelite is down") },
		"machines": func(s *story) { s.seen.Machines = pool.Unknown[[]pool.Machine]("page 2 is missing") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			s.withoutMachine(1)              // else: create
			s.entry(2).State = pool.Cordoned // else: delete
			s.state.Servers = map[int]*pool.ServerMemory{2: {MachineID: "machine 2", EmptySince: noon}}
			hide(s)
			s.evaluate()
			s.want("", "one of the lists is unknown")
			if len(s.plan.Alerts) == 0 || s.plan.Alerts[0].Level != Critical || len(s.plan.Withheld) == 0 {
				t.Errorf("alerts %+v, want a critical one; withheld %v, want an entry", s.plan.Alerts, s.plan.Withheld)
			}
		})
	}
}

func TestPauseStopsEverything(t *testing.T) {
	s := newStory(t, 4)
	s.withoutMachine(1)
	s.entry(2).State = pool.Cordoned
	s.state.Servers = map[int]*pool.ServerMemory{2: {MachineID: "machine 2", EmptySince: noon.Add(-time.Hour)}}
	s.state.Paused = &pool.Hold{Reason: "exams", Author: "Ada", Since: noon}
	s.evaluate()
	s.want("", "paused")
	s.wantAlert("paused")
	if s.state.Paused == nil {
		t.Error("the next state has no pause")
	}
	s.state.Paused = nil
	s.evaluate()
	if len(s.plan.Actions) == 0 {
		t.Error("no actions after the pause")
	}
}

func TestCreationsAndDeletionsAreLimited(t *testing.T) {
	s := newStory(t, 8)
	s.config.MaxCreations, s.config.MaxDeletions = 2, 1
	for n := 1; n <= 3; n++ {
		s.withoutMachine(n)
	}
	s.state.Servers = map[int]*pool.ServerMemory{}
	for n := 4; n <= 5; n++ {
		s.entry(n).State = pool.Cordoned
		s.state.Servers[n] = &pool.ServerMemory{MachineID: s.machine(n).ID, EmptySince: noon, EndDrain: &pool.EndDrain{}}
	}
	s.config.Policies = nil // no answer: what is enabled stays
	s.evaluate()
	s.want("create 1, create 2, delete 4", "two creations, one deletion")
	if len(s.plan.Withheld) != 2 {
		t.Errorf("withheld %q, want two entries", s.plan.Withheld)
	}
}

func TestLeavesUnreadServersAlone(t *testing.T) {
	s := newStory(t, 3)
	s.seen.Servers[1].Machine = pool.Unknown[*pool.Machine]("2 machines have the name bbb-w2")
	s.seen.Servers[2].Entry = pool.Unknown[*pool.Entry]("Scalelite has 2 entries")
	s.evaluate()
	s.want("", "server 1 is the last one online, and the others cannot be read")
	s.wantAlert("identity 2")
	s.wantAlert("server 3")
}

func TestIgnoresServersInMaintenance(t *testing.T) {
	s := newStory(t, 3)
	s.meeting(1, 250)
	s.state.Servers = map[int]*pool.ServerMemory{1: {MachineID: "machine 1", Maintenance: &pool.Hold{Reason: "disk", Author: "Ada"}}}
	s.machine(2).State = pool.Stopped
	s.entry(2).Online = false
	s.evaluate()
	s.want("cordon 2", "one of servers 2 and 3 is enough: the people on server 1 do not count")
	if s.state.Servers[1].Maintenance == nil {
		t.Error("the next state has no maintenance")
	}
}

func TestServerWithLockedMachineDoesNotCount(t *testing.T) {
	s := newStory(t, 4)
	requireThree(s)
	s.machine(1).State = pool.Locked
	s.entry(1).Online = false
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.meeting(2, 100)
	s.evaluate()
	s.want("cordon 1, create 4, enable 4", "340 people need 3 servers, and a locked one is no capacity")
}

func TestDecideIsDeterministic(t *testing.T) {
	s := newStory(t, 9)
	requireThree(s)
	s.withoutMachine(4)
	s.evaluate()
	again, _ := Decide(s.now, s.config, s.seen, pool.State{})
	if fmt.Sprint(s.plan) != fmt.Sprint(again) {
		t.Errorf("two plans from the same observation differ:\n%+v\n%+v", s.plan, again)
	}
}
