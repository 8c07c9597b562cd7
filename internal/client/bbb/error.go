package bbb

import "fmt"

// Error is a call that BBB answered with returncode FAILED.
type Error struct {
	// Call is BBB's name of the call, for example "getMeetings".
	Call string
	// Key is BBB's messageKey, for example "checksumError" or "notFound".
	Key string
	// Message is BBB's own text.
	Message string
}

// Error leaves out the call: every error of this package begins with it.
func (e *Error) Error() string { return fmt.Sprintf("FAILED, %.100q: %.300q", e.Key, e.Message) }
