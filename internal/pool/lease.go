package pool

import (
	"errors"
	"fmt"
	"time"
)

// LeaseHeldError is returned while another evaluation or operator holds the lease, which
// client/storage takes and releases.
type LeaseHeldError struct {
	Holder string
	Until  time.Time
}

// Error names the holder and the end of the lease.
func (e *LeaseHeldError) Error() string {
	return fmt.Sprintf("another evaluation holds the lease: %s, until %s", e.Holder, e.Until.UTC().Format(time.RFC3339))
}

// ErrLeaseLost is returned if the lease was taken over by somebody else, or was never
// taken.
var ErrLeaseLost = errors.New("the lease is lost")
