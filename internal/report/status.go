// Package report is what is shown of a pool: JSON, a page, Prometheus metrics,
// a table for a terminal. In goes what evaluations left behind and what operators
// have set since; out come the four, which show the same facts.
package report

import (
	"math"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// About is what the settings say of a pool.
type About struct {
	Pool string
	Size int
	// ServerParticipants are those that one server carries.
	ServerParticipants int
	Interval           time.Duration
	// Zone is where the pool's people live; its days are theirs. UTC if nil.
	Zone *time.Location
	// DryRun tells that evaluations decide and change nothing.
	DryRun bool
}

// carry is how many participants servers carry that count as so many.
func (a About) carry(servers float64) int {
	return int(math.Round(servers * float64(a.ServerParticipants)))
}

// Past is what evaluations left behind.
type Past struct {
	State pool.State
	// Last is the whole record of the last evaluation; nil before the first.
	Last *cycle.Record
	// Records are those of the last evaluations in short, the newest first: at
	// least DecisionsShown, if there are, and back to one that did something.
	Records []cycle.Record
	// History holds the samples from HistoryFrom on, the newest last.
	History pool.Reading[[]pool.Sample]
}

// Status is a pool as its last evaluation saw it.
type Status struct {
	Pool string `json:"pool"`
	// At is when the status was asked for.
	At time.Time `json:"at"`
	// Verdict is the pool's state in a word, Needs what an operator should know,
	// the most urgent first.
	Verdict Verdict         `json:"verdict"`
	Needs   []scaling.Alert `json:"needs"`
	Size    int             `json:"size"`
	DryRun  bool            `json:"dry_run,omitempty"`
	Paused  *pool.Hold      `json:"paused,omitempty"`
	// Forced is an operator's number of servers, while it holds.
	Forced *pool.Forced `json:"forced,omitempty"`
	// Ordered is what operators changed since the last evaluation.
	Ordered []pool.Intervention `json:"ordered,omitempty"`
	// Capacity is how many participants the enabled servers carry.
	Capacity pool.Reading[int] `json:"capacity"`
	// Last is the last evaluation; nil before the first.
	Last *cycle.Record `json:"last"`
	// LastAction is the last evaluation that did anything, in the last two days.
	LastAction *Decision `json:"last_action,omitempty"`
	// Decisions are the last evaluations, the newest first.
	Decisions []Decision `json:"decisions"`
	// Today and Month are what machines cost since midnight and since the first.
	Today Cost `json:"today"`
	Month Cost `json:"month"`
	// History is that of the last 7 days, by the half hour, the most of each.
	History []pool.Sample `json:"history"`

	about   About
	samples []pool.Sample
	// quiet counts the evaluations since the last action.
	quiet int
}

// Decision is an evaluation in short.
type Decision struct {
	At       time.Time         `json:"at"`
	Source   string            `json:"source"`
	Required pool.Reading[int] `json:"required"`
	Enabled  int               `json:"enabled"`
	Outcomes []cycle.Outcome   `json:"outcomes"`
	Alerts   int               `json:"alerts"`

	record cycle.Record
}

// DecisionsShown is how many of the last evaluations are listed.
const DecisionsShown = 20

// NewStatus makes the status of a pool. What operators have set is taken from the
// state, which is fresher than the record.
func NewStatus(about About, at time.Time, past Past) Status {
	if about.Zone == nil {
		about.Zone = time.UTC
	}
	samples, _ := past.History.Get()
	s := Status{
		Pool: about.Pool, At: at, Size: about.Size, DryRun: about.DryRun, Paused: past.State.Paused,
		Ordered: past.State.Interventions, Last: past.Last, Decisions: []Decision{}, about: about, samples: samples,
	}
	if forced := past.State.Forced; forced != nil && at.Before(forced.Until) {
		s.Forced = forced
	}
	s.decide(past.Records)
	if last := s.Last; last != nil {
		for i, server := range last.Servers {
			last.Servers[i].Maintenance = past.State.Servers[server.Number].Maintenance
		}
		if capacity, ok := last.Capacity().Get(); ok && !last.Blind {
			s.Capacity = pool.Seen(about.carry(capacity))
		}
	}
	s.judge(past.History)
	s.count()
	return s
}

// decide lists the last decisions.
func (s *Status) decide(records []cycle.Record) {
	for _, r := range records {
		decision := Decision{
			At: r.At, Source: r.Source, Required: r.Required(), Enabled: r.Enabled,
			Outcomes: r.Outcomes, Alerts: len(r.Plan.Alerts), record: r,
		}
		if s.LastAction == nil && len(r.Outcomes) > 0 {
			s.LastAction = &decision
		}
		if s.LastAction == nil {
			s.quiet++
		}
		if len(s.Decisions) < DecisionsShown {
			s.Decisions = append(s.Decisions, decision)
		}
	}
}

// count adds up what machines cost, and thins the history out.
func (s *Status) count() {
	today, month := midnight(s.local()), firstOfMonth(s.local())
	hold := longestHold(s.about.Interval)
	s.Today = costOf(s.samples, today, s.At, hold, s.about.Size)
	s.Month = costOf(s.samples, month, s.At, hold, s.about.Size)
	s.History = thin(since(s.samples, s.At.Add(-week)), 30*time.Minute)
}

// Tagged tells that there are servers with a tag, for which no number is forced.
func (s Status) Tagged() bool { return s.Last != nil && len(s.Last.Plan.Tagged) > 0 }

// local is when the status was asked for, in the pool's zone.
func (s *Status) local() time.Time { return s.At.In(s.about.Zone) }

// treatment says in a few words why a server is as it is.
func treatment(s cycle.ServerRecord) string {
	switch {
	case s.Maintenance != nil:
		return "in maintenance: " + s.Maintenance.Reason
	case s.LeftAlone != "":
		return s.LeftAlone
	}
	return s.Why
}
