// Package long lets long tests find out whether to run whole. A plain `go test ./...`
// leaves them out or runs a short version; with DIVIMS_TEST=full in the environment they
// run whole, as they do in .ci/long.
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

// Pick returns usual, or fullRun if long tests run whole.
func Pick(usual, fullRun int) int {
	if full {
		return fullRun
	}
	return usual
}
