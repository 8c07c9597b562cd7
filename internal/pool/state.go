package pool

import (
	"encoding/json"
	"fmt"
	"time"
)

// State is what one evaluation stores for the next. It has no secrets.
type State struct {
	// LastEvaluation is the time of the last recorded evaluation.
	LastEvaluation time.Time `json:"last_evaluation,omitzero"`
	// Record is the complete decision record of that evaluation. Read it with
	// cycle.LastRecord.
	Record json.RawMessage `json:"record,omitempty"`
	// Load is the previous load, from which the load policy computes the growth.
	Load *PastLoad `json:"load,omitempty"`
	// TagLoads has the same for the servers with a tag, by tag.
	TagLoads map[string]PastLoad `json:"tag_loads,omitempty"`
	// Kept is how many servers were enabled when the policies stopped having an answer;
	// 0 while they have one.
	Kept int `json:"kept,omitempty"`
	// Paused is set while an operator has paused DiViMS, so that it changes nothing.
	Paused *Hold `json:"paused,omitempty"`
	// Forced is set while an operator, and not the policies, decides how many servers
	// are required.
	Forced *Forced `json:"forced,omitempty"`
	// Interventions are what operators have changed since the last evaluation. The next
	// one records them.
	Interventions []Intervention `json:"interventions,omitempty"`
	// Servers is what is remembered of each server, by number. A memory in it is never
	// changed, but replaced by Remember.
	Servers map[int]*ServerMemory `json:"servers,omitempty"`
	// Refusals are the types and zones that the hoster refused, and until when they are
	// skipped.
	Refusals []Refusal `json:"shortages,omitempty"`
	// Floors is the last requirement that was made with every load known, by tag. While a
	// load is unknown, the pool is not made smaller than that.
	Floors map[string]int `json:"floors,omitempty"`
	// SurplusSince is since when there have been more servers than required, by tag.
	SurplusSince map[string]time.Time `json:"surplus_since,omitempty"`
	// BootTimes is how many seconds the last machines took from their order until they
	// came, the latest last, by kind of machine.
	BootTimes map[string][]int `json:"boot_times,omitempty"`
	// Doubt is what is remembered of doubts: many servers fell together, the poller's
	// word is stale, what was made does not come.
	Doubt Doubt `json:"doubt,omitzero"`
	// Faults is when a server was first replaced for a fault, by the fault. A fault is
	// forgotten when no server has it.
	Faults map[string]time.Time `json:"faults,omitempty"`
	// Refused is why and since when the hoster has refused every creation that was tried.
	Refused *Refused `json:"refused,omitempty"`
	// Zones are the zones in which the last evaluations saw machines or volumes of the
	// pool. They are listed even if they are no longer configured.
	Zones []string `json:"zones,omitempty"`
	// Notified is what operators were notified of, by the subject of the alert.
	Notified map[string]NotifiedAlert `json:"told,omitempty"`
	// NotifyError says which notification services failed at the last message; empty if none.
	NotifyError string `json:"untold,omitempty"`
	// LogError says which objects of the log, such as the history, could not be written at
	// the last evaluation; empty if none.
	LogError string `json:"log_error,omitempty"`
	// LastAction is the time of the last evaluation that acted, and Idle how many have been
	// recorded since.
	LastAction time.Time `json:"last_action,omitzero"`
	Idle       int       `json:"idle,omitempty"`
	// StorageTime is when the storage answered with this state, by its own clock; zero if
	// it did not say. It is not stored.
	StorageTime time.Time `json:"-"`
	// TakenOver is the holder of an expired lease that was taken over with this state;
	// empty if the lease had been released. It is not stored.
	TakenOver string `json:"-"`
}

// Doubt is what one evaluation remembers about doubts for the next.
type Doubt struct {
	// FellTogether is when the last of the servers fell that fell together last.
	FellTogether time.Time `json:"fell_together,omitzero"`
	// Away is when such servers were last seen to be away.
	Away time.Time `json:"away,omitzero"`
	// PollerSince is since when the poller's word has been stale.
	PollerSince time.Time `json:"poller_since,omitzero"`
	// PollerMoved is when a flag of Scalelite last changed or a load last fell: the
	// poller was at work.
	PollerMoved time.Time `json:"poller_moved,omitzero"`
	// Late counts the machines in a row that did not come in their time, by what they
	// share: "image ID", "zone NAME", "type NAME".
	Late map[string]Late `json:"late,omitempty"`
	// Came is when a machine that DiViMS created or started last came.
	Came time.Time `json:"came,omitzero"`
	// Ordered is when machines were last ordered. Paced is set while machines are ordered
	// in rounds, and Fruitless is how many rounds brought no machine.
	Ordered   time.Time `json:"ordered,omitzero"`
	Paced     bool      `json:"paced,omitempty"`
	Fruitless int       `json:"fruitless,omitempty"`
	// LastGood is the image of the machine that came last, by zone. SetAside are newer
	// images whose machines do not come.
	LastGood map[string]string `json:"last_good,omitempty"`
	SetAside []string          `json:"set_aside,omitempty"`
}

// Late is a number of machines in a row that did not come in their time.
type Late struct {
	Count int       `json:"count"`
	At    time.Time `json:"at"`
	// Mute is how many of them never answered anything.
	Mute int `json:"mute,omitempty"`
}

// Refused is a run of creations that the hoster refused.
type Refused struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	// Stock is set if all that was refused last is out of stock or over quota.
	Stock bool `json:"stock,omitempty"`
}

// NotifiedAlert is what operators know about one alert.
type NotifiedAlert struct {
	// Level is the level that was last reported.
	Level string `json:"level,omitempty"`
	// Since is when the alert was first present, At when it was last reported.
	Since time.Time `json:"since"`
	At    time.Time `json:"at,omitzero"`
	// Gone is since when the alert has been absent, Ended when it was reported as
	// resolved.
	Gone  time.Time `json:"gone,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Returned is when the alert came back after it had been reported as resolved.
	Returned time.Time `json:"returned,omitzero"`
	// Passing is true for an event, which is never reported as resolved.
	Passing bool `json:"passing,omitempty"`
}

// PastLoad is the load of an evaluation. Both figures are at least 1, as with the
// predecessor, so that a ratio can be computed.
type PastLoad struct {
	At           time.Time `json:"at"`
	Participants int       `json:"participants"`
	Meetings     int       `json:"meetings"`
}

// Memory returns a copy of what is remembered of a server; the zero value if that is nothing.
func (s State) Memory(number int) ServerMemory {
	if memory := s.Servers[number]; memory != nil {
		return *memory
	}
	return ServerMemory{}
}

// Remember sets what is remembered of a server.
func (s *State) Remember(number int, memory ServerMemory) {
	if s.Servers == nil {
		s.Servers = map[int]*ServerMemory{}
	}
	s.Servers[number] = &memory
}

// ServerMemory is what is remembered of one server. A zero time means that the
// condition does not hold.
type ServerMemory struct {
	// MachineID is the machine that the other fields are about. A new machine starts
	// with an empty memory, except for the server's maintenance and failed creations.
	MachineID string `json:"machine_id,omitempty"`
	// Participants and Meetings are the last known load.
	Participants int       `json:"participants,omitempty"`
	Meetings     int       `json:"meetings,omitempty"`
	LoadSeen     time.Time `json:"load_seen,omitzero"`
	// DrainingSince is when the server was first observed as not enabled.
	DrainingSince time.Time `json:"draining_since,omitzero"`
	// EmptySince is when the server was first observed as not enabled and with no
	// meetings and recordings left.
	EmptySince time.Time `json:"empty_since,omitzero"`
	// SilentSince is when the server's BBB first did not answer.
	SilentSince time.Time `json:"silent_since,omitzero"`
	// Health is the last judged health, HealthSince when it started.
	Health      string    `json:"health,omitempty"`
	HealthSince time.Time `json:"health_since,omitzero"`
	// Rebooted is when the machine was last rebooted by DiViMS, Reboots how often it was
	// since it last served.
	Rebooted time.Time `json:"rebooted,omitzero"`
	Reboots  int       `json:"reboots,omitempty"`
	// FirstSeen is when the machine was first seen. Ordered is when DiViMS last ordered
	// its creation or start. Watched is set if every evaluation since its creation by
	// DiViMS has seen it silent and offline.
	FirstSeen time.Time `json:"first_seen,omitzero"`
	Ordered   time.Time `json:"ordered,omitzero"`
	Watched   bool      `json:"watched,omitempty"`
	// Came is when the machine first came after it was ordered, started or rebooted: it
	// answered, or Scalelite called it online. BootSeen is set if anything on it has
	// answered, LateSince since when its time has been over without that.
	Came      time.Time `json:"came,omitzero"`
	BootSeen  bool      `json:"boot_seen,omitempty"`
	LateSince time.Time `json:"late_since,omitzero"`
	// Served is when the server last served, Fell when it stopped serving, and FellOf how
	// many servers had served until then.
	Served time.Time `json:"served,omitzero"`
	Fell   time.Time `json:"fell,omitzero"`
	FellOf int       `json:"fell_of,omitempty"`
	// Gone is since when the machine has been missing from the hoster's list, Deleted the
	// id of the machine whose deletion DiViMS ordered.
	Gone    time.Time `json:"gone,omitzero"`
	Deleted string    `json:"deleted,omitempty"`
	// Absent is set if the last complete list had no machine of the server, and DiViMS has
	// not tried to create one since.
	Absent bool `json:"absent,omitempty"`
	// State is the machine's state when it was last seen, StateSince since when it has been
	// seen in that state.
	State      MachineState `json:"state,omitempty"`
	StateSince time.Time    `json:"state_since,omitzero"`
	// Stopped is since when the machine has been seen switched off.
	Stopped time.Time `json:"stopped,omitzero"`
	// Recordings is set if recordings were in work or had failed when the machine's
	// figures were last seen.
	Recordings bool `json:"recordings,omitempty"`
	// BacklogSince is since when the machine's figures have named a recording backlog.
	BacklogSince time.Time `json:"backlog_since,omitzero"`
	// UnknownSince is since when the load has been unknown.
	UnknownSince time.Time `json:"unknown_since,omitzero"`
	// Fault is what is wrong with the server, FaultSince since when.
	Fault      string    `json:"fault,omitempty"`
	FaultSince time.Time `json:"fault_since,omitzero"`
	// Seen are the meetings of a draining server by internal id, with the time of the
	// evaluation that saw each for the first time.
	Seen map[string]time.Time `json:"seen,omitempty"`
	// Zone is where the server's machine was last seen or ordered.
	Zone string `json:"zone,omitempty"`
	// Entry is what is remembered of the server's entry in Scalelite.
	Entry EntryMemory `json:"entry,omitzero"`
	// Failures counts failed creations in a row. The next one is not tried before
	// NotBefore.
	Failures  int       `json:"failures,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	// Network has the last byte counters, read at NetworkAt.
	Network   *NetworkCounters `json:"network,omitempty"`
	NetworkAt time.Time        `json:"network_at,omitzero"`
	// Repaired is when a cordon that Scalelite had partly undone was last repeated.
	Repaired time.Time `json:"repaired,omitzero"`
	// Maintenance is set while the server is in maintenance.
	Maintenance *Hold `json:"maintenance,omitempty"`
	// Recycle is set if an operator wants the server's machine replaced.
	Recycle *Hold `json:"recycle,omitempty"`
	// EndDrain is set if an operator wants the server's drain to end now.
	EndDrain *EndDrain `json:"end_drain,omitempty"`
}

// EntryMemory is what is remembered of a server's entry in Scalelite.
type EntryMemory struct {
	// ID is the entry's id, EnabledAs the id under which it was last seen enabled.
	ID        string `json:"id,omitempty"`
	EnabledAs string `json:"enabled_as,omitempty"`
	// Ours is set if DiViMS has ordered a cordon since the entry was last seen enabled,
	// and the order was or may have been carried out.
	Ours bool `json:"ours,omitempty"`
	// HandSince is since when the entry has been cordoned or disabled by a person.
	HandSince time.Time `json:"hand_since,omitzero"`
	// Online is Scalelite's flag, OnlineAt when it last changed; Load is Scalelite's
	// load. Answered is whether the server answered us, AnsweredAt when that last changed.
	Online     bool             `json:"online,omitempty"`
	OnlineAt   time.Time        `json:"online_at,omitzero"`
	Load       Reading[float64] `json:"load,omitzero"`
	Answered   bool             `json:"answered,omitempty"`
	AnsweredAt time.Time        `json:"answered_at,omitzero"`
	// UnavailableSince is since when the load has been unavailable.
	UnavailableSince time.Time `json:"unavailable_since,omitzero"`
	// MissingSince is since when Scalelite has had no entry for the server. Registered is
	// the id of the entry that DiViMS added.
	MissingSince time.Time `json:"missing_since,omitzero"`
	Registered   string    `json:"registered,omitempty"`
}

// Hold is an operator's order: who gave it, when and why.
type Hold struct {
	Reason string    `json:"reason"`
	Author string    `json:"author"`
	Since  time.Time `json:"since,omitzero"`
}

// At returns a copy of the hold that starts now; nil for nil.
func (h *Hold) At(now time.Time) *Hold {
	if h == nil {
		return nil
	}
	return &Hold{h.Reason, h.Author, now}
}

// Forced is an operator's order that a number of servers is required until a time.
type Forced struct {
	Hold
	Servers int       `json:"servers"`
	Until   time.Time `json:"until"`
}

// EndDrain is an operator's order to end a server's drain: its meetings are ended.
type EndDrain struct {
	Hold
	// DiscardRecordings lets the machine be deleted even if recordings are on it.
	DiscardRecordings bool `json:"discard_recordings,omitempty"`
}

// Intervention is a change that an operator made.
type Intervention struct {
	At time.Time `json:"at"`
	// Server is 0 for a change of the whole pool.
	Server int `json:"server,omitempty"`
	// Change says what was changed: "maintenance begins", "the pause ends".
	Change string `json:"change"`
	Author string `json:"author"`
	Reason string `json:"reason"`
}

// String returns the change without author and reason: "server 3: maintenance begins".
func (i Intervention) String() string {
	if i.Server == 0 {
		return i.Change
	}
	return fmt.Sprintf("server %d: %s", i.Server, i.Change)
}

// Refusal is a commercial type that the hoster refused in a zone. If the answer was
// unclear, so that no other type would have fared better, the type is empty.
type Refusal struct {
	Zone   string    `json:"zone"`
	Type   string    `json:"type"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
	// Stock is set if the hoster is out of stock, or the project over its quota.
	Stock bool `json:"stock,omitempty"`
}

// Sample has the figures of one evaluation, small enough to be kept for months.
type Sample struct {
	At           time.Time `json:"t"`
	Participants int       `json:"p"`
	Meetings     int       `json:"m"`
	// TaggedParticipants and TaggedMeetings are the part of Participants and Meetings that
	// is on servers with a tag. The forecast leaves them out.
	TaggedParticipants int `json:"tp,omitempty"`
	TaggedMeetings     int `json:"tm,omitempty"`
	// Required is unknown if no policy had an answer.
	Required Reading[int] `json:"r,omitzero"`
	Enabled  int          `json:"e"`
	// Capacity is the number of enabled servers weighted by their load multipliers; 0 if
	// it equals Enabled.
	Capacity float64 `json:"k,omitempty"`
	// Serving is the number of servers that took meetings, weighted likewise. Earlier
	// versions did not record it.
	Serving  Reading[float64] `json:"s,omitzero"`
	Running  int              `json:"n"`
	Draining int              `json:"d"`
	// Idle is how many machines exist but are not running: they are starting, stopping
	// or stopped.
	Idle Reading[int] `json:"i,omitzero"`
	// Price is the price of all running machines in euros per hour. It is unknown if the
	// price of one machine is unknown.
	Price Reading[float64] `json:"c,omitzero"`
	// Asked is how many servers each policy required, for those that had an answer.
	Asked map[string]int `json:"q,omitempty"`
}

// SetCapacity sets the weighted number of enabled servers. Enabled must be set before.
func (s *Sample) SetCapacity(capacity float64) {
	s.Capacity = capacity
	if capacity == float64(s.Enabled) {
		s.Capacity = 0
	}
}

// Room returns the weighted number of servers that took meetings. Where that was not
// recorded, it returns the enabled ones.
func (s Sample) Room() float64 {
	if serving, known := s.Serving.Get(); known {
		return serving
	}
	return s.WeightedEnabled()
}

// WeightedEnabled returns the number of enabled servers weighted by their load multipliers.
func (s Sample) WeightedEnabled() float64 {
	if s.Capacity > 0 {
		return s.Capacity
	}
	return float64(s.Enabled)
}
