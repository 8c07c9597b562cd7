package cycle

import (
	"fmt"
	"slices"
	"strings"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// What an operator can do about the alerts that the evaluation itself raises.
const (
	adviceFirst    = "If DiViMS is new here, nothing: this message shows that notifications arrive. Otherwise its state was lost: set maintenance, pauses and forced numbers again."
	adviceDead     = "Check the function's log for the reason: a crash, or too little time or memory. DiViMS finishes or undoes what was begun."
	adviceNotify   = "Check the notification service and its address in DIVIMS_NOTIFY_URLS."
	adviceShortage = "Add zones to DIVIMS_ZONES or types to DIVIMS_COMMERCIAL_TYPES, or ask Scaleway for a larger quota. DiViMS tries again every half hour."
	adviceAction   = "Check the error. DiViMS tries again at every evaluation while the action is needed."
)

// ownAlerts returns the alerts that the decision cannot know: how the evaluation
// before ended, machines that are out of stock or over quota, and actions that failed
// twice in a row.
func ownAlerts(before, next pool.State, outcomes []Outcome) []scaling.Alert {
	var alerts []scaling.Alert
	if before.LastEvaluation.IsZero() {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: "state", Passing: true,
			Text: fact.New("DiViMS has no record of an earlier evaluation of this pool"), Advice: fact.New(adviceFirst)})
	}
	if before.TakenOver != "" {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: "lease", Passing: true,
			Text: fact.New("an earlier evaluation (%s) did not finish; its lease expired, and this evaluation took it over", before.TakenOver), Advice: fact.New(adviceDead)})
	}
	if before.NotifyError != "" {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: "notifications",
			Text: fact.New("the last message did not reach every notification service: %s", before.NotifyError), Advice: fact.New(adviceNotify)})
	}
	if len(next.Refusals) > 0 {
		alerts = append(alerts, scaling.Alert{Level: scaling.Error, Subject: "stock and quota",
			Text: fact.New("no machine could be created: %s", shortages(next.Refusals)), Advice: fact.New(adviceShortage)})
	}
	return append(alerts, failingAgain(outcomes, before)...)
}

// maxNamed is how many shortages are named in a text.
const maxNamed = 10

func shortages(list []pool.Refusal) string {
	var parts []string
	for _, s := range list[:min(len(list), maxNamed)] {
		parts = append(parts, fmt.Sprintf("%s in %s (%s)", s.Type, s.Zone, s.Reason))
	}
	if more := len(list) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}

// failingAgain returns an alert for each action that failed at this evaluation and at
// the one before. A single failure may be chance. Creations are left out: the decision
// counts their failures for each server.
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
				Text: fact.New("failed at this evaluation and the one before: %s; reason for the action: %s", outcome.Detail, outcome.Reason), Advice: fact.New(adviceAction)})
		}
	}
	return alerts
}

// subject returns an action's kind and server: "delete server 3".
func (o Outcome) subject() string {
	if o.Server == 0 {
		return string(o.Kind)
	}
	return fmt.Sprintf("%s server %d", o.Kind, o.Server)
}
