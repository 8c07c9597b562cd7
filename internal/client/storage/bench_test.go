package storage

import (
	"encoding/json"
	"testing"
	"time"

	"divims/internal/pool"
)

// BenchmarkFullHistory decodes the list of a full week and the six weeks before it, as
// the first evaluation of a new process does.
func BenchmarkFullHistory(b *testing.B) {
	week := monday(now)
	var past []pool.Sample
	for at := pastFrom(now); at.Before(week); at = at.Add(5 * time.Minute) {
		past = append(past, pool.Sample{At: at, Participants: 1234, Meetings: 80})
	}
	body, err := beginning(past)
	if err != nil {
		b.Fatal(err)
	}
	records, err := decodeList[json.RawMessage](body)
	if err != nil {
		b.Fatal(err)
	}
	for at := week; at.Before(week.AddDate(0, 0, 7)); at = at.Add(5 * time.Minute) {
		record, err := json.Marshal(pool.Sample{At: at, Participants: 1234, Meetings: 80, Required: pool.Seen(7), Enabled: 7, Running: 9,
			Draining: 2, Idle: pool.Seen(0), Price: pool.Seen(1.917), Asked: map[string]int{"forecast": 7}})
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, record)
	}
	body = encodeList(records)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if samples, err := decodeWeek(body); err != nil || len(samples) < 14_000 {
			b.Fatalf("%d samples, %v", len(samples), err)
		}
	}
}
