// Package report is what is shown of a pool: JSON, a page, Prometheus metrics,
// a table for a terminal. In goes the last decision record and what operators
// have set since; all four show the same facts.
package report

import (
	"slices"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
)

// Status is a pool as its last evaluation saw it.
type Status struct {
	Pool string `json:"pool"`
	// At is when the status was asked for.
	At time.Time `json:"at"`
	// Last is the last evaluation; nil before the first.
	Last *cycle.Record `json:"last"`
	// Decisions are the last evaluations, the newest first.
	Decisions []Decision `json:"decisions"`
}

// Decision is an evaluation in short.
type Decision struct {
	At       time.Time         `json:"at"`
	Source   string            `json:"source"`
	Required pool.Reading[int] `json:"required"`
	Enabled  int               `json:"enabled"`
	Outcomes []cycle.Outcome   `json:"outcomes"`
	Alerts   int               `json:"alerts"`
}

// NewStatus makes the status of a pool from the last evaluation, nil before the
// first, from the day's records in short, the newest last, and from the state,
// whose maintenance is fresher than the record's.
func NewStatus(name string, at time.Time, last *cycle.Record, day []cycle.Record, state pool.State) Status {
	status := Status{Pool: name, At: at, Last: last, Decisions: []Decision{}}
	for _, r := range slices.Backward(day) {
		status.Decisions = append(status.Decisions, Decision{
			At: r.At, Source: r.Source, Required: r.Plan.Required.Servers, Enabled: r.Enabled,
			Outcomes: r.Outcomes, Alerts: len(r.Plan.Alerts),
		})
	}
	if last != nil {
		for i, server := range last.Servers {
			last.Servers[i].Maintenance = state.Servers[server.Number].Maintenance
		}
	}
	return status
}

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
