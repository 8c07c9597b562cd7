package backtest

import "testing"

// minutes takes pairs of a number of minutes and a need in these minutes, and returns the
// demand of every minute for servers with a capacity of 1 participant.
func minutes(of ...int) []Demand {
	var list []Demand
	for i := 0; i < len(of); i += 2 {
		for range of[i] {
			list = append(list, Demand{Participants: of[i+1]})
		}
	}
	return list
}

func TestLowerBound(t *testing.T) {
	for name, given := range map[string]struct {
		demand []Demand
		want   float64 // minutes
	}{
		"nobody: one server all the time":          {minutes(60, 0), 65},
		"two needed once":                          {minutes(25, 1, 10, 2, 25, 1), 65 + 15},
		"two needed twice, bridged":                {minutes(20, 1, 10, 2, 3, 1, 10, 2, 17, 1), 65 + 10 + 3 + 10 + 5},
		"two needed twice, started again":          {minutes(10, 1, 10, 2, 20, 1, 10, 2, 10, 1), 65 + 10 + 5 + 10 + 5},
		"three at once: each server has its start": {minutes(10, 0, 10, 3, 10, 0), 35 + 15 + 15},
		"a gap of the third server only":           {minutes(10, 3, 4, 2, 10, 3), 29 + 29 + 10 + 4 + 10 + 5},
		"no minutes":                               {nil, 0},
	} {
		if got := LowerBound(given.demand, 1, 1); got != round(given.want/60) {
			t.Errorf("%s: %g h, want %g minutes", name, got, given.want)
		}
	}
}

// TestNeed checks that the scarcer of participants and meetings counts, and that at least
// one server is needed.
func TestNeed(t *testing.T) {
	for _, given := range []struct{ participants, meetings, want int }{
		{0, 0, 1}, {250, 15, 1}, {251, 1, 2}, {1, 16, 2}, {1000, 46, 4}, {10, 46, 4},
	} {
		if got := need(Demand{given.participants, given.meetings}, 250, 15); got != given.want {
			t.Errorf("%d participants in %d meetings need %d servers, want %d", given.participants, given.meetings, got, given.want)
		}
	}
}
