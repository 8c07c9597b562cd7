package pool

import (
	"fmt"
	"time"
)

// FormatDuration writes a duration as an operator would: "15m", "7d4h", "40s". From a
// minute on it rounds to minutes.
func FormatDuration(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	text := ""
	for _, part := range []struct {
		n    int
		unit string
	}{{days, "d"}, {hours, "h"}, {minutes, "m"}} {
		if part.n != 0 {
			text += fmt.Sprintf("%d%s", part.n, part.unit)
		}
	}
	return text
}
