package sandbox_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// A pool of two servers, seen through its services: the second server is started
// and enabled, then the first one is drained and its machine deleted, after its meeting
// has ended and its recording has been shipped. The story is the same whether the world
// stands still during a call or moves.
func TestOneServerStartsAndAnotherIsDrained(t *testing.T) {
	t.Run("in a still world", func(t *testing.T) {
		startOneAndDrainAnother(t, newFixture)
	})
	t.Run("in a moving world", func(t *testing.T) {
		sandbox.TestInVirtualTime(t, start, func(t *testing.T) { startOneAndDrainAnother(t, newMovingFixture) })
	})
}

// newMovingFixture is newFixture in a world that moves.
func newMovingFixture(t *testing.T, change func(*sandbox.Config)) *fixture {
	t.Helper()
	return newFixture(t, func(c *sandbox.Config) {
		c.Moving = true
		change(c)
	})
}

func startOneAndDrainAnother(t *testing.T, newFixture func(*testing.T, func(*sandbox.Config)) *fixture) {
	t.Helper()
	f := newFixture(t, func(c *sandbox.Config) {
		early := lecture(time.Minute, 30*time.Minute, 40)
		early.Recorded = true
		c.World.Meetings = []demand.Meeting{early, lecture(20*time.Minute, time.Hour, 60)}
	})

	// 06:00 The second server gets a machine, and is enabled once it is online.
	f.startSecondServer()

	// 06:15 The first server is cordoned: it keeps its meeting and gets no new ones.
	f.AdvanceTo(start.Add(15 * time.Minute))
	if err := f.scalelite().SetState(t.Context(), f.entry(1).ID, pool.Cordoned); err != nil {
		t.Fatal(err)
	}
	f.AdvanceTo(start.Add(25 * time.Minute))
	if one, two := f.participants(1), f.participants(2); one != 40 || two != 60 {
		t.Fatalf("%d and %d people; want the first 40 on the first server and the next 60 on the second", one, two)
	}

	// 06:33 The meeting has ended, and Scalelite has disabled the server itself.
	f.AdvanceTo(start.Add(33 * time.Minute))
	if state := f.entry(1).State; state != pool.Disabled || f.participants(1) != 0 {
		t.Fatalf("the first server is %s with %d people, want disabled with 0", state, f.participants(1))
	}
	want := []pool.RecordingState{pool.Processing, pool.Processed, pool.Published}
	if states := f.recordingStates(); !slices.Equal(states, want) {
		t.Errorf("the recording was %v, want %v", states, want)
	}
	f.deleteFirstMachine()

	var tally world.Tally
	volumes := 0
	f.With(func(w *world.World) { tally, volumes = w.Tally(), len(w.Volumes())-len(w.Machines()) })
	if tally.MachinesCreated != 1 || tally.MachinesDeleted != 1 || tally.InterruptedMeetings+tally.LostRecordings+tally.RefusedMeetings+volumes != 0 {
		t.Errorf("tally %+v; want one machine created, one deleted, and nothing lost", tally)
	}
}

func (f *fixture) startSecondServer() {
	f.t.Helper()
	f.createMachine(2)
	for !f.entry(2).Online {
		f.advance(time.Minute)
		if f.Now().After(start.Add(10 * time.Minute)) {
			f.t.Fatal("the second server is not online after ten minutes")
		}
	}
	if err := f.scalelite().SetState(f.t.Context(), f.entry(2).ID, pool.Enabled); err != nil {
		f.t.Fatal(err)
	}
}

// recordingStates advances time until the first server has no backlog, and returns the
// states of its recordings in the order of their appearance.
func (f *fixture) recordingStates() []pool.RecordingState {
	f.t.Helper()
	var states []pool.RecordingState
	for f.backlog() > 0 {
		recordings, err := f.bbb().Recordings(f.t.Context(), f.endpoint(1), pool.Processing, pool.Processed, pool.Published)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, r := range recordings {
			states = append(states, r.State)
			if r.MeetingEnd.Known() != (r.State != pool.Processing) {
				f.t.Errorf("a recording that is %s has a known meeting end: %v", r.State, r.MeetingEnd.Known())
			}
		}
		f.advance(10 * time.Second)
	}
	return slices.Compact(states)
}

// deleteFirstMachine deletes the first server's machine, and then the disk that is
// left behind.
func (f *fixture) deleteFirstMachine() {
	f.t.Helper()
	ctx, hoster := f.t.Context(), f.scaleway()
	machines, err := hoster.Machines(ctx, nil)
	if err != nil || len(machines) != 2 {
		f.t.Fatalf("%d machines, %v; want 2", len(machines), err)
	}
	first := slices.IndexFunc(machines, func(m pool.Machine) bool { return m.Name == "bbb-w1" })
	deletion, err := hoster.PrepareDelete(ctx, machines[first])
	if err != nil {
		f.t.Fatal(err)
	}
	if err := deletion.Delete(ctx); err != nil {
		f.t.Fatal(err)
	}
	f.wantSilence("a machine that is being deleted", 1)
	f.advance(2 * time.Minute)
	leftovers, err := hoster.Leftovers(ctx, nil)
	if err != nil || len(leftovers) != 1 {
		f.t.Fatalf("%d leftovers, %v; want the disk of the machine", len(leftovers), err)
	}
	// Deleting a volume that is gone is no error.
	if err := errors.Join(hoster.DeleteVolume(ctx, leftovers[0]), hoster.DeleteVolume(ctx, leftovers[0])); err != nil {
		f.t.Error(err)
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

// backlog returns how many of the first server's recordings have work left.
func (f *fixture) backlog() int {
	f.t.Helper()
	stats, err := f.stats().Stats(f.t.Context(), pool.Server{Domain: domain(1)}, f.clock(1))
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
