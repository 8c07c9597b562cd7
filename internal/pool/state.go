package pool

import (
	"encoding/json"
	"fmt"
	"time"
)

// State is what one evaluation leaves for the next. It holds no secret.
type State struct {
	// LastEvaluation is the `now` of the last evaluation that was recorded.
	LastEvaluation time.Time `json:"last_evaluation,omitzero"`
	// Record is the whole decision record of that evaluation, for the status.
	Record json.RawMessage `json:"record,omitempty"`
	// Load is what the load policy compares the next load with.
	Load *PastLoad `json:"load,omitempty"`
	// TagLoads are the same for the servers that bear a tag, by tag.
	TagLoads map[string]PastLoad `json:"tag_loads,omitempty"`
	// Kept is how many servers were enabled when the policies ceased to answer;
	// 0 while they do.
	Kept int `json:"kept,omitempty"`
	// Paused is set while an operator has stopped all acting.
	Paused *Hold `json:"paused,omitempty"`
	// Forced is set while an operator, and not the policies, says how many servers
	// are required.
	Forced *Forced `json:"forced,omitempty"`
	// Interventions are what operators have changed since the last evaluation, for
	// the next one to record.
	Interventions []Intervention `json:"interventions,omitempty"`
	// Servers is the memory of each server, by number.
	Servers map[int]ServerMemory `json:"servers,omitempty"`
	// Shortages remembers which type in which zone was refused, and until when
	// it is not asked for again.
	Shortages []Shortage `json:"shortages,omitempty"`
	// Told is what operators were told of, by the alerts' subjects.
	Told map[string]Told `json:"told,omitempty"`
	// Untold says which notification services failed the last time; empty if none.
	Untold string `json:"untold,omitempty"`
	// TakenOver is the holder whose lease had run out when this state was taken;
	// empty if the lease had been given back. It is not kept.
	TakenOver string `json:"-"`
}

// Told is what operators know of one matter.
type Told struct {
	// Level is how it was last told.
	Level string `json:"level,omitempty"`
	// Since is when it was first seen, At when operators were last told that it is so.
	Since time.Time `json:"since"`
	At    time.Time `json:"at,omitzero"`
	// Gone is since when it is not seen any more, Ended when that was told.
	Gone  time.Time `json:"gone,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Returned is when it last came back after its end had been told.
	Returned time.Time `json:"returned,omitzero"`
	// Passing is an event: nothing of it ends.
	Passing bool `json:"passing,omitempty"`
}

// PastLoad is the load of an evaluation, counted as at least 1 and 1 as the
// predecessor did, so that a ratio can be taken.
type PastLoad struct {
	At           time.Time `json:"at"`
	Participants int       `json:"participants"`
	Meetings     int       `json:"meetings"`
}

// ServerMemory is what is remembered of one server. Zero times mean "not so".
type ServerMemory struct {
	// MachineID is the machine that the rest is about. Another machine starts
	// with an empty memory; maintenance is the server's and stays.
	MachineID string `json:"machine_id,omitempty"`
	// Participants and Meetings are the last known load.
	Participants int       `json:"participants,omitempty"`
	Meetings     int       `json:"meetings,omitempty"`
	LoadSeen     time.Time `json:"load_seen,omitzero"`
	// DrainingSince is when it was first seen not enabled.
	DrainingSince time.Time `json:"draining_since,omitzero"`
	// EmptySince is when it was first seen not enabled and with nothing left to lose.
	EmptySince time.Time `json:"empty_since,omitzero"`
	// SilentSince is when its BBB first did not answer.
	SilentSince time.Time `json:"silent_since,omitzero"`
	// Health is the last judgement, HealthSince when it was first passed.
	Health      string    `json:"health,omitempty"`
	HealthSince time.Time `json:"health_since,omitzero"`
	// Rebooted is when its machine was last told to reboot.
	Rebooted time.Time `json:"rebooted,omitzero"`
	// Failures counts creations that failed in a row; NotBefore is the back-off.
	Failures  int       `json:"failures,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	// Network is the last sample of the byte counters.
	Network   *NetworkCounters `json:"network,omitempty"`
	NetworkAt time.Time        `json:"network_at,omitzero"`
	// Repaired is when a cordon that Scalelite had undone in part was last done again.
	Repaired time.Time `json:"repaired,omitzero"`
	// Maintenance is set while an operator has the server in hand.
	Maintenance *Hold `json:"maintenance,omitempty"`
	// Recycle is set when an operator wants the server's machine replaced.
	Recycle *Hold `json:"recycle,omitempty"`
	// EndDrain is set when an operator wants the server's drain to end now.
	EndDrain *EndDrain `json:"end_drain,omitempty"`
}

// Hold says who took a server, or the whole pool, out of DiViMS's hands, when
// and why.
type Hold struct {
	Reason string    `json:"reason"`
	Author string    `json:"author"`
	Since  time.Time `json:"since,omitzero"`
}

// At is the hold as it begins now; nil stays nil.
func (h *Hold) At(now time.Time) *Hold {
	if h == nil {
		return nil
	}
	return &Hold{h.Reason, h.Author, now}
}

// Forced is an operator's word on how many servers are required.
type Forced struct {
	Hold
	Servers int       `json:"servers"`
	Until   time.Time `json:"until"`
}

// EndDrain is an operator's word that a draining server is not waited for: its
// meetings are ended.
type EndDrain struct {
	Hold
	// DiscardRecordings: its machine goes whatever recordings may be on it.
	DiscardRecordings bool `json:"discard_recordings,omitempty"`
}

// Intervention is a change that an operator made.
type Intervention struct {
	At time.Time `json:"at"`
	// Server is 0 for what concerns the whole pool.
	Server int `json:"server,omitempty"`
	// Change says what was changed: "maintenance begins", "pause ends".
	Change string `json:"change"`
	Author string `json:"author"`
	Reason string `json:"reason"`
}

// String is the intervention without who and why: "server 3: maintenance begins".
func (i Intervention) String() string {
	if i.Server == 0 {
		return i.Change
	}
	return fmt.Sprintf("server %d: %s", i.Server, i.Change)
}

// Shortage is a commercial type that a zone could not give.
type Shortage struct {
	Zone   string    `json:"zone"`
	Type   string    `json:"type"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
}

// Sample is the pool in one evaluation, small enough to keep for months.
type Sample struct {
	At           time.Time `json:"t"`
	Participants int       `json:"p"`
	Meetings     int       `json:"m"`
	// TaggedParticipants and TaggedMeetings are those of them that are on servers
	// with a tag, of which the forecast says nothing.
	TaggedParticipants int `json:"tp,omitempty"`
	TaggedMeetings     int `json:"tm,omitempty"`
	// Required is unknown when no policy had an answer.
	Required Reading[int] `json:"r,omitzero"`
	Enabled  int          `json:"e"`
	// Capacity is what those count as by their load multipliers; 0 where that is
	// their number.
	Capacity float64 `json:"k,omitempty"`
	Running  int     `json:"n"`
	Draining int     `json:"d"`
	// Idle machines are there and do not run: they start, stop, or are stopped.
	Idle Reading[int] `json:"i,omitzero"`
	// Price is what the running machines cost together, in euros per hour.
	// Unknown as soon as that of one of them is.
	Price Reading[float64] `json:"c,omitzero"`
	// Asked is how many servers each policy that had an answer asked for.
	Asked map[string]int `json:"q,omitempty"`
}

// Count notes what the enabled servers count as.
func (s *Sample) Count(capacity float64) {
	s.Capacity = capacity
	if capacity == float64(s.Enabled) {
		s.Capacity = 0
	}
}

// Counted is what the enabled servers count as.
func (s Sample) Counted() float64 {
	if s.Capacity > 0 {
		return s.Capacity
	}
	return float64(s.Enabled)
}
