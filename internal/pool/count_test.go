package pool

import "testing"

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"0 servers":     Count(0, "server"),
		"1 server":      Count(1, "server"),
		"1 more server": Count(1.001, "more server"),
		"0.5 servers":   Count(0.5, "server"),
		"2.33 servers":  Count(7/3., "server"),
		"5000 servers":  Count(5000, "server"),
		"1 machine":     CountSeen(Seen(1), "machine"),
		"? machines":    CountSeen(Unknown[int]("no list"), "machine"),
	} {
		if got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
