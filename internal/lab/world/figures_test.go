package world

import (
	"testing"
	"time"
)

func TestRebootsOfDiViMSAreCounted(t *testing.T) {
	story := newStory(t, 3, 2, nil)
	story.must(story.Reboot(story.Machines()[0].ID))
	story.As(Person, func() { story.must(story.Reboot(story.Machines()[1].ID)) })
	if story.Reboot(story.Machines()[0].ID) == nil {
		t.Error("a machine that is stopping was rebooted")
	}
	expect(story, "reboots", story.Tally().Reboots, 1)
}

func TestPeakMachinesCountsEveryStateAtFullMinutes(t *testing.T) {
	story := newStory(t, 4, 1, nil)
	story.at(time.Minute + time.Second)
	stopped := story.create(2, "GP1-S")
	short := story.create(3, "GP1-S")
	story.must(story.Delete(short.ID))
	story.at(3 * time.Minute)
	expect(story, "peak with a stopped machine", story.Tally().PeakMachines, 2)
	story.must(story.Delete(stopped.ID))
	story.at(5 * time.Minute)
	expect(story, "peak after its deletion", story.Tally().PeakMachines, 2)
}

func TestDuplicateMachinesIsTheLargestNumberAtAnyMoment(t *testing.T) {
	story := newStory(t, 3, 1, nil)
	order := Order{Name: "bbb-w1", Zone: "fr-par-1", Type: "GP1-S", ImageID: story.Images()[0].ID}
	create := func(name string, tags ...string) string {
		order.Name, order.Tags = name, tags
		m, err := story.CreateMachine(order)
		story.must(err)
		return m.ID
	}
	duplicates := func(want int) {
		t.Helper()
		expect(story, "duplicates", story.Tally().DuplicateMachines, want)
	}
	foreign := create("bbb-w1")
	duplicates(0) // it is not the pool's
	create("mail", "divims-pool")
	create("mail", "divims-pool")
	duplicates(0) // these have no server's name
	second := create("bbb-w2", "divims-pool")
	duplicates(0)
	story.must(story.RetagMachine(foreign, []string{"divims-pool"}))
	duplicates(1)
	story.must(story.RenameMachine(second, "bbb-w1"))
	duplicates(2) // three of one name
	story.must(story.Delete(foreign))
	story.must(story.Delete(second))
	duplicates(2)
}
