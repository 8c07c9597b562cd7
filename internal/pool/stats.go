package pool

import "time"

// BacklogStages are all the places where a recording can have work left, in the
// order in which a recording comes through them. A backlog that lacks one of
// them is incomplete: what it does not count may be there.
var BacklogStages = [...]string{
	"recorded",  // the meeting has ended
	"ended",     // it has ended, and its events are to be kept
	"queued",    // a job waits or is at work, of whatever stage
	"raw",       // is being archived
	"archived",  // is to be checked
	"sanity",    // is to be processed
	"processed", // in a format that is to be published
	"published", // is to be sent away, where recordings are shipped
}

// FailureStages are all the places where the work on a recording can have failed.
var FailureStages = [...]string{"archived", "sanity", "processed", "published"}

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
	// Failed counts recordings whose work failed, at least at FailureStages.
	Failed Reading[map[string]int] `json:"failed"`
	// Backlog counts recordings with work still to do, at least at BacklogStages,
	// those included that no API shows yet. One recording may count at several.
	// Unknown when what was read is stale or incomplete.
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
