package scaling

import (
	"encoding/json"
	"testing"
	"time"

	"divims/internal/pool"
)

// FuzzState: whatever JSON the state is, Decide and Settle return, and what they return can
// be stored and decided on again.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"last_evaluation":"2026-03-16T12:00:00Z","servers":{"1":{"machine_id":"machine 1","empty_since":"2026-03-16T11:00:00Z"},"7":{"failures":-9},"8":{"failures":-9},"-4":{},"99":{}}}`))
	f.Add([]byte(`{"boot_times":{"cloud":[-5,9223372036854775807]},"doubt":{"fruitless":-7,"late":{"image image":{"count":-1,"at":"0001-01-01T00:00:00Z"},"":{"count":9}},"set_aside":["image","image"]},"floors":{"":-3},"kept":-1}`))
	f.Add([]byte(`{"servers":{"4":{"machine_id":"machine 4","reboots":-9223372036854775808,"health":"unresponsive","health_since":"1990-01-01T00:00:00Z","silent_since":"1990-01-01T00:00:00Z"},"3":{"fell":"2026-03-16T12:04:00Z","fell_of":-1}}}`))
	f.Add([]byte(`{"doubt":{"fruitless":9223372036854775807,"ordered":"9999-12-31T23:59:59Z"},"told":{"":{}},"shortages":[{}],"forced":{"servers":-5,"until":"9999-12-31T00:00:00Z"}}`))
	s := newStory(nil, 8)
	s.meeting(1, 700)
	s.rest(7, 8)
	s.evaluate()
	s.dead(2, 3)
	s.evaluate()
	s.carryOut()
	if data, err := json.Marshal(s.state); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var state pool.State
		if json.Unmarshal(data, &state) != nil {
			return
		}
		s := newStory(t, 8)
		s.state = state
		s.meeting(1, 900)
		s.dead(4)
		s.seen.Servers[3].Server.BareMetal = true
		s.machine(4).BareMetal = true
		s.broken(5)
		s.machine(6).State = pool.Stopped
		s.rest(7, 8)
		for range 3 {
			s.evaluate()
			outcomes := make([]Outcome, len(s.plan.Actions))
			for i := range outcomes {
				outcomes[i] = Outcome{Result: Failed}
			}
			Settle(&s.state, s.now, s.config, s.plan, outcomes)
			stored, err := json.Marshal(s.state)
			if err != nil {
				t.Fatalf("the state cannot be stored: %v", err)
			}
			var again pool.State
			if err := json.Unmarshal(stored, &again); err != nil {
				t.Fatalf("the stored state cannot be read: %v", err)
			}
			s.state = again
			s.now = s.now.Add(25 * time.Minute)
		}
	})
}
