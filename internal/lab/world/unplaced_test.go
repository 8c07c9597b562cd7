package world

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// minutesOf runs a story to its end and returns what each full minute shows of the
// people on serving servers and of those without a server.
func minutesOf(t *testing.T, servers, running int, wanted []demand.Meeting, end time.Duration, do func(story)) []string {
	t.Helper()
	var rows []string
	s := newStory(t, servers, running, wanted, func(c *Config) {
		c.EachMinute = func(row Minute) {
			rows = append(rows, fmt.Sprintf("%s serving %d, served %d, unplaced %d", row.Time.Format("15:04"), row.Serving, row.Served, row.Unplaced))
		}
	})
	if do != nil {
		do(s)
	}
	s.at(end)
	return rows
}

// A meeting of 6 people from 10:02 to 10:12 finds no server at all. They would join every
// 20 s from 10:02:00 to 10:03:40, and leave every 30 s from 10:09:30 to 10:12:00. It is
// refused at 10:07, and its people count until 10:12.
func TestRefusedMeetingCountsForItsTime(t *testing.T) {
	wanted := []demand.Meeting{{Start: ten.Add(2 * time.Minute), Duration: 10 * time.Minute, Participants: 6, Join: 2 * time.Minute, Leave: 3 * time.Minute}}
	rows := minutesOf(t, 1, 0, wanted, 13*time.Minute, nil)
	for minute, people := range map[int]int{
		1: 0, 2: 1, 3: 4, 4: 6, 5: 6, 6: 6, 7: 6, 8: 6, 9: 6, // the first would leave at 10:09:30
		10: 4, 11: 2, 12: 0, 13: 0,
	} {
		if want := fmt.Sprintf("10:%02d serving 0, served 0, unplaced %d", minute, people); rows[minute-1] != want {
			t.Errorf("got %s, want %s", rows[minute-1], want)
		}
	}
}

// A meeting that waits for a server counts as unplaced until it finds one. Then its people
// are those who are really there.
func TestWaitingMeetingIsPlaced(t *testing.T) {
	wanted := []demand.Meeting{{Start: ten.Add(90 * time.Second), Duration: 10 * time.Minute, Participants: 5}}
	rows := minutesOf(t, 1, 1, wanted, 6*time.Minute, func(s story) {
		s.set(1, pool.Disabled)
		s.at(3 * time.Minute)
		s.set(1, pool.Enabled) // the poll at 10:04 gives it a load, and the meeting tries again at 10:04:30
	})
	for i, want := range []string{
		"10:01 serving 0, served 0, unplaced 0", "10:02 serving 0, served 0, unplaced 5", "10:03 serving 0, served 0, unplaced 5",
		"10:04 serving 1, served 0, unplaced 5", "10:05 serving 1, served 5, unplaced 0", "10:06 serving 1, served 5, unplaced 0",
	} {
		if rows[i] != want {
			t.Errorf("got %s, want %s", rows[i], want)
		}
	}
}

// People on a cordoned server are not on a serving one.
func TestServedLeavesOutDrainingServers(t *testing.T) {
	wanted := []demand.Meeting{
		{Start: ten.Add(30 * time.Second), Duration: time.Hour, Participants: 4},
		{Start: ten.Add(40 * time.Second), Duration: time.Hour, Participants: 4},
	}
	rows := minutesOf(t, 2, 2, wanted, 2*time.Minute, func(s story) {
		s.at(time.Minute)
		s.set(1, pool.Cordoned)
	})
	if want := []string{"10:01 serving 2, served 8, unplaced 0", "10:02 serving 1, served 4, unplaced 0"}; !slices.Equal(rows, want) {
		t.Errorf("got %q, want %q", rows, want)
	}
}
