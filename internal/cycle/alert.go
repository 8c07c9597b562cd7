package cycle

import (
	"fmt"
	"slices"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// What an operator can do about the alerts that the evaluation itself raises.
const (
	adviceFirst    = "If DiViMS is new here, nothing: this message shows that notifications arrive. Otherwise its state was lost: set maintenance, pauses and forced numbers again."
	adviceDead     = "Check the function's log for the reason: a crash, or too little time or memory. DiViMS finishes or undoes what was begun."
	adviceNotify   = "Check the notification service and its address in DIVIMS_NOTIFY_URLS."
	adviceShortage = "Add zones to DIVIMS_ZONES or types to DIVIMS_COMMERCIAL_TYPES, or ask Scaleway for a larger quota. DiViMS tries one at every evaluation while servers are missing."
	adviceRefused  = "Check the permissions of the API key, the project, and the settings of new machines (image, types, zones). DiViMS tries one at every evaluation while servers are missing."
	adviceAction   = "Check the error. DiViMS tries again at every evaluation while the action is needed."
)

// ownAlerts returns the alerts that the decision cannot know: how the evaluation
// before ended, creations that were refused, and actions that failed twice in a row.
func ownAlerts(before, next pool.State, outcomes []Outcome) []scaling.Alert {
	var alerts []scaling.Alert
	if before.LastEvaluation.IsZero() {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectState, Passing: true,
			Text: fact.New("DiViMS has no record of an earlier evaluation of this pool"), Advice: fact.New(adviceFirst)})
	}
	if before.TakenOver != "" {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectLease, Passing: true,
			Text: fact.New("an earlier evaluation (%s) did not finish; its lease expired, and this evaluation took it over", before.TakenOver), Advice: fact.New(adviceDead)})
	}
	if before.NotifyError != "" {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectNotifications, Quote: before.NotifyError,
			Text: fact.New("the last message did not reach every notification service: %s", before.NotifyError), Advice: fact.New(adviceNotify)})
	}
	if next.Refused != nil {
		alerts = append(alerts, refusedAlert(next))
	}
	return append(alerts, failingAgain(outcomes, before)...)
}

// refusedAlert returns the alert about creations that the hoster refuses. It lasts until a
// creation comes through.
func refusedAlert(state pool.State) scaling.Alert {
	refused := state.Refused
	alert := scaling.Alert{Level: scaling.Error, Subject: scaling.SubjectCreation, Advice: fact.New(adviceRefused),
		Since: refused.Since, Quote: refused.Reason, Servers: waiting(state)}
	if refused.Stock {
		why := fact.Verbatim(refused.Reason)
		if list := shortages(state.Refusals); !list.IsZero() {
			why = list
		}
		alert.Subject, alert.Advice = scaling.SubjectStock, fact.New(adviceShortage)
		alert.Text = fact.New("no machine can be had since %s: %s", refused.Since, why)
	} else {
		alert.Text = fact.New("creating machines is refused since %s: %s", refused.Since, refused.Reason)
	}
	switch n := len(alert.Servers); {
	case n == 1:
		alert.Text = fact.New("%s (%s waits)", alert.Text, fact.Numbers(alert.Servers))
	case n > 1:
		alert.Text = fact.New("%s (%s wait)", alert.Text, fact.Numbers(alert.Servers))
	}
	return alert
}

// waiting returns the servers whose machines were refused, so that they wait for the next
// try.
func waiting(state pool.State) []int {
	var list []int
	for number := range state.Servers {
		if memory := state.Memory(number); memory.NotBefore.After(state.LastEvaluation) && memory.Failures == 0 && memory.MachineID == "" {
			list = append(list, number)
		}
	}
	slices.Sort(list)
	return list
}

// maxNamed is how many shortages are named in a text.
const maxNamed = 10

// shortages lists the types that are out of stock or over quota.
func shortages(refusals []pool.Refusal) (text fact.Text) {
	list := slices.DeleteFunc(slices.Clone(refusals), func(r pool.Refusal) bool { return !r.Stock })
	add := func(more fact.Text) {
		if text.IsZero() {
			text = more
			return
		}
		text = fact.New("%s, %s", text, more)
	}
	for _, s := range list[:min(len(list), maxNamed)] {
		add(fact.New("%s in %s (%s)", s.Type, s.Zone, s.Reason))
	}
	if more := len(list) - maxNamed; more > 0 {
		add(fact.New("and %d more", more))
	}
	return text
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
			earlier[outcome.name()] = true
		}
	}
	var alerts []scaling.Alert
	for _, outcome := range outcomes {
		if !failed(outcome) || !earlier[outcome.name()] {
			continue
		}
		subject := scaling.SubjectScaleway
		if outcome.Server != 0 {
			subject = scaling.SubjectServer(outcome.Server)
		}
		alerts = append(alerts, scaling.Alert{Level: scaling.Error, Subject: subject, Server: outcome.Server, Quote: outcome.Detail, Advice: fact.New(adviceAction),
			Text: fact.New("%s failed at this evaluation and the one before: %s; reason for the action: %s", outcome.Kind, outcome.Detail, outcome.reason())})
	}
	return alerts
}

// reason returns why the action was to be done.
func (o Outcome) reason() fact.Text {
	if o.why.IsZero() {
		return fact.Verbatim(o.Reason)
	}
	return o.why
}

// name returns an action's kind and server: "delete server 3".
func (o Outcome) name() string {
	if o.Server == 0 {
		return string(o.Kind)
	}
	return fmt.Sprintf("%s server %d", o.Kind, o.Server)
}
