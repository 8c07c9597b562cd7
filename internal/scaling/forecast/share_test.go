package forecast

import (
	"math"
	"testing"
)

func TestShareOf(t *testing.T) {
	for _, test := range []struct {
		name                        string
		capacity, clump, unevenness float64
		share                       float64
	}{
		{"participants who come 20 at a time", 250, 20, 0.6, 211.03},
		{"meetings that come one by one", 15, 1, 0.65, 12.68},
		{"no room for uneven placing", 250, 22, 0, 250},
		{"one server for one meeting", 1, 1, 0.9, 0.41},
	} {
		share := shareOf(test.capacity, test.clump, test.unevenness)
		if math.Abs(share-test.share) > 0.05 {
			t.Errorf("%s: the share is %.2f, want %.2f", test.name, share, test.share)
		}
		if full := share + test.unevenness*math.Sqrt(test.clump*share); math.Abs(full-test.capacity) > 1e-9 {
			t.Errorf("%s: the share plus the deviations is %g, want the capacity %g", test.name, full, test.capacity)
		}
	}
}
