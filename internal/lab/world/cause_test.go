package world

import (
	"testing"
	"time"
)

// TestInterruptionsAreCountedByCause interrupts a meeting of five people and one of three.
func TestInterruptionsAreCountedByCause(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(story)
		cause Cause
	}{
		"DiViMS deletes the machine":  {func(s story) { s.must(s.Terminate(s.Machines()[0].ID)) }, DiViMS},
		"DiViMS reboots it":           {func(s story) { s.must(s.Reboot(s.Machines()[0].ID)) }, DiViMS},
		"DiViMS panics the entry":     {func(s story) { s.must(s.Panic(s.entry(1).ID)) }, DiViMS},
		"a person stops the machine":  {func(s story) { s.As(Person, func() { s.must(s.PowerOff(s.Machines()[0].ID)) }) }, Person},
		"an operator ordered it":      {func(s story) { s.MarkOrdered(1); s.must(s.Reboot(s.Machines()[0].ID)) }, Person},
		"an order that was withdrawn": {func(s story) { s.MarkOrdered(1)(); s.must(s.Reboot(s.Machines()[0].ID)) }, DiViMS},
		"the meetings are overlong": {func(s story) {
			s.SetMeetingMaxDuration(10 * time.Minute)
			s.must(s.Reboot(s.Machines()[0].ID))
		}, Overlong},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 1, 1, join(meetings(1, 0, time.Hour, 5), meetings(1, 0, time.Hour, 3)))
			story.at(30 * time.Minute)
			test.do(story)
			story.at(31 * time.Minute)
			tally := story.Tally()
			expect(story, "interrupted by this cause", tally.Interruptions[test.cause], Interruption{2, 8})
			ours := Interruption{}
			if test.cause == DiViMS {
				ours = Interruption{2, 8}
			}
			expect(story, "interrupted by DiViMS", Interruption{tally.InterruptedMeetings, tally.InterruptedParticipants}, ours)
		})
	}
}

func TestMeetingsThatEndByThemselvesAreNotInterrupted(t *testing.T) {
	story := newStory(t, 1, 1, meetings(3, 0, 20*time.Minute, 5))
	story.at(time.Hour)
	expect(story, "interruptions", story.Tally().Interruptions, [causes]Interruption{})
}

// TestScalelitesPanicIsNotOurs lets BBB answer again just after the second call that
// failed. So Scalelite takes it for offline and ends the meeting there.
func TestScalelitesPanicIsNotOurs(t *testing.T) {
	story := newStory(t, 1, 1, meetings(1, 0, time.Hour, 5))
	story.at(30 * time.Second)
	fix := story.Break(1, BBBStopped{Fails})
	story.at(90 * time.Second)
	for !story.poller.busy {
		story.AdvanceTo(story.Now().Add(10 * time.Millisecond))
	}
	fix()
	story.at(150 * time.Second)
	expect(story, "online", story.entry(1).Online, false)
	expect(story, "ended by Scalelite", story.Tally().Interruptions[ScalelitePanic], Interruption{1, 5})
	expect(story, "ended by DiViMS", story.Tally().InterruptedParticipants, 0)
}
