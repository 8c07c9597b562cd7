package world

import (
	"fmt"
	"maps"
	"time"

	"divims/internal/pool"
)

// Rough figures of a machine with 8 cores at work.
const (
	idleLoad           = 0.2
	loadPerParticipant = 0.03
	loadOfRecording    = 2.5
	// In bytes per minute for each participant.
	receivedPerParticipant = 60 * 40_000
	sentPerParticipant     = 60 * 150_000
	// probeAge is the age of the probe's result when it is read.
	probeAge = 5 * time.Second
	// countInterval is how often a timer on the server counts its recordings, starting
	// when the system is up.
	countInterval = time.Minute
)

// usage has the load averages and byte counters of node_exporter since the system came
// up.
type usage struct {
	load1, load5, load15 float64
	received, sent       float64
}

// The part of a load average over 1, 5 and 15 minutes that is left after one minute:
// e^(-1/1), e^(-1/5), e^(-1/15).
const fade1, fade5, fade15 = 0.367879, 0.818731, 0.935507

// use adds one minute to the usage of a machine whose system is up.
func (m *machine) use() {
	load := idleLoad + loadPerParticipant*float64(m.participants)
	if len(m.backlog) > 0 {
		load += loadOfRecording
	}
	u := &m.usage
	u.load1 = load + (u.load1-load)*fade1
	u.load5 = load + (u.load5-load)*fade5
	u.load15 = load + (u.load15-load)*fade15
	u.received += receivedPerParticipant * float64(m.participants)
	u.sent += sentPerParticipant * float64(m.participants)
}

// count is the last count of the timer on the server.
type count struct {
	at      time.Time
	backlog map[string]int
}

// countedAt returns when the timer counted last.
func (m *machine) countedAt(now time.Time) time.Time {
	return m.bootTime.Add(now.Sub(m.bootTime).Truncate(countInterval))
}

// counted returns the backlog as the timer counted it last: the present one, unless
// saveCount kept an older count.
func (m *machine) counted(now time.Time) map[string]int {
	if m.lastCount.at.Equal(m.countedAt(now)) {
		return m.lastCount.backlog
	}
	return m.backlogByStage()
}

// saveCount must be called before every change of the backlog, to keep the timer's last
// count. A change at the very moment of the count is part of that count.
func (m *machine) saveCount(now time.Time) {
	if m.bootTime.IsZero() {
		return
	}
	if at := m.countedAt(now); at.Before(now) {
		m.lastCount = count{at, m.counted(now)}
	}
}

// Stats returns the figures of the server's stats endpoint. It answers once the
// machine's system is up, up to 30 s before BBB. The probe is OK while BBB answers. The
// backlog is up to a minute old; Age is its age. Errors: ErrUnreachable.
func (w *World) Stats(domain string) (pool.Stats, error) {
	s := w.domains[domain]
	if s == nil || s.machine() == nil || s.machine().bootTime.IsZero() {
		return pool.Stats{}, fmt.Errorf("stats endpoint of %s: %w", domain, ErrUnreachable)
	}
	m := s.machine()
	return pool.Stats{
		Load1:     pool.Seen(m.usage.load1),
		Load5:     pool.Seen(m.usage.load5),
		Load15:    pool.Seen(m.usage.load15),
		Uptime:    pool.Seen(w.now.Sub(m.bootTime)),
		CPUs:      pool.Seen(m.kind.CPUs),
		Network:   pool.Seen(pool.NetworkCounters{Received: m.usage.received, Sent: m.usage.sent}),
		UnitsDown: pool.Seen(append([]string{}, m.unitsDown...)),
		Probe:     pool.Seen(pool.Probe{OK: s.bbb(Us) != nil, At: w.now.Add(-probeAge)}),
		Failed:    pool.Seen(m.failedByStage()),
		Backlog:   pool.Seen(maps.Clone(m.counted(w.now))),
		Version:   pool.Seen(bbbVersion),
		Age:       pool.Seen(w.now.Sub(m.countedAt(w.now))),
	}, nil
}
