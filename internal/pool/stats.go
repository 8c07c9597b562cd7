package pool

import (
	"net/netip"
	"time"
)

// BacklogStages are all stages at which a recording can have work left, in the order in
// which it passes them. A backlog without one of them is incomplete: there may be
// recordings at that stage.
var BacklogStages = [...]string{
	"recorded",  // the meeting has ended
	"ended",     // the meeting has ended, and its events are to be kept
	"queued",    // a job of any stage waits or runs
	"raw",       // being archived
	"archived",  // to be checked
	"sanity",    // to be processed
	"processed", // processed in some format, to be published
	"published", // to be sent away, if recordings are shipped
}

// FailureStages are all stages at which the work on a recording can fail.
var FailureStages = [...]string{"archived", "sanity", "processed", "published"}

// Stats are the values of a server's stats endpoints. A value that no endpoint returned
// is unknown.
type Stats struct {
	// Alive is true if an endpoint at the server's own domain answered, be it with an error.
	Alive  bool                   `json:"-"`
	Load1  Reading[float64]       `json:"load1"`
	Load5  Reading[float64]       `json:"load5"`
	Load15 Reading[float64]       `json:"load15"`
	Uptime Reading[time.Duration] `json:"uptime"`
	CPUs   Reading[int]           `json:"cpus"`
	// Network has the byte counters, summed over all devices that are not virtual.
	Network Reading[NetworkCounters] `json:"network"`
	// UnitsDown are the systemd units of BBB that are not running; empty if all are.
	UnitsDown Reading[[]string] `json:"units_down"`
	// Probe is the result of the end-to-end probe that runs on the server itself.
	Probe Reading[Probe] `json:"probe"`
	// Failed counts failed recordings by stage; it has at least the FailureStages.
	Failed Reading[map[string]int] `json:"failed"`
	// Backlog counts recordings with work left by stage, including those that no API
	// lists yet; it has at least the BacklogStages. A recording may count at several. It
	// is unknown if the values are stale or incomplete.
	Backlog Reading[map[string]int] `json:"backlog"`
	Version Reading[string]         `json:"version"`
	// Age is how old the values of the server itself (backlog, failures, probe, version)
	// were when they were read, also if a cache answered.
	Age Reading[time.Duration] `json:"age"`
	// MachineID is the hoster's id of the machine that answered, as its own script has it
	// from the hoster's metadata. Nodename is its host name.
	MachineID Reading[string] `json:"machine_id"`
	Nodename  Reading[string] `json:"nodename"`
	// Addresses are the IPv6 addresses that the machine has by its own script.
	Addresses Reading[[]netip.Addr] `json:"addresses,omitzero"`
}

// NetworkCounters are bytes since the machine's boot.
type NetworkCounters struct {
	Received float64 `json:"received"`
	Sent     float64 `json:"sent"`
}

// Probe is the result of a probe.
type Probe struct {
	OK bool      `json:"ok"`
	At time.Time `json:"at"`
}
