package cycle

import "sync"

// onceValues returns a function that calls do at its first call and returns do's values
// at every call. Unlike with sync.OnceValues, other callers wait on a channel and not on a
// mutex, so that a sandbox in virtual time knows that they wait.
func onceValues[T any](do func() (T, error)) func() (T, error) {
	var start sync.Once
	var value T
	var err error
	done := make(chan struct{})
	return func() (T, error) {
		start.Do(func() {
			go func() {
				defer close(done)
				value, err = do()
			}()
		})
		<-done
		return value, err
	}
}
