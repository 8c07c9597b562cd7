// Package long tells long tests whether they are to run. `go test ./...` leaves them out
// or runs a short version of them; with DIVIMS_TEST=full in the environment it runs them
// whole, as .ci/run does.
package long

import (
	"os"
	"testing"
)

// full is read before any test can change the environment.
var full = os.Getenv("DIVIMS_TEST") == "full"

// Run reports whether long tests run whole.
func Run() bool { return full }

// Only skips a test that has no short version.
func Only(t testing.TB) {
	t.Helper()
	if !full {
		t.Skip("a long test: DIVIMS_TEST=full runs it")
	}
}

// Pick returns how much of something a test does: little usually, much in a full run.
func Pick(usual, fullRun int) int {
	if full {
		return fullRun
	}
	return usual
}
