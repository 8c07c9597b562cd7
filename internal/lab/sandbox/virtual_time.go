package sandbox

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// InVirtualTime runs do in a bubble of testing/synctest, in which it is start at first.
// There time stands still while anybody works, and jumps to the next moment when all
// goroutines wait: a program that only waits costs nothing. What do starts has to end
// before do returns. Only goroutines and channels made in do may be waited for there,
// because time stands still while one waits for anything else.
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
