package world

import (
	"fmt"
	"maps"
	"slices"
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

// StatsFailure is how a stats endpoint is wrong.
type StatsFailure int

// The failures of a stats endpoint.
const (
	// StatsSilent: node_exporter does not run; the web server in front of it answers 502.
	StatsSilent StatsFailure = iota
	// StatsStale: the timer on the server does not run, so its counts and their times do not
	// change. node_exporter's own figures and its clock go on.
	StatsStale
	// StatsCached: a cache in the web server serves one old page, so nothing in it changes.
	// Only the Date of the answer is new, because the web server writes it, as nginx does.
	StatsCached
	// StatsCachedWithDate: the same, but the cache also keeps the Date, and says how long it
	// has had the page, as caches in front of a web server do.
	StatsCachedWithDate
)

// StatsPage is what a stats endpoint answers.
type StatsPage struct {
	pool.Stats
	// Time is the server's clock when the page was written.
	Time time.Time
	// InCache is for how long a cache has had the page that keeps the Date, too.
	InCache time.Duration
}

// textfileTime returns when the timer on the server counted last, by the server's clock.
func (p StatsPage) textfileTime() time.Time {
	age, _ := p.Age.Get()
	return p.Time.Add(-age)
}

// Stats returns the figures of the server's stats endpoint. It answers once the
// machine's system is up, up to 30 s before BBB. The probe is OK while BBB answers on the
// server itself. The backlog is up to a minute old; Age is its age. Errors:
// ErrUnreachable, ErrSilent.
func (w *World) Stats(domain string) (pool.Stats, error) {
	page, err := w.StatsPage(domain)
	return page.Stats, err
}

// StatsPage returns what the server's stats endpoint answers. Errors: those of Stats.
func (w *World) StatsPage(domain string) (StatsPage, error) {
	m, err := w.reached(domain)
	if err != nil {
		return StatsPage{}, fmt.Errorf("stats endpoint: %w", err)
	}
	if has(m, func(stopped StatsStopped) bool { return stopped.How == StatsSilent }) {
		return StatsPage{}, fmt.Errorf("stats endpoint of %s: %w", domain, ErrSilent)
	}
	return w.statsPage(m), nil
}

// statsPage returns the stats page of a machine as its faults leave it. Of several faults,
// the oldest one of the worst kind counts.
func (w *World) statsPage(m *machine) StatsPage {
	first := func(how StatsFailure) *heldFault {
		i := slices.IndexFunc(m.faults.items, func(held *heldFault) bool { return held.Fault == StatsStopped{how} })
		if i < 0 {
			return nil
		}
		return m.faults.items[i]
	}
	if cached := first(StatsCachedWithDate); cached != nil {
		page := cached.page
		page.InCache = w.now.Add(m.clock()).Sub(page.Time)
		return page
	}
	if cached := first(StatsCached); cached != nil {
		return cached.page
	}
	page := w.freshPage(m)
	if stale := first(StatsStale); stale != nil {
		old := stale.page
		page.Probe, page.Failed, page.Backlog, page.Version = old.Probe, old.Failed, old.Backlog, old.Version
		page.Age = pool.Seen(page.Time.Sub(old.textfileTime()))
	}
	return page
}

// freshPage returns the stats page of a machine whose endpoint works. It is empty while the
// machine's system is down.
func (w *World) freshPage(m *machine) StatsPage {
	now := w.now.Add(m.clock())
	if m.bootTime.IsZero() {
		return StatsPage{Time: now}
	}
	return StatsPage{Time: now, Stats: pool.Stats{
		Load1:     pool.Seen(m.usage.load1),
		Load5:     pool.Seen(m.usage.load5),
		Load15:    pool.Seen(m.usage.load15),
		Uptime:    pool.Seen(w.now.Sub(m.bootTime)),
		CPUs:      pool.Seen(m.kind.CPUs),
		Network:   pool.Seen(pool.NetworkCounters{Received: m.usage.received, Sent: m.usage.sent}),
		UnitsDown: pool.Seen(m.unitsDown()),
		Probe:     pool.Seen(pool.Probe{OK: w.probe(m), At: now.Add(-probeAge)}),
		Failed:    pool.Seen(m.failedByStage()),
		Backlog:   pool.Seen(maps.Clone(m.counted(w.now))),
		Version:   pool.Seen(BBBVersion),
		Age:       pool.Seen(w.now.Sub(m.countedAt(w.now))),
		MachineID: pool.Seen(m.ID),
		Nodename:  pool.Seen(m.hostname),
		Addresses: pool.Seen(m.ipv6()),
	}}
}

// probedUnits are the units that have to run for the probe to succeed.
var probedUnits = []string{
	"nginx.service", "redis-server.service", "freeswitch.service",
	"bbb-apps-akka.service", "bbb-fsesl-akka.service", "bbb-web.service",
}

// probe returns the result of the probe on the server itself, which needs no network.
func (w *World) probe(m *machine) bool {
	return m.answers() && m.bbbContact() == Answers && !slices.ContainsFunc(m.unitsDown(), func(unit string) bool {
		return slices.Contains(probedUnits, unit)
	})
}
