package scaling

import (
	"fmt"
	"slices"
	"strings"
)

// stages lists the counts that are not 0, in a fixed order: "archived 2, processed 1".
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

// total returns the sum of all counts.
func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// ceilDiv divides and rounds up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }
