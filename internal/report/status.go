// Package report shows the status of a pool as JSON, as an HTML page in English or
// French, as Prometheus metrics and as text for a terminal. It takes the state,
// the decision records and the history; all four show the same facts.
package report

import (
	"math"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// About is what the report needs of a pool's settings.
type About struct {
	Pool string
	Size int
	// ServerParticipants is how many participants one server carries.
	ServerParticipants int
	Interval           time.Duration
	// Zone is the pool's time zone, for times and for the limits of days; UTC if nil.
	Zone *time.Location
	// DryRun reports whether evaluations only show what they would do.
	DryRun bool
}

// participants returns how many participants a number of servers carries.
func (a About) participants(servers float64) int {
	return int(math.Round(servers * float64(a.ServerParticipants)))
}

// Past is what earlier evaluations stored.
type Past struct {
	State pool.State
	// Last is the whole record of the last evaluation; nil before the first.
	Last *cycle.Record
	// Records are the short records of the last evaluations, the newest first: at
	// least DecisionsShown if there are as many. The last one that acted is among them,
	// even if others between are not.
	Records []cycle.Record
	// Unread says which records could not be read; empty if none.
	Unread string
	// History has the samples since HistoryFrom, the newest last.
	History pool.Reading[[]pool.Sample]
}

// Status is a pool as its last evaluation saw it.
type Status struct {
	Pool string `json:"pool"`
	// At is the time of the request.
	At time.Time `json:"at"`
	// Verdict is the overall state. Alerts has the most urgent alert first.
	Verdict Verdict         `json:"verdict"`
	Alerts  []scaling.Alert `json:"needs"`
	Size    int             `json:"size"`
	DryRun  bool            `json:"dry_run,omitempty"`
	Paused  *pool.Hold      `json:"paused,omitempty"`
	// Forced is the number of servers that an operator has forced; nil if none.
	Forced *pool.Forced `json:"forced,omitempty"`
	// Pending is what operators changed since the last evaluation.
	Pending []pool.Intervention `json:"ordered,omitempty"`
	// Capacity is how many participants the servers carry that take meetings now.
	Capacity pool.Reading[int] `json:"capacity"`
	// Last is the last evaluation; nil before the first.
	Last *cycle.Record `json:"last"`
	// LastAction is the last evaluation that had an action, of those in Past.Records.
	LastAction *Decision `json:"last_action,omitempty"`
	// Decisions are the last evaluations, the newest first.
	Decisions []Decision `json:"decisions"`
	// Today and Month are the machines' cost since midnight and since the first of
	// the month.
	Today Cost `json:"today"`
	Month Cost `json:"month"`
	// History has the highest values of each half hour of the last 7 days.
	History []pool.Sample `json:"history"`

	about   About
	samples []pool.Sample
	// idle counts the evaluations since the last action.
	idle int
}

// Decision summarises an evaluation.
type Decision struct {
	At       time.Time         `json:"at"`
	Source   string            `json:"source"`
	Required pool.Reading[int] `json:"required"`
	Enabled  int               `json:"enabled"`
	Serving  int               `json:"serving"`
	Outcomes []cycle.Outcome   `json:"outcomes"`
	Alerts   int               `json:"alerts"`

	record cycle.Record
}

// DecisionsShown is how many evaluations the status lists.
const DecisionsShown = 20

// NewStatus creates the status of a pool. What operators have set is taken from the
// state, because it may be newer than the last record.
func NewStatus(about About, at time.Time, past Past) Status {
	if about.Zone == nil {
		about.Zone = time.UTC
	}
	samples, _ := past.History.Get()
	s := Status{
		Pool: about.Pool, At: at, Size: about.Size, DryRun: about.DryRun, Paused: past.State.Paused,
		Pending: past.State.Interventions, Last: past.Last, Decisions: []Decision{}, about: about, samples: samples,
	}
	if forced := past.State.Forced; forced != nil && at.Before(forced.Until) {
		s.Forced = forced
	}
	s.listDecisions(past.Records)
	if !past.State.LastAction.IsZero() {
		s.idle = past.State.Idle
	}
	if last := s.Last; last != nil {
		for i, server := range last.Servers {
			last.Servers[i].Maintenance = past.State.Memory(server.Number).Maintenance
		}
		if capacity, ok := last.Room().Get(); ok && !last.Blind {
			s.Capacity = pool.Seen(about.participants(capacity))
		}
	}
	s.collectAlerts(past)
	s.addCostsAndHistory()
	return s
}

// listDecisions sets Decisions and LastAction.
func (s *Status) listDecisions(records []cycle.Record) {
	for _, r := range records {
		decision := Decision{
			At: r.At, Source: r.Source, Required: r.Required(), Enabled: r.Enabled, Serving: r.Serving,
			Outcomes: r.Outcomes, Alerts: len(r.Plan.Alerts), record: r,
		}
		if s.LastAction == nil && len(r.Outcomes) > 0 {
			s.LastAction = &decision
		}
		if s.LastAction == nil {
			s.idle++
		}
		if len(s.Decisions) < DecisionsShown {
			s.Decisions = append(s.Decisions, decision)
		}
	}
}

// addCostsAndHistory sets Today, Month and History from the samples.
func (s *Status) addCostsAndHistory() {
	today, month := midnight(s.local()), firstOfMonth(s.local())
	maxAge := maxSampleAge(s.about.Interval)
	s.Today = costOf(s.samples, today, s.At, maxAge, s.about.Size)
	s.Month = costOf(s.samples, month, s.At, maxAge, s.about.Size)
	s.History = downsample(since(s.samples, s.At.Add(-week)), 30*time.Minute)
}

// Tagged reports whether there are servers with a tag. A forced number does not
// apply to them.
func (s Status) Tagged() bool { return s.Last != nil && len(s.Last.Plan.Tagged) > 0 }

// local returns the time of the request in the pool's zone.
func (s *Status) local() time.Time { return s.At.In(s.about.Zone) }

// remark returns the most important reason for a server's treatment.
func remark(s cycle.ServerRecord) string {
	switch {
	case s.Maintenance != nil:
		return "in maintenance: " + s.Maintenance.Reason
	case s.LeftAlone != "":
		return s.LeftAlone
	}
	return s.Why
}
