package pool

import (
	"errors"
	"fmt"
	"time"
)

// LeaseHeldError says that another evaluation of the pool has the lease.
type LeaseHeldError struct {
	Holder string
	Until  time.Time
}

// Error names the holder.
func (e *LeaseHeldError) Error() string {
	return fmt.Sprintf("another evaluation holds the lease: %s, until %s", e.Holder, e.Until.UTC().Format(time.RFC3339))
}

// ErrLeaseLost says that somebody else took the lease over, or that nobody
// took it in the first place.
var ErrLeaseLost = errors.New("the lease is lost")
