package pool

import (
	"math"
	"strconv"
)

// Count returns a number, rounded to hundredths, with its noun, which is passed in the
// singular: "1 server", "2 servers", "0.5 servers".
func Count[T int | float64](n T, name string) string {
	number := math.Round(float64(n)*100) / 100
	if number != 1 {
		name += "s"
	}
	return strconv.FormatFloat(number, 'f', -1, 64) + " " + name
}

// CountSeen is Count for a number that may be unknown: "? servers".
func CountSeen(r Reading[int], name string) string {
	if n, ok := r.Get(); ok {
		return Count(n, name)
	}
	return "? " + name + "s"
}
