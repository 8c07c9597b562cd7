package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// Verdict is the state of a pool in a word.
type Verdict string

// The verdicts: that of the most urgent alert, or one of these two.
const (
	Unjudged Verdict = "unknown" // no evaluation has been recorded yet
	Well     Verdict = "well"
)

// lateBy is after how many intervals without an evaluation one is missing.
const lateBy = 2.5

// Subjects of the report's own alerts.
const (
	aboutEvaluation = "evaluation"
	aboutHistory    = "history"
	aboutPause      = "paused" // the decision's own word for it
)

// adviceLate is what to do when evaluations cease.
const adviceLate = "Look at the cron trigger and at the function's log."

// judge collects what an operator should know: the last evaluation's alerts, and
// what only shows when somebody looks.
func (s *Status) judge(history pool.Reading[[]pool.Sample]) {
	s.Needs = []scaling.Alert{}
	if s.Last == nil {
		s.Verdict = Unjudged
		return
	}
	s.Needs = append(s.Needs, s.Last.Plan.Alerts...)
	need := func(level scaling.Level, subject, advice, text string) {
		s.Needs = append(s.Needs, scaling.Alert{Level: level, Subject: subject, Text: text, Advice: advice})
	}
	if s.late() > 0 {
		need(scaling.Error, aboutEvaluation, adviceLate, fmt.Sprintf("none since %s, although one is due every %s",
			s.Last.At.UTC().Format(time.RFC3339), s.about.Interval))
	}
	told := slices.ContainsFunc(s.Needs, func(a scaling.Alert) bool { return a.Subject == aboutPause })
	if s.Paused != nil && !told {
		need(scaling.Warning, aboutPause, "", fmt.Sprintf("nothing is changed: paused by %s: %s", s.Paused.Author, s.Paused.Reason))
	}
	if !history.Known() {
		need(scaling.Warning, aboutHistory, "", "no charts and no costs: "+history.Reason())
	}
	slices.SortStableFunc(s.Needs, func(a, b scaling.Alert) int { return cmp.Compare(urgency(a.Level), urgency(b.Level)) })
	s.Verdict = Well
	if len(s.Needs) > 0 {
		s.Verdict = Verdict(s.Needs[0].Level)
	}
}

// urgency orders levels, the most urgent first.
func urgency(level scaling.Level) int {
	return slices.Index([]scaling.Level{scaling.Critical, scaling.Error, scaling.Warning}, level)
}

// late is for how long the last evaluation has been the last; 0 as long as the
// next one is not missing.
func (s *Status) late() time.Duration {
	if s.Last == nil || s.about.Interval <= 0 {
		return 0
	}
	gap := s.At.Sub(s.Last.At)
	if gap.Seconds() <= lateBy*s.about.Interval.Seconds() {
		return 0
	}
	return gap
}
