package cycle

import (
	"fmt"
	"slices"
	"strings"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// What an operator can do about the alerts of an evaluation itself.
const (
	adviceFirst    = "Nothing, if DiViMS is new here: now you know that notifications arrive. Else its state was lost: set maintenance, pauses and forced numbers again."
	adviceDead     = "Look at the function's log for the reason: too little time or memory, or a crash. What was begun is finished or undone from now on."
	adviceUntold   = "Look at the service, and at its address in DIVIMS_NOTIFY_URLS."
	adviceShortage = "Add zones to DIVIMS_ZONES or types to DIVIMS_COMMERCIAL_TYPES, or ask Scaleway for a larger quota. It is tried again every half hour."
	adviceAction   = "Look at the reason. It is tried again at every evaluation while it is needed."
)

// ownAlerts are those that only the evaluation itself can know of: how the one
// before ended, what was short, and actions that fail again and again.
func ownAlerts(before, next pool.State, outcomes []Outcome) []scaling.Alert {
	var alerts []scaling.Alert
	if before.LastEvaluation.IsZero() {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: "state", Passing: true,
			Text: "no earlier evaluation of this pool is known", Advice: adviceFirst})
	}
	if before.TakenOver != "" {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: "lease", Passing: true,
			Text: fmt.Sprintf("an earlier evaluation (%s) never came to its end; its lease has run out and was taken over", before.TakenOver), Advice: adviceDead})
	}
	if before.Untold != "" {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: "notifications",
			Text: "the last message did not reach everybody: " + before.Untold, Advice: adviceUntold})
	}
	if len(next.Shortages) > 0 {
		alerts = append(alerts, scaling.Alert{Level: scaling.Error, Subject: "stock and quota",
			Text: "no machine could be had: " + shortages(next.Shortages), Advice: adviceShortage})
	}
	return append(alerts, failingAgain(outcomes, before)...)
}

// mostNamed bounds how many things of a kind are named in a text.
const mostNamed = 10

func shortages(list []pool.Shortage) string {
	var parts []string
	for _, s := range list[:min(len(list), mostNamed)] {
		parts = append(parts, fmt.Sprintf("%s in %s (%s)", s.Type, s.Zone, s.Reason))
	}
	if more := len(list) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}

// failingAgain are the actions that failed at the evaluation before as well: once
// may be chance. Creations are counted with the servers.
func failingAgain(outcomes []Outcome, state pool.State) []scaling.Alert {
	failed := func(o Outcome) bool { return o.Result == scaling.Failed && o.Kind != scaling.Create }
	if !slices.ContainsFunc(outcomes, failed) {
		return nil
	}
	before, err := LastRecord(state)
	if before == nil || err != nil {
		return nil // there is nothing to compare with
	}
	earlier := map[string]bool{}
	for _, outcome := range before.Outcomes {
		if failed(outcome) {
			earlier[outcome.subject()] = true
		}
	}
	var alerts []scaling.Alert
	for _, outcome := range outcomes {
		if failed(outcome) && earlier[outcome.subject()] {
			alerts = append(alerts, scaling.Alert{Level: scaling.Error, Subject: outcome.subject(), Server: outcome.Server,
				Text: fmt.Sprintf("it fails again and again: %s (it is done because: %s)", outcome.Detail, outcome.Reason), Advice: adviceAction})
		}
	}
	return alerts
}

// subject names an action by its kind and its server: "delete server 3".
func (o Outcome) subject() string {
	if o.Server == 0 {
		return string(o.Kind)
	}
	return fmt.Sprintf("%s server %d", o.Kind, o.Server)
}
