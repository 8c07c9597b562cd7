package pool

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	for name, c := range map[string]struct {
		previous, current NetworkCounters
		elapsed           time.Duration
		want              NetworkRates
		known             bool
	}{
		"ten seconds of traffic":       {NetworkCounters{100, 200}, NetworkCounters{1100, 250}, 10 * time.Second, NetworkRates{100, 5}, true},
		"no traffic has a rate of 0":   {NetworkCounters{100, 200}, NetworkCounters{100, 200}, time.Second, NetworkRates{}, true},
		"received was reset by a boot": {NetworkCounters{100, 200}, NetworkCounters{99, 300}, time.Second, NetworkRates{}, false},
		"sent was reset by a boot":     {NetworkCounters{100, 200}, NetworkCounters{300, 199}, time.Second, NetworkRates{}, false},
		"no time between the readings": {NetworkCounters{100, 200}, NetworkCounters{100, 200}, 0, NetworkRates{}, false},
		"a clock that went back":       {NetworkCounters{100, 200}, NetworkCounters{300, 300}, -time.Second, NetworkRates{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, known := Rate(c.previous, c.current, c.elapsed).Get()
			if got != c.want || known != c.known {
				t.Errorf("rate = %v, known %v; want %v, known %v", got, known, c.want, c.known)
			}
		})
	}
}
