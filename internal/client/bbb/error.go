package bbb

import "fmt"

// Error is a response with returncode FAILED.
type Error struct {
	// Call is the name of the API call, for example "getMeetings".
	Call string
	// Key is BBB's messageKey, for example "checksumError" or "notFound".
	Key string
	// Message is BBB's text for people.
	Message string
}

// Error does not name the call, because the errors that wrap it do.
func (e *Error) Error() string { return fmt.Sprintf("FAILED, %.100q: %.300q", e.Key, e.Message) }
