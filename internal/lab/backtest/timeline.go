package backtest

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"divims/internal/lab/world"
)

// WriteTimeline writes minutes as CSV, one row each. Times are in UTC.
func WriteTimeline(to io.Writer, minutes []world.Minute) error {
	var out bytes.Buffer
	fmt.Fprintln(&out, "time,participants,meetings,running,enabled,draining,booting,overloaded")
	for _, m := range minutes {
		fmt.Fprintf(&out, "%s,%d,%d,%d,%d,%d,%d,%d\n", m.Time.UTC().Format(time.RFC3339),
			m.Participants, m.Meetings, m.Running, m.Enabled, m.Draining, m.Booting, m.Overloaded)
	}
	if _, err := to.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	return nil
}
