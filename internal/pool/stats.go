package pool

import "time"

// Stats is what a server's stats endpoints say. Every value that no endpoint
// had is unknown.
type Stats struct {
	Load1  Reading[float64]       `json:"load1"`
	Load5  Reading[float64]       `json:"load5"`
	Load15 Reading[float64]       `json:"load15"`
	Uptime Reading[time.Duration] `json:"uptime"`
	CPUs   Reading[int]           `json:"cpus"`
	// Network holds the byte counters, summed over all but virtual devices.
	Network Reading[NetworkCounters] `json:"network"`
	// UnitsDown names the BBB units (systemd) that do not run; empty when all do.
	UnitsDown Reading[[]string] `json:"units_down"`
	// Probe is the end-to-end probe that runs on the server itself.
	Probe Reading[Probe] `json:"probe"`
	// Failed counts recordings whose work failed, by stage.
	Failed Reading[map[string]int] `json:"failed"`
	// Backlog counts recordings with work still to do, by stage, those included
	// that no API shows yet. Unknown when what was read is stale or incomplete.
	Backlog Reading[map[string]int] `json:"backlog"`
	Version Reading[string]         `json:"version"`
	// Age is how old the server's own figures (backlog, failures, probe,
	// version) were when read, by the server's own clock.
	Age Reading[time.Duration] `json:"age"`
}

// NetworkCounters are bytes since the machine's boot.
type NetworkCounters struct {
	Received float64 `json:"received"`
	Sent     float64 `json:"sent"`
}

// Probe is the outcome of a probe.
type Probe struct {
	OK bool      `json:"ok"`
	At time.Time `json:"at"`
}
