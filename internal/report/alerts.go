package report

import (
	"fmt"

	"divims/internal/scaling"
)

// alertView is an alert as the page shows it. Language is that of text and advice;
// empty for the page's own.
type alertView struct{ Level, Mark, Title, Text, Advice, Language string }

// levelMarks are shapes of the levels, so that a level does not show by its colour
// alone.
var levelMarks = map[scaling.Level]string{scaling.Warning: "!", scaling.Error: "▲", scaling.Critical: "✕"}

// alert shows an alert. Those that the report itself raised are in the page's
// language; the decision's are shown as they are.
func (v view) alert(a scaling.Alert) alertView {
	shown := alertView{Level: string(a.Level), Mark: levelMarks[a.Level], Text: v.brief(a.Text), Advice: v.brief(a.Advice), Language: english.tag}
	subject, overdue := v.brief(a.Subject), v.overdue()
	switch {
	case a.Subject == fmt.Sprintf("server %d", a.Server):
		subject = v.T("server %d", a.Server)
	case a.Subject == subjectEvaluation && overdue > 0:
		subject = v.T(a.Subject)
		shown.Text, shown.Language = v.T("no evaluation for %s; one is due every %s", v.Span(overdue), v.Span(v.about.Interval)), ""
		shown.Advice = v.T(adviceOverdue)
	case a.Subject == subjectPaused && v.Paused != nil:
		subject = v.T(a.Subject)
		shown.Text, shown.Language = v.T("DiViMS changes nothing: paused by %s since %s. Reason: %s", v.Paused.Author, v.Moment(v.Paused.Since), v.Paused.Reason), ""
		shown.Advice = ""
	}
	shown.Title = v.T("%s: %s", v.T(string(a.Level)), subject)
	return shown
}

// FirstAlerts returns the most urgent alerts, which are always shown.
func (v view) FirstAlerts() []alertView {
	return take(&lineBudget{left: maxFirstAlerts}, v.Alerts, v.alert)
}

// OtherAlerts returns the alerts after the first, which are shown on demand.
func (v view) OtherAlerts() []alertView {
	return take(&lineBudget{left: maxOtherAlerts}, v.Alerts[min(maxFirstAlerts, len(v.Alerts)):], v.alert)
}

// OmittedAlerts returns how many alerts the page does not show.
func (v view) OmittedAlerts() int { return max(0, len(v.Alerts)-maxFirstAlerts-maxOtherAlerts) }
