package cycle

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// Record is the decision record: what was observed, decided and done, in words and
// numbers that an operator can check by hand. It has no secrets.
type Record struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`
	DryRun bool      `json:"dry_run,omitempty"`
	// TookSeconds is the duration of the evaluation without writing the record.
	TookSeconds float64 `json:"took_seconds"`
	// Interventions are what operators changed since the evaluation before.
	Interventions []pool.Intervention `json:"interventions,omitempty"`
	// Participants and Meetings are the load that the policies used.
	Participants int `json:"participants"`
	Meetings     int `json:"meetings"`
	// Enabled counts the servers that count as capacity, Serving those that take meetings,
	// Running the running machines, and Draining the running machines of cordoned or
	// disabled servers. They are counted before the plan is carried out.
	Enabled  int            `json:"enabled"`
	Serving  int            `json:"serving"`
	Running  int            `json:"running"`
	Draining int            `json:"draining"`
	Plan     scaling.Plan   `json:"plan"`
	Outcomes []Outcome      `json:"outcomes"`
	Servers  []ServerRecord `json:"servers,omitempty"`
	// Blind is true if Scalelite's entries or Scaleway's machines could not be read, so
	// that nothing was done.
	Blind bool `json:"blind,omitempty"`
	// Facts are the reasons, alerts and advice that have values, as facts. With them a reader
	// can show in other languages what the record has in English.
	Facts fact.Facts `json:"facts,omitempty"`
	// blindness is what could not be read if Blind is true. The alerts of the record have
	// it, too.
	blindness string
}

// ReadRecord decodes a decision record that this or an earlier version wrote.
// What an earlier version did not record is zero or unknown.
func ReadRecord(text []byte) (Record, error) {
	var record Record
	if err := json.Unmarshal(text, &record); err != nil {
		return Record{}, fmt.Errorf("read a decision record: %w", err)
	}
	return record, nil
}

// LastRecord returns the record of the last evaluation, which the state holds; nil
// before the first one.
func LastRecord(state pool.State) (*Record, error) {
	if state.Record == nil {
		return nil, nil
	}
	record, err := ReadRecord(state.Record)
	if err != nil {
		return nil, fmt.Errorf("last evaluation: %w", err)
	}
	return &record, nil
}

// ServerRecord is one server as it was observed and judged.
type ServerRecord struct {
	pool.Server
	Entry  pool.EntryState `json:"entry,omitempty"`
	Online bool            `json:"online"`
	// Tag and LoadMultiplier are copied from Scalelite's entry. A multiplier of 1 is
	// recorded as 0.
	Tag            string            `json:"tag,omitempty"`
	LoadMultiplier float64           `json:"load_multiplier,omitempty"`
	Machine        *MachineRecord    `json:"machine,omitempty"`
	Meetings       pool.Reading[int] `json:"meetings"`
	// Participants is unknown whenever Meetings is.
	Participants pool.Reading[int]               `json:"participants"`
	Load1        pool.Reading[float64]           `json:"load1"`
	CPUs         pool.Reading[int]               `json:"cpus"`
	Uptime       pool.Reading[float64]           `json:"uptime_seconds"`
	Network      pool.Reading[pool.NetworkRates] `json:"network"`
	Backlog      pool.Reading[map[string]int]    `json:"backlog"`
	Version      pool.Reading[string]            `json:"bbb_version"`
	Certificate  pool.Reading[time.Time]         `json:"certificate_expiry"`
	Maintenance  *pool.Hold                      `json:"maintenance,omitempty"`
	Stage        scaling.Stage                   `json:"stage,omitempty"`
	Health       scaling.Health                  `json:"health"`
	Why          string                          `json:"why,omitempty"`
	LeftAlone    string                          `json:"left_alone,omitempty"`
	// Unseen says what could not be read although the server was asked.
	Unseen []string `json:"unseen,omitempty"`
}

// MachineRecord is a server's machine as it was observed.
type MachineRecord struct {
	ID    string            `json:"id"`
	Zone  string            `json:"zone"`
	Type  string            `json:"type"`
	State pool.MachineState `json:"state"`
	// Since is since when DiViMS has seen the machine in this state.
	Since       time.Time             `json:"since"`
	HourlyPrice pool.Reading[float64] `json:"hourly_price"`
}

// describe fills in what was observed and decided. The state is that from before the
// decision, next the one that it returned.
func (r *Record) describe(now time.Time, seen pool.Observation, plan scaling.Plan, state, next pool.State) {
	r.Plan, r.Outcomes, r.Interventions = plan, []Outcome{}, state.Interventions
	r.Blind = !seen.Entries.Known() || !seen.Machines.Known()
	r.blindness = strings.Trim(seen.Entries.Reason()+"; "+seen.Machines.Reason(), "; ")
	r.Participants, r.Meetings = plan.Load.Participants, plan.Load.Meetings
	r.Enabled, r.Serving = plan.Required.Enabled, plan.Required.Serving
	for _, group := range plan.Tagged {
		r.Participants += group.Load.Participants
		r.Meetings += group.Load.Meetings
		r.Enabled += group.Required.Enabled
		r.Serving += group.Required.Serving
	}
	for i, s := range seen.Servers {
		server := describeServer(s, plan.Verdicts[i], state.Memory(s.Server.Number), now)
		if server.Machine != nil {
			server.Machine.Since = next.Memory(s.Server.Number).StateSince
		}
		r.Servers = append(r.Servers, server)
		if server.Machine != nil && server.Machine.State == pool.Running {
			r.Running++
			if server.Entry == pool.Cordoned || server.Entry == pool.Disabled { // unknown is neither
				r.Draining++
			}
		}
	}
}

// sample returns the history sample. ok is false if the evaluation was blind or the
// load of a server is unknown.
func (r *Record) sample() (sample pool.Sample, ok bool) {
	sample = pool.Sample{
		At: r.At, Participants: r.Participants, Meetings: r.Meetings, Required: r.Required(),
		TaggedParticipants: r.Participants - r.Plan.Load.Participants, TaggedMeetings: r.Meetings - r.Plan.Load.Meetings,
		Enabled: r.Enabled, Serving: r.Room(), Running: r.Running, Draining: r.Draining,
		Idle: pool.Seen(r.Idle()), Price: r.price(), Asked: r.Asked(),
	}
	if capacity, ok := r.Capacity().Get(); ok {
		sample.SetCapacity(capacity)
	}
	return sample, !r.Blind && !slices.ContainsFunc(r.loads(), func(l scaling.Load) bool { return len(l.Missing) > 0 })
}

// loads returns the load of the servers without a tag, and of those with each tag.
func (r *Record) loads() []scaling.Load {
	loads := []scaling.Load{r.Plan.Load}
	for _, group := range r.Plan.Tagged {
		loads = append(loads, group.Load)
	}
	return loads
}

// Idle returns how many machines exist but are not running.
func (r *Record) Idle() int {
	n := 0
	for _, server := range r.Servers {
		if server.Machine != nil && server.Machine.State != pool.Running {
			n++
		}
	}
	return n
}

// price returns the price per hour of all running machines in euros, rounded to a
// hundredth of a cent.
func (r *Record) price() pool.Reading[float64] {
	sum := 0.0
	for _, server := range r.Servers {
		if server.Machine == nil || server.Machine.State != pool.Running {
			continue
		}
		price, ok := server.Machine.HourlyPrice.Get()
		if !ok {
			return pool.Unknown[float64]("the price of server " + strconv.Itoa(server.Number))
		}
		sum += price
	}
	return pool.Seen(math.Round(sum*10000) / 10000)
}

// Required returns how many servers must be enabled, including those with a tag. It is
// unknown if the number of one group is unknown.
func (r *Record) Required() pool.Reading[int] {
	return total(r.groups(), func(required scaling.Required) pool.Reading[int] { return required.Servers })
}

// Capacity returns the number of enabled servers weighted by their load multipliers,
// including those with a tag.
func (r *Record) Capacity() pool.Reading[float64] {
	return total(r.groups(), func(required scaling.Required) pool.Reading[float64] { return required.Capacity })
}

// Room returns the number of servers that take meetings now, weighted by their load
// multipliers, including those with a tag. It is unknown in records of earlier versions.
func (r *Record) Room() pool.Reading[float64] {
	return total(r.groups(), func(required scaling.Required) pool.Reading[float64] { return required.ServingCapacity })
}

// Size returns the number of all servers weighted by their load multipliers, including
// those with a tag.
func (r *Record) Size() pool.Reading[float64] {
	return total(r.groups(), func(required scaling.Required) pool.Reading[float64] { return required.Size })
}

// UsedUp reports whether all servers of a group are required: all without a tag, or all
// with the same tag. It is false if only the minimum requires them.
func (r *Record) UsedUp() bool {
	return slices.ContainsFunc(r.groups(), func(required scaling.Required) bool { return required.UsedUp })
}

// total adds up a figure of all groups. It is unknown if one group's figure is unknown.
func total[T int | float64](groups []scaling.Required, figure func(scaling.Required) pool.Reading[T]) pool.Reading[T] {
	var sum T
	for _, required := range groups {
		part := figure(required)
		value, ok := part.Get()
		if !ok {
			return part
		}
		sum += value
	}
	return pool.Seen(sum)
}

// Asked returns how many servers each policy requires, including those with a tag.
// Policies without an answer for some group are left out.
func (r *Record) Asked() map[string]int {
	asked, unknown := map[string]int{}, map[string]bool{}
	for _, required := range r.groups() {
		for _, answer := range required.Policies {
			servers, ok := answer.Servers.Get()
			asked[string(answer.Policy)] += servers
			unknown[string(answer.Policy)] = unknown[string(answer.Policy)] || !ok
		}
	}
	maps.DeleteFunc(asked, func(policy string, _ int) bool { return unknown[policy] })
	return asked
}

// groups returns what is required of the servers without a tag, and of those with each
// tag.
func (r *Record) groups() []scaling.Required {
	groups := []scaling.Required{r.Plan.Required}
	for _, group := range r.Plan.Tagged {
		groups = append(groups, group.Required)
	}
	return groups
}

func describeServer(s pool.ServerObservation, verdict scaling.Verdict, memory pool.ServerMemory, now time.Time) ServerRecord {
	r := ServerRecord{
		Server: s.Server, Certificate: s.CertificateExpiry, Maintenance: memory.Maintenance,
		Stage: verdict.Stage, Health: verdict.Health, Why: verdict.Why.String(), LeftAlone: verdict.LeftAlone.String(),
	}
	if entry, _ := s.Entry.Get(); entry != nil {
		r.Entry, r.Online, r.Tag = entry.State, entry.Online, entry.Tag
		if entry.LoadMultiplier != 1 {
			r.LoadMultiplier = entry.LoadMultiplier
		}
	}
	machine, _ := s.Machine.Get()
	if machine != nil {
		r.Machine = &MachineRecord{ID: machine.ID, Zone: machine.Zone, Type: machine.Type, State: machine.State, HourlyPrice: machine.HourlyPrice}
	}
	if meetings, ok := s.Meetings.Get(); ok {
		r.Meetings, r.Participants = pool.Seen(len(meetings)), pool.Seen(pool.Participants(meetings))
	} else if machine != nil && machine.State == pool.Running {
		r.Unseen = append(r.Unseen, s.Meetings.Reason())
	}
	if stats, ok := s.Stats.Get(); ok {
		r.describeStats(stats)
		if counters, ok := stats.Network.Get(); ok && memory.Network != nil && machine != nil && memory.MachineID == machine.ID {
			r.Network = pool.Rate(*memory.Network, counters, now.Sub(memory.NetworkAt))
		}
	}
	return r
}

func (r *ServerRecord) describeStats(stats pool.Stats) {
	r.Load1, r.CPUs, r.Backlog, r.Version = stats.Load1, stats.CPUs, stats.Backlog, stats.Version
	if uptime, ok := stats.Uptime.Get(); ok {
		r.Uptime = pool.Seen(uptime.Seconds())
	}
	if !stats.Backlog.Known() {
		r.Unseen = append(r.Unseen, "recording backlog: "+stats.Backlog.Reason())
	}
}

// brief returns the short record for the day's object, which holds 288 records at an
// interval of 5 minutes. It lacks the servers, the outlook, and the verdicts on healthy
// servers that are not left alone.
func (r Record) brief() Record {
	r.Servers = nil
	r.Plan.Verdicts = slices.DeleteFunc(slices.Clone(r.Plan.Verdicts), func(v scaling.Verdict) bool {
		return v.Health == scaling.Healthy && v.LeftAlone.IsZero()
	})
	r.Plan.Required.Policies = withoutOutlook(r.Plan.Required.Policies)
	r.collectFacts()
	r.Plan.Tagged = slices.Clone(r.Plan.Tagged)
	for i := range r.Plan.Tagged {
		r.Plan.Tagged[i].Required.Policies = withoutOutlook(r.Plan.Tagged[i].Required.Policies)
	}
	return r
}

func withoutOutlook(answers []scaling.Answer) []scaling.Answer {
	answers = slices.Clone(answers)
	for i := range answers {
		answers[i].Outlook = nil
	}
	return answers
}
