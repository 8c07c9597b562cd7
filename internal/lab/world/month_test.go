package world

import (
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// readAll reads what an evaluation reads.
func readAll(w *World) {
	w.Entries()
	w.Machines()
	for _, s := range w.servers {
		_, _ = w.Meetings(s.Domain)
		_, _ = w.Stats(s.Domain)
	}
}

// runMonth runs four weeks of a university's meetings on servers that are all enabled,
// and reads everything every five minutes.
func runMonth(b *testing.B, servers, peak int) {
	from := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 28)
	wanted, err := demand.Generate(demand.University, from, to, 1, peak)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(wanted)), "meetings/op")
	for b.Loop() {
		w, err := New(Config{
			Start:         from,
			Servers:       pool.Servers(servers, 0, "bbb-w{n}", "bbb-w{n}.example.com"),
			Running:       servers,
			Meetings:      wanted,
			RecordingWork: 1,
			Shipped:       true,
		})
		if err != nil {
			b.Fatal(err)
		}
		for now := from; now.Before(to); now = now.Add(5 * time.Minute) {
			w.AdvanceTo(now)
			readAll(w)
		}
		if t := w.Tally(); t.PeakParticipants < peak/2 || t.RefusedMeetings+t.InterruptedMeetings > 0 {
			b.Fatalf("month went wrong: %+v", t)
		}
	}
}

func BenchmarkWorldMonth(b *testing.B) { runMonth(b, 60, 9_000) }

func BenchmarkWorldMonthOfLargePool(b *testing.B) { runMonth(b, 800, 20_000) }
