package report

import (
	"fmt"

	"divims/internal/scaling"
)

// need is an alert as the page tells of it.
type need struct{ Level, Mark, Title, Text, Advice, Language string }

// marks are the shapes of levels, so that it is not the colour alone which tells.
var marks = map[scaling.Level]string{scaling.Warning: "!", scaling.Error: "▲", scaling.Critical: "✕"}

// need tells of an alert: in the page's language where the report itself raised
// it, else in the decision's words.
func (v view) need(a scaling.Alert) need {
	n := need{Level: string(a.Level), Mark: marks[a.Level], Text: v.brief(a.Text), Advice: v.brief(a.Advice), Language: english.tag}
	subject, late := v.brief(a.Subject), v.late()
	switch {
	case a.Subject == fmt.Sprintf("server %d", a.Server):
		subject = v.T("server %d", a.Server)
	case a.Subject == aboutEvaluation && late > 0:
		subject = v.T(a.Subject)
		n.Text, n.Language = v.T("none for %s, although one is due every %s", v.Span(late), v.Span(v.about.Interval)), ""
		n.Advice = v.T(adviceLate)
	case a.Subject == aboutPause && v.Paused != nil:
		subject = v.T(a.Subject)
		n.Text, n.Language = v.T("nothing is changed: paused by %s since %s: %s", v.Paused.Author, v.Moment(v.Paused.Since), v.Paused.Reason), ""
		n.Advice = ""
	}
	n.Title = v.T("%s: %s", v.T(string(a.Level)), subject)
	return n
}

// FirstNeeds are the most urgent alerts, OtherNeeds those behind them, and
// UntoldNeeds counts what the page has no room for.
func (v view) FirstNeeds() []need { return few(&lines{left: firstNeeds}, v.Needs, v.need) }

// OtherNeeds are the alerts behind the first.
func (v view) OtherNeeds() []need {
	return few(&lines{left: mostNeeds}, v.Needs[min(firstNeeds, len(v.Needs)):], v.need)
}

// UntoldNeeds is how many alerts are not told of.
func (v view) UntoldNeeds() int { return max(0, len(v.Needs)-firstNeeds-mostNeeds) }
