package scaling

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// spell writes a duration as an operator would: "15m", "7d4h", "40s".
func spell(d time.Duration) string {
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

// stages lists what is not 0, in a fixed order: "archived 2, processed 1".
func stages(counts map[string]int) string {
	var parts []string
	for stage, n := range counts {
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%s %d", stage, n))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// total adds up the counts of all stages.
func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// ceilDiv divides and rounds up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }
