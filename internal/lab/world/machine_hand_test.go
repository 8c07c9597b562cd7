package world

import (
	"errors"
	"slices"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestAPersonStopsAMachineAndTakesItBack(t *testing.T) {
	story := newStory(t, 1, 1, meetings(1, 0, time.Hour, 5))
	story.at(10 * time.Minute)
	id := story.Machines()[0].ID
	undo := story.StopByHand(1)
	expect(story, "meetings interrupted by a person", story.Tally().Interruptions[Person].Meetings, 1)
	expect(story, "meetings interrupted by DiViMS", story.Tally().InterruptedMeetings, 0)
	undo() // at once, while the machine is stopping
	story.at(25 * time.Minute)
	expect(story, "state", story.machine(id).State, pool.Running)
	expect(story, "BBB answers", story.machineIDs[id].bbbUp, true)
	story.StopByHand(1)
	story.at(40 * time.Minute)
	expect(story, "state without an end", story.machine(id).State, pool.Stopped)
	if story.StopByHand(1) != nil {
		t.Error("a stopped machine was stopped")
	}
}

func TestAPersonStartsAMachineAndTakesItBack(t *testing.T) {
	story := newStory(t, 1, 0, nil)
	id := story.create(1, "GP1-S").ID
	undo := story.StartByHand(1)
	expect(story, "state", story.machine(id).State, pool.Starting)
	undo() // at once, while the machine is starting
	story.at(10 * time.Minute)
	expect(story, "state in the end", story.machine(id).State, pool.Stopped)
}

func TestAPersonRenamesAndTagsAMachineAndTakesItBack(t *testing.T) {
	story := newStory(t, 2, 1, nil)
	id := story.Machines()[0].ID
	rename, tag := story.RenameByHand(1, "bbb-test"), story.TagByHand(1, "keep")
	expect(story, "name", story.machine(id).Name, "bbb-test")
	expect(story, "tags", slices.Equal(story.machine(id).Tags, []string{"divims-pool", "keep"}), true)
	expect(story, "the domain leads to it", story.machineOf(1).ID, id)
	rename()
	tag()
	expect(story, "name in the end", story.machine(id).Name, "bbb-w1")
	expect(story, "tags in the end", slices.Equal(story.machine(id).Tags, []string{"divims-pool"}), true)
	if story.TagByHand(1, "divims-pool") != nil || story.RenameByHand(1, "bbb-w1") != nil || story.RenameByHand(2, "x") != nil {
		t.Error("something was done where nothing was to do")
	}
}

func TestAPersonDetachesAVolumeAndTakesItBack(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	m := story.Machines()[0]
	undo := story.DetachVolumeByHand(1)
	story.at(time.Hour)
	expect(story, "state", story.machine(m.ID).State, pool.Stopped)
	expect(story, "volumes of the machine", len(story.machine(m.ID).Volumes), 0)
	expect(story, "volumes", len(story.Volumes()), 1)
	expect(story, "leftover volumes", story.Tally().LeftoverVolumes, 0)
	if err := story.PowerOn(m.ID); !errors.Is(err, ErrState) {
		t.Errorf("power on without a volume = %v, want wrong state", err)
	}
	undo()
	story.at(2 * time.Hour)
	expect(story, "state in the end", story.machine(m.ID).State, pool.Running)
	expect(story, "volume in the end", story.machine(m.ID).Volumes[0].ID, m.Volumes[0].ID)

	undo = story.DetachVolumeByHand(1)
	story.at(3 * time.Hour)
	story.must(story.Terminate(m.ID))
	story.at(4 * time.Hour)
	undo() // the machine is gone
	expect(story, "leftover volumes without a machine", story.Tally().LeftoverVolumes, 0)
	story.must(story.DeleteVolume(m.Volumes[0].ID))
	expect(story, "volumes detached by a person, deleted by DiViMS", story.Tally().DeletedByHandVolumes, 1)
}
