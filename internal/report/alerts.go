package report

import (
	"fmt"
	"strings"

	"divims/internal/scaling"
)

// alertView is an alert as the page shows it.
type alertView struct {
	Level, Mark, Title string
	Text, Advice       quote
}

// levelMarks has a shape for each level, for people who cannot tell the colours apart.
var levelMarks = map[scaling.Level]string{scaling.Warning: "!", scaling.Error: "▲", scaling.Critical: "✕"}

// alert shows an alert. An overdue evaluation and a pause are described with the times of
// the request.
func (v view) alert(a scaling.Alert) alertView {
	shown := alertView{Level: string(a.Level), Mark: levelMarks[a.Level], Text: v.quote(a.Text), Advice: v.quote(a.Advice)}
	subject, overdue := v.brief(v.subject(a.Subject)), v.overdue()
	switch {
	case a.Subject == subjectEvaluation && a.Level == scaling.Error && overdue > 0:
		shown.Text = quote{Text: v.T("no evaluation for %s; one is due every %s", v.Span(overdue), v.Span(v.about.Interval))}
	case a.Subject == subjectPaused && v.Paused != nil:
		shown.Text = quote{Text: v.T("DiViMS changes nothing: paused since %s by %s. Reason: %s", v.Moment(v.Paused.Since), v.Paused.Author, v.Paused.Reason)}
		shown.Advice = quote{}
	}
	shown.Title = v.T("%s: %s", v.T(string(a.Level)), subject)
	return shown
}

// subject returns an alert's subject in the page's language: "certificate 3" is looked up
// as "certificate %s", and "delete server 3", of a dry run, by the kind of action. English subjects stay as they are, because operators find them in messages, too.
func (v view) subject(english string) string {
	if v.subjects == nil {
		return english
	}
	if subject, ok := v.subjects[english]; ok {
		return subject
	}
	at := strings.LastIndex(english, " ") + 1
	if form, ok := v.subjects[english[:at]+"%s"]; ok {
		return fmt.Sprintf(form, english[at:])
	}
	if kind, number, ok := strings.Cut(english, " server "); ok {
		return v.T("%s server %s", v.T(kind), number)
	}
	return v.T(english)
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
