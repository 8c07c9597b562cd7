package cycle

import (
	"slices"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// Record is the decision record: everything that led to what was done, in words
// and numbers that an operator can check by hand. It holds no secret.
type Record struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`
	DryRun bool      `json:"dry_run,omitempty"`
	// Took is how long the evaluation lasted, without writing the record.
	Took     time.Duration  `json:"took_ns"`
	Sample   pool.Sample    `json:"sample"`
	Plan     scaling.Plan   `json:"plan"`
	Outcomes []Outcome      `json:"outcomes"`
	Servers  []ServerRecord `json:"servers,omitempty"`
	// Blind tells that too little was seen to do anything.
	Blind bool `json:"blind,omitempty"`
}

// ServerRecord is one server as the evaluation saw and judged it.
type ServerRecord struct {
	pool.Server
	Entry    pool.EntryState   `json:"entry,omitempty"`
	Online   bool              `json:"online"`
	Machine  *MachineRecord    `json:"machine,omitempty"`
	Meetings pool.Reading[int] `json:"meetings"`
	// Participants is unknown whenever Meetings is.
	Participants pool.Reading[int]               `json:"participants"`
	Load1        pool.Reading[float64]           `json:"load1"`
	CPUs         pool.Reading[int]               `json:"cpus"`
	Uptime       pool.Reading[time.Duration]     `json:"uptime_ns"`
	Network      pool.Reading[pool.NetworkRates] `json:"network"`
	Backlog      pool.Reading[map[string]int]    `json:"backlog"`
	Version      pool.Reading[string]            `json:"bbb_version"`
	Certificate  pool.Reading[time.Time]         `json:"certificate_expiry"`
	Maintenance  *pool.Maintenance               `json:"maintenance,omitempty"`
	Health       scaling.Health                  `json:"health"`
	Why          string                          `json:"why,omitempty"`
	Left         string                          `json:"left,omitempty"`
	// Unseen says what of the server could not be seen although it was asked.
	Unseen []string `json:"unseen,omitempty"`
}

// MachineRecord is a server's machine.
type MachineRecord struct {
	ID          string                `json:"id"`
	Zone        string                `json:"zone"`
	Type        string                `json:"type"`
	State       pool.MachineState     `json:"state"`
	Since       time.Time             `json:"since"`
	HourlyPrice pool.Reading[float64] `json:"hourly_price"`
}

// describe fills in what was seen and decided.
func (r *Record) describe(seen pool.Observation, plan scaling.Plan, state pool.State) {
	r.Plan = plan
	r.Outcomes = []Outcome{}
	r.Blind = !seen.Entries.Known() || !seen.Machines.Known()
	required, _ := plan.Required.Servers.Get()
	r.Sample = pool.Sample{
		At: seen.At, Required: required, Enabled: plan.Required.Enabled,
		Participants: plan.Load.Participants, Meetings: plan.Load.Meetings,
	}
	for i, s := range seen.Servers {
		server := describeServer(s, plan.Verdicts[i], state.Servers[s.Server.Number], seen.At)
		r.Servers = append(r.Servers, server)
		if server.Machine != nil && server.Machine.State == pool.Running {
			r.Sample.Running++
			if server.Entry != pool.Enabled {
				r.Sample.Draining++
			}
		}
	}
}

func describeServer(s pool.ServerObservation, verdict scaling.Verdict, memory pool.ServerMemory, now time.Time) ServerRecord {
	r := ServerRecord{
		Server: s.Server, Certificate: s.CertificateExpiry, Maintenance: memory.Maintenance,
		Health: verdict.Health, Why: verdict.Why, Left: verdict.Left,
	}
	if entry, _ := s.Entry.Get(); entry != nil {
		r.Entry, r.Online = entry.State, entry.Online
	}
	machine, _ := s.Machine.Get()
	if machine != nil {
		r.Machine = &MachineRecord{machine.ID, machine.Zone, machine.Type, machine.State, machine.Since, machine.HourlyPrice}
	}
	if meetings, ok := s.Meetings.Get(); ok {
		r.Meetings, r.Participants = pool.Seen(len(meetings)), pool.Seen(pool.Participants(meetings))
	} else if machine != nil && machine.State == pool.Running {
		r.Unseen = append(r.Unseen, s.Meetings.Reason())
	}
	if stats, ok := s.Stats.Get(); ok {
		r.describeStats(stats, memory, now)
	}
	return r
}

func (r *ServerRecord) describeStats(stats pool.Stats, memory pool.ServerMemory, now time.Time) {
	r.Load1, r.CPUs, r.Uptime = stats.Load1, stats.CPUs, stats.Uptime
	r.Backlog, r.Version = stats.Backlog, stats.Version
	if !stats.Backlog.Known() {
		r.Unseen = append(r.Unseen, "recording backlog: "+stats.Backlog.Reason())
	}
	if counters, ok := stats.Network.Get(); ok && memory.Network != nil {
		r.Network = pool.Rate(*memory.Network, counters, now.Sub(memory.NetworkAt))
	}
}

// brief is the record as it is kept for the day: without the servers that
// nothing is to be said about. 288 of them are one object.
func (r Record) brief() Record {
	r.Servers = nil
	r.Plan.Verdicts = slices.DeleteFunc(slices.Clone(r.Plan.Verdicts), func(v scaling.Verdict) bool {
		return v.Health == scaling.Healthy && v.Left == ""
	})
	return r
}
