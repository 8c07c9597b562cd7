package pool

import "errors"

// AnsweredError is the error of a call that was answered, though not with what was asked
// for: by an HTTP status, a failure of BBB's API, a malformed body, or a certificate that
// is refused. It shows that the machine is alive. Silence is any other error: nobody
// listens, there is no route, the connection is reset, or no answer comes in time.
type AnsweredError struct{ Err error }

// Error returns the text of the error that it wraps.
func (e *AnsweredError) Error() string { return e.Err.Error() }

// Unwrap returns the error that it wraps.
func (e *AnsweredError) Unwrap() error { return e.Err }

// IsAnswered reports whether a call was answered: it has no error, or one that wraps an
// *AnsweredError.
func IsAnswered(err error) bool {
	var answered *AnsweredError
	return err == nil || errors.As(err, &answered)
}
