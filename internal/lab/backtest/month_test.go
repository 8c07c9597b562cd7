package backtest

import (
	"testing"
	"time"

	"divims/internal/lab/demand"
)

// benchMonth runs a backtest of four weeks of a university, after six weeks of history.
func benchMonth(b *testing.B, size string, peak int, list string) {
	from := time.Date(2026, time.February, 2, 0, 0, 0, 0, paris(b))
	meetings, err := demand.Generate(demand.University, from, from.AddDate(0, 0, 70), 1, peak)
	if err != nil {
		b.Fatal(err)
	}
	trace, err := NewTrace("university", meetings, paris(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r := measured(b, Config{
			Trace: trace, Policies: policies(b, list), Scaling: decision(b, size), Warmup: sixWeeks, RecordingWork: 1, Seed: 1,
		})
		b.ReportMetric(r.OverloadedPercent, "%overloaded")
	}
}

func BenchmarkMonth(b *testing.B) { benchMonth(b, "60", 3_000, "load") }

func BenchmarkMonthOfForecast(b *testing.B) { benchMonth(b, "60", 3_000, "forecast") }

func BenchmarkMonthOfLargePool(b *testing.B) { benchMonth(b, "800", 20_000, "load") }

func BenchmarkMonthOfLargePoolWithForecast(b *testing.B) { benchMonth(b, "800", 20_000, "forecast") }
