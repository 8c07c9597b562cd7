package backtest

import (
	"fmt"
	"math"
	"slices"
	"time"

	"divims/internal/lab/world"
	"divims/internal/scaling"
)

// Result has the figures of a list of policies on a trace, over the evaluated time.
type Result struct {
	Trace  string `json:"trace"`
	Policy string `json:"policy"`
	// ServerHours counts machines from their creation to their deletion.
	// LowerBoundHours is the result of LowerBound, and Ratio is ServerHours /
	// LowerBoundHours.
	ServerHours     float64 `json:"server_hours"`
	LowerBoundHours float64 `json:"lower_bound_hours"`
	Ratio           float64 `json:"ratio"`
	// OverloadedPercent is the share of participant-minutes on servers with more
	// participants or meetings than their capacity.
	OverloadedPercent float64 `json:"overloaded_participant_minutes_pct"`
	RefusedMeetings   int     `json:"refused_meetings"`
	StartsPerDay      float64 `json:"starts_per_day"`
	// MeanUtilization is the used share of the running machines' capacity over all
	// minutes. In each minute the larger of the shares of participants and of meetings
	// counts.
	MeanUtilization float64 `json:"mean_utilization"`
	// DrainToDelete95 is the 95th percentile of the time from cordon to deletion, in
	// minutes.
	DrainToDelete95 float64 `json:"drain_to_delete_p95_minutes"`
	// MostCreations is the largest number of machines that one evaluation created.
	MostCreations int     `json:"most_creations_in_an_evaluation"`
	CostEuros     float64 `json:"cost_euros"`
	Elasticity
	// InterruptedMeetings and LostRecordings are harm that no policy may do.
	InterruptedMeetings int `json:"interrupted_meetings"`
	LostRecordings      int `json:"lost_recordings"`
	Evaluations         int `json:"evaluations"`
	// StandIns counts the evaluations in which the load rule replaced a policy's own
	// answer, and StandIn is the last reason.
	StandIns int     `json:"stand_ins"`
	StandIn  string  `json:"stand_in,omitempty"`
	Days     float64 `json:"days"`
}

// measure adds up the figures that the world's tally does not have.
type measure struct {
	used    float64 // used capacity in servers, summed over minutes
	running int     // machines, summed over minutes
	elasticity

	evaluations, mostCreations int
	// unanswered counts the evaluations in which a policy had no answer. noAnswer is
	// the policy's last reason.
	unanswered map[scaling.Policy]int
	noAnswer   map[scaling.Policy]string
	standIns   int
	standIn    string
}

// add records a minute.
func (m *measure) add(row world.Minute, config scaling.Config) {
	m.used += max(float64(row.Participants)/float64(config.ServerParticipants), float64(row.Meetings)/float64(config.ServerMeetings))
	m.running += row.Running
	demand := Demand{row.Participants, row.Meetings}
	m.elasticity.add(need(demand, config.ServerParticipants, config.ServerMeetings), row.Up)
}

// count records an evaluation.
func (m *measure) count(plan scaling.Plan) {
	m.evaluations++
	creations := 0
	for _, action := range plan.Actions {
		if action.Kind == scaling.Create {
			creations++
		}
	}
	m.mostCreations = max(m.mostCreations, creations)
	for _, answer := range plan.Required.Policies {
		if !answer.Servers.Known() {
			m.unanswered[answer.Policy]++
			m.noAnswer[answer.Policy] = answer.Servers.Reason()
		}
		if answer.Problem != "" {
			m.standIns++
			m.standIn = answer.Problem
		}
	}
}

// requireAnswers returns an error if a policy never had an answer, because then the
// figures are not those of that policy.
func (m *measure) requireAnswers(policies []scaling.Policy) error {
	for _, policy := range policies {
		if m.unanswered[policy] == m.evaluations {
			return fmt.Errorf("the policy %s never had an answer: %s", policy, m.noAnswer[policy])
		}
	}
	return nil
}

// result returns the figures of the run.
func (r *run) result() Result {
	tally := r.world.Tally()
	days := r.Trace.End.Sub(r.start).Hours() / 24
	bound := LowerBound(r.Trace.between(r.start, r.Trace.End), r.Scaling.ServerParticipants, r.Scaling.ServerMeetings)
	return Result{
		Trace: r.Trace.Name, Policy: r.Policies.String(),
		ServerHours: round(tally.ServerHours), LowerBoundHours: round(bound), Ratio: round(tally.ServerHours / bound),
		OverloadedPercent: round(100 * float64(tally.OverloadedParticipantMinutes) / float64(max(1, tally.ParticipantMinutes))),
		RefusedMeetings:   tally.RefusedMeetings,
		StartsPerDay:      round(float64(tally.MachinesCreated) / days),
		MeanUtilization:   round(r.used / float64(max(1, r.running))),
		DrainToDelete95:   round(quantile(tally.DrainTimes, 0.95).Minutes()),
		MostCreations:     r.mostCreations,
		CostEuros:         round(tally.ServerHours * r.Price),
		Elasticity:        r.elasticity.result(),

		InterruptedMeetings: tally.InterruptedMeetings, LostRecordings: tally.LostRecordings,
		Evaluations: r.evaluations, StandIns: r.standIns, StandIn: r.standIn, Days: round(days),
	}
}

// round rounds to four decimals.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// quantile returns the smallest of the durations that at least the given share of them
// does not exceed, or 0 if there are none.
func quantile(durations []time.Duration, share float64) time.Duration {
	if len(durations) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[int(math.Ceil(share*float64(len(sorted))))-1]
}
