package cycle

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// BenchmarkRun runs evaluations with services that answer at once, without a network.
// It measures observing, deciding and recording.
func BenchmarkRun(b *testing.B) {
	for _, size := range []int{10, 100, 1000, 5000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			_, c := newFake(size)
			c.Config.Scaling.MaxDeletions = 0
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Run(context.Background(), Request{
					Now: noon, Elapsed: func() time.Duration { return 0 }, Source: "benchmark", Holder: "benchmark",
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
