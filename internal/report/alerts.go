package report

import (
	"fmt"

	"divims/internal/scaling"
)

// alertView is an alert as the page shows it. Language is the language of Text and
// Advice; empty means the page's own.
type alertView struct{ Level, Mark, Title, Text, Advice, Language string }

// levelMarks has a shape for each level, for people who cannot tell the colours apart.
var levelMarks = map[scaling.Level]string{scaling.Warning: "!", scaling.Error: "▲", scaling.Critical: "✕"}

// alert shows an alert. An overdue evaluation and a pause are described in the page's
// language. The texts of all other alerts are shown as they are, in English.
func (v view) alert(a scaling.Alert) alertView {
	shown := alertView{Level: string(a.Level), Mark: levelMarks[a.Level], Text: v.brief(a.Text.String()), Advice: v.brief(a.Advice.String()), Language: english.tag}
	subject, overdue := v.brief(a.Subject), v.overdue()
	switch {
	case a.Subject == fmt.Sprintf("server %d", a.Server):
		subject = v.T("server %d", a.Server)
	case a.Subject == subjectEvaluation && a.Level == scaling.Error && overdue > 0:
		subject = v.T(a.Subject)
		shown.Text, shown.Language = v.T("no evaluation for %s; one is due every %s", v.Span(overdue), v.Span(v.about.Interval)), ""
		shown.Advice = v.T(adviceOverdue)
	case a.Subject == subjectPaused && v.Paused != nil:
		subject = v.T(a.Subject)
		shown.Text, shown.Language = v.T("DiViMS changes nothing: paused since %s by %s. Reason: %s", v.Moment(v.Paused.Since), v.Paused.Author, v.Paused.Reason), ""
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
