package sandbox

import (
	"context"
	"fmt"
	"testing"
	"time"

	"divims/internal/lab/world"
)

// sideBySide executes 200 pairs of changes and returns how many of the second ones are
// refused. The second comes gap after the first was executed, or before that if gap is
// negative. In a moving world it is executed 100 ms later.
func sideBySide(t *testing.T, moving bool, gap time.Duration) (refused int) {
	t.Helper()
	w, err := world.New(world.Config{Start: time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := &changes{locked: &lockedWorld{world: w, moving: moving}}
	change := func(i int, came arrival) bool {
		ctx := context.WithValue(t.Context(), arrivalKey{}, came)
		return c.refuses(ctx, w, "updateServer", scaleliteInput{ID: fmt.Sprint(i)})
	}
	for i := range 200 {
		w.AdvanceTo(w.Now().Add(time.Minute))
		if change(i, arrival{at: w.Now()}) {
			t.Errorf("the first change is refused")
		}
		came := w.Now().Add(gap)
		if moving {
			w.AdvanceTo(came)
			w.AdvanceTo(w.Now().Add(100 * time.Millisecond))
		}
		if change(i, arrival{at: came, beside: gap < 0}) {
			refused++
		}
	}
	return refused
}

func TestSideBySideChangesAreRefusedNowAndThen(t *testing.T) {
	for name, test := range map[string]struct {
		moving bool
		gap    time.Duration
		some   bool
	}{
		"still, at the same time":           {false, -time.Millisecond, true},
		"still, one after the other":        {false, 0, false},
		"moving, at the same time":          {true, -50 * time.Millisecond, true},
		"moving, one right after the other": {true, 0, false},
		"moving, later":                     {true, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			refused := sideBySide(t, test.moving, test.gap)
			if test.some && (refused < 30 || refused > 70) || !test.some && refused > 0 {
				t.Errorf("%d of 200 second changes are refused", refused)
			}
		})
	}
}
