package sandbox

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// InVirtualTime runs do in a bubble of testing/synctest, whose time begins at start. Time
// stands still there while any goroutine works, and jumps to the next timer when all of them
// wait, so waiting costs nothing. Goroutines that do starts must end before do returns. Wait
// there only for goroutines, channels and timers made in do: any other wait stops the time.
func InVirtualTime(start time.Time, do func()) {
	TestInVirtualTime(new(testing.T), start, func(*testing.T) { do() }) // the only way into a bubble
}

// TestInVirtualTime is InVirtualTime for a test. The bubble has a T of its own.
func TestInVirtualTime(t *testing.T, start time.Time, do func(*testing.T)) {
	t.Helper()
	// The resolver reads the system's configuration once, with a channel that may not
	// belong to a bubble.
	_, _ = (&net.Resolver{PreferGo: true}).LookupHost(context.Background(), "localhost")
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		time.Sleep(time.Until(start)) // a bubble begins in the year 2000
		do(t)
	})
}
