package scaling

import (
	"slices"
	"time"
)

// The kinds of machines whose boot times are learned, each by itself.
const (
	cloudMachine     = "cloud"
	bareMetalMachine = "bare metal"
)

func (s *server) kindOfMachine() string {
	if s.Server.BareMetal {
		return bareMetalMachine
	}
	return cloudMachine
}

// maxBootTimes is how many boot times of a kind are remembered.
const maxBootTimes = 10

// maxBootFactor limits the learned time: a machine that takes longer than this many times
// the configured time is late, however long others took.
const maxBootFactor = 3

// minTime returns the shortest time that a machine may take to come.
func (c Config) minTime() time.Duration { return max(c.BootTime, c.Grace) }

// timeOf returns the time that the server's machine may take to come. It is learned: the
// longest that the last ten machines of its kind took, at least the larger of BootTime
// and Grace, at most three times that.
func (d *decision) timeOf(s *server) time.Duration {
	least := d.config.minTime()
	longest := least
	if seconds := d.state.BootTimes[s.kindOfMachine()]; len(seconds) > 0 {
		longest = time.Duration(slices.Max(seconds)) * time.Second
	}
	return min(max(longest, least), maxBootFactor*least)
}

// timeIsOver reports whether the server's machine has had its time. While the poller's
// word is stale no machine's time runs.
func (d *decision) timeIsOver(s *server) bool {
	until := d.now
	if d.pollerStale {
		until = d.state.Doubt.PollerSince
	}
	return until.Sub(s.started()) > d.timeOf(s)
}

// started returns when the server's machine last began to start: the time of DiViMS's
// order, else that of the first sight of the machine.
func (s *server) started() time.Time {
	began := s.memory.FirstSeen
	if s.memory.Ordered.After(began) || !s.memory.Ordered.IsZero() && s.memory.Ordered.After(s.memory.Stopped) {
		began = s.memory.Ordered
	}
	if s.memory.Rebooted.After(began) {
		began = s.memory.Rebooted
	}
	return began
}

// bootTimes returns the remembered boot times with those of the machines that came at this
// evaluation after an order of DiViMS.
func (d *decision) bootTimes() map[string][]int {
	times := map[string][]int{}
	for kind, seconds := range d.state.BootTimes {
		times[kind] = slices.Clone(seconds)
	}
	for _, s := range d.servers {
		if !s.cameNow || s.memory.Ordered.IsZero() || !s.started().Equal(s.memory.Ordered) {
			continue // it was rebooted, or somebody else started it
		}
		kind := s.kindOfMachine()
		times[kind] = append(times[kind], int(d.now.Sub(s.memory.Ordered)/time.Second))
		times[kind] = times[kind][max(0, len(times[kind])-maxBootTimes):]
	}
	return times
}
