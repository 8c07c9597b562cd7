package world

import (
	"errors"
	"slices"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestMachinesHaveTheDefectOfTheirImage(t *testing.T) {
	const unit = "bbb-webrtc-sfu.service"
	for name, test := range map[string]struct {
		defect Defect
		// up is when BBB answers, 0 for never.
		up    time.Duration
		units []string
	}{
		"never up":  {Defect{NeverUp: true}, 0, nil},
		"unit down": {Defect{UnitDown: unit}, 7 * time.Minute, []string{unit}},
		"slow":      {Defect{Boot: 11 * time.Minute}, 11 * time.Minute, nil},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 2, 0, nil)
			withdraw := story.AddBadImage(test.defect)
			images := story.Images()
			bad := images[len(images)-1]
			expect(story, "the image is the newest", bad.Created, story.Now())
			m, err := story.CreateMachine(Order{Name: "bbb-w1", Zone: "fr-par-1", Type: "GP1-S", ImageID: bad.ID, AddressIDs: []string{story.Addresses()[0].ID}})
			story.must(err)
			withdraw()
			expect(story, "images after the withdrawal", len(story.Images()), len(images)-1)
			story.must(story.PowerOn(m.ID))
			if test.up == 0 {
				story.at(time.Hour)
				_, err := story.Stats(story.domain(1))
				expect(story, "nothing answers", errors.Is(err, ErrUnreachable), true)
				expect(story, "state", story.machine(m.ID).State, pool.Running)
				return
			}
			took := story.wait(test.up, func() bool { _, err := story.Meetings(story.domain(1)); return err == nil })
			expect(story, "slow", took == 11*time.Minute, test.defect.Boot > 0)
			stats, err := story.Stats(story.domain(1))
			story.must(err)
			if down, _ := stats.UnitsDown.Get(); !slices.Equal(down, test.units) {
				t.Errorf("units %v are down, want %v", down, test.units)
			}
		})
	}
}

func TestMachinesMadeDuringSlowBootsStaySlow(t *testing.T) {
	story := newStory(t, 3, 0, nil)
	endLong := story.SlowBoots(15 * time.Minute)
	endShort := story.SlowBoots(9 * time.Minute)
	both := story.create(1, "GP1-S").ID
	endLong()
	one := story.create(2, "GP1-S").ID
	endShort()
	none := story.create(3, "GP1-S").ID
	for _, test := range []struct {
		made, id    string
		least, most time.Duration
	}{
		{"while both hold", both, 15 * time.Minute, 15 * time.Minute},
		{"while one holds", one, 9 * time.Minute, 9 * time.Minute},
		{"after both", none, 3 * time.Minute, 7 * time.Minute},
	} {
		story.must(story.PowerOn(test.id))
		took := story.wait(20*time.Minute, func() bool { return story.machineIDs[test.id].bbbUp })
		if took < test.least || took > test.most {
			t.Errorf("a machine made %s boots for %s, want %s to %s", test.made, took, test.least, test.most)
		}
	}
}
