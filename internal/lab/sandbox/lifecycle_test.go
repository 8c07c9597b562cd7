package sandbox_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// TestAMorning tells of two servers: the second is started and enabled, the first
// is drained, and its machine goes when its meeting is over and its recording
// away. Whoever looks sees it through the services only.
func TestAMorning(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		early := lecture(time.Minute, 30*time.Minute, 40)
		early.Recorded = true
		c.World.Meetings = []world.Meeting{early, lecture(20*time.Minute, time.Hour, 60)}
	})
	lb, hoster := f.scalelite(), f.scaleway()

	// 06:00 The second server gets a machine, and is enabled once it is online.
	f.createMachine(2)
	for !f.entry(2).Online {
		f.advance(time.Minute)
		if f.Now().After(start.Add(10 * time.Minute)) {
			t.Fatal("the second server is not online after ten minutes")
		}
	}
	if err := lb.SetState(t.Context(), f.entry(2).ID, pool.Enabled); err != nil {
		t.Fatal(err)
	}

	// 06:15 The first server takes no new meetings, and keeps the one it has.
	f.AdvanceTo(start.Add(15 * time.Minute))
	if err := lb.SetState(t.Context(), f.entry(1).ID, pool.Cordoned); err != nil {
		t.Fatal(err)
	}
	f.AdvanceTo(start.Add(25 * time.Minute))
	if one, two := f.participants(1), f.participants(2); one != 40 || two != 60 {
		t.Fatalf("%d and %d people, want the 40 who were there on the first server and the 60 new ones on the second", one, two)
	}

	// 06:33 The meeting is over, and Scalelite has disabled the server by itself.
	// Its recording passes through all stages before it is gone.
	f.AdvanceTo(start.Add(33 * time.Minute))
	if state := f.entry(1).State; state != pool.Disabled || f.participants(1) != 0 {
		t.Fatalf("the first server is %s with %d people", state, f.participants(1))
	}
	var states []pool.RecordingState
	for f.backlog(1) > 0 {
		recordings, err := f.bbb().Recordings(t.Context(), f.endpoint(1), pool.Processing, pool.Processed, pool.Published)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recordings {
			states = append(states, r.State)
			if r.MeetingEnd.Known() != (r.State != pool.Processing) {
				t.Errorf("a recording that is %s tells its meeting's end: %v", r.State, r.MeetingEnd.Known())
			}
		}
		f.advance(10 * time.Second)
	}
	if want := []pool.RecordingState{pool.Processing, pool.Processed, pool.Published}; !slices.Equal(slices.Compact(states), want) {
		t.Errorf("the recording was %v, want %v", slices.Compact(states), want)
	}

	// Its machine is deleted, and the disk that it leaves behind after it.
	machines, err := hoster.Machines(t.Context())
	if err != nil || len(machines) != 2 {
		t.Fatalf("%d machines, %v; want 2", len(machines), err)
	}
	first := slices.IndexFunc(machines, func(m pool.Machine) bool { return m.Name == "bbb-w1" })
	if err := hoster.Delete(t.Context(), machines[first]); err != nil {
		t.Fatal(err)
	}
	if _, err := f.bbb().Meetings(t.Context(), f.endpoint(1)); err == nil {
		t.Error("a machine that is being deleted answers")
	}
	f.advance(2 * time.Minute)
	leftovers, err := hoster.Leftovers(t.Context())
	if err != nil || len(leftovers) != 1 {
		t.Fatalf("%d leftovers, %v; want the disk of the machine", len(leftovers), err)
	}
	if err := errors.Join(hoster.DeleteVolume(t.Context(), leftovers[0]), hoster.DeleteVolume(t.Context(), leftovers[0])); err != nil {
		t.Error(err)
	}

	var tally world.Tally
	f.With(func(w *world.World) { tally = w.Tally() })
	if tally.MachinesCreated != 1 || tally.MachinesDeleted != 1 || tally.InterruptedMeetings+tally.LostRecordings+tally.RefusedMeetings+tally.LeftoverVolumes != 0 {
		t.Errorf("tally %+v, want one machine created, one deleted, and nothing lost", tally)
	}
}

func (f *fixture) participants(number int) int {
	f.t.Helper()
	conference, err := f.bbb().Meetings(f.t.Context(), f.endpoint(number))
	if err != nil {
		f.t.Fatal(err)
	}
	return pool.Participants(conference.Meetings)
}

// backlog counts a server's recordings with work left.
func (f *fixture) backlog(number int) int {
	f.t.Helper()
	stats, err := f.stats().Stats(f.t.Context(), pool.Server{Domain: domain(number)})
	if err != nil {
		f.t.Fatal(err)
	}
	stages, known := stats.Backlog.Get()
	if !known {
		f.t.Fatal(stats.Backlog.Reason())
	}
	sum := 0
	for _, count := range stages {
		sum += count
	}
	return sum
}
