package cycle

import (
	"divims/internal/fact"
)

// collectFacts sets the facts of the record's doubts, reasons, alerts and advice. They are
// typed only in the process that made the record: elsewhere they are the strings of its JSON.
func (r *Record) collectFacts() {
	texts := append([]fact.Text{}, r.Plan.Withheld...)
	for _, doubt := range r.Plan.Doubts {
		texts = append(texts, doubt.Why)
	}
	for _, action := range r.Plan.Actions {
		texts = append(texts, action.Reason)
	}
	for _, alert := range r.Plan.Alerts {
		texts = append(texts, alert.Text, alert.Advice)
	}
	for _, verdict := range r.Plan.Verdicts {
		texts = append(texts, verdict.Why, verdict.LeftAlone)
	}
	r.Facts = fact.Collect(texts...)
}
