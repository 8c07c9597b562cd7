package world

import (
	"fmt"
	"testing"

	"divims/internal/pool"
)

// TestFreePlaces has three servers, of which the first two run.
func TestFreePlaces(t *testing.T) {
	story := newStory(t, 3, 2, nil)
	free := func(what, want string) {
		t.Helper()
		expect(story, what, fmt.Sprint(story.FreePlaces()), want)
	}
	free("at the start, 3 without a machine", "[3]")
	story.set(2, pool.Cordoned)
	free("2 cordoned", "[2 3]")
	story.must(story.SetBBB(story.domain(2), false))
	free("the BBB of 2 silent", "[3]")
	story.set(3, pool.Enabled)
	free("3 enabled without a machine", "[]")
	story.As(Person, func() { story.set(3, pool.Disabled) })
	free("3 disabled by hand", "[]")
	story.set(3, pool.Enabled)
	story.set(3, pool.Disabled)
	free("3 enabled and disabled by DiViMS", "[3]")
	story.must(story.Remove(story.Entries()[2].ID))
	free("3 without an entry", "[]")
}
