package report

import (
	"cmp"
	"slices"
	"time"

	"divims/internal/fact"
	"divims/internal/scaling"
)

// Verdict is the overall state of a pool.
type Verdict string

// A verdict is the level of the most urgent alert, or one of these two.
const (
	Unjudged Verdict = "unknown" // no evaluation has been recorded yet
	Well     Verdict = "well"    // there is no alert
)

// overdueIntervals is how many intervals after the last evaluation the next one is overdue.
const overdueIntervals = 2.5

// Subjects of the alerts that the report raises.
const (
	subjectEvaluation = scaling.SubjectState
	subjectStorage    = scaling.SubjectStorage
	subjectPaused     = scaling.SubjectPaused
)

// adviceOverdue is what to do when evaluations stop.
const adviceOverdue = "Check the cron trigger and the function's log."

// collectAlerts collects the last evaluation's alerts and adds those of the report itself:
// an overdue evaluation, a pause since then, an unreadable history.
func (s *Status) collectAlerts(past Past) {
	s.Alerts = []scaling.Alert{}
	if s.Last == nil {
		s.Verdict = Unjudged
		return
	}
	s.Alerts = append(s.Alerts, s.Last.Plan.Alerts...)
	add := func(level scaling.Level, subject string, text, advice fact.Text) {
		s.Alerts = append(s.Alerts, scaling.Alert{Level: level, Subject: subject, Text: text, Advice: advice})
	}
	if s.overdue() > 0 {
		add(scaling.Error, subjectEvaluation, fact.New("no evaluation since %s; one is due every %s", s.Last.At, s.about.Interval),
			fact.New(adviceOverdue))
	}
	hasPause := slices.ContainsFunc(s.Alerts, func(a scaling.Alert) bool { return a.Subject == subjectPaused })
	if s.Paused != nil && !hasPause {
		add(scaling.Warning, subjectPaused, fact.New("DiViMS changes nothing: paused by %s: %s", s.Paused.Author, s.Paused.Reason), fact.Text{})
	}
	if !past.History.Known() {
		add(scaling.Warning, subjectStorage, fact.New("no charts and no costs: the history could not be read: %s", past.History.Reason()), fact.Text{})
	}
	if past.Unread != "" {
		add(scaling.Warning, subjectStorage, fact.New("the list of decisions is not complete: %s", past.Unread), fact.Text{})
	}
	slices.SortStableFunc(s.Alerts, func(a, b scaling.Alert) int { return cmp.Compare(urgency(a.Level), urgency(b.Level)) })
	s.Verdict = Well
	if len(s.Alerts) > 0 {
		s.Verdict = Verdict(s.Alerts[0].Level)
	}
}

// urgency returns the place of a level in the order of urgency: 0 for critical.
func urgency(level scaling.Level) int {
	return slices.Index([]scaling.Level{scaling.Critical, scaling.Error, scaling.Warning}, level)
}

// overdue returns the time since the last evaluation if the next one is overdue,
// else 0.
func (s *Status) overdue() time.Duration {
	if s.Last == nil || s.about.Interval <= 0 {
		return 0
	}
	gap := s.At.Sub(s.Last.At)
	if gap.Seconds() <= overdueIntervals*s.about.Interval.Seconds() {
		return 0
	}
	return gap
}
