package cycle

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// The texts of messages, in one place for translation.
const (
	textNew      = "NEW"
	textOngoing  = "ONGOING"
	textResolved = "RESOLVED"
	textDeferred = "DEFERRED"

	textTitleOngoing  = "ongoing: "
	textTitleResolved = "resolved: "

	textMore      = "and %d more"
	textSince     = ", since %s"
	textFromTo    = "from %s to %s"
	textDone      = "DiViMS: "
	textPlanned   = "DiViMS would do: "
	textLeftAlone = "DiViMS leaves the server alone: "
	textNothing   = "DiViMS takes no action."
	textWaits     = "DiViMS takes no action now; it deferred what is listed at the end."
	textToDo      = "To do: "
	textMuted     = "Ongoing alerts that were reported before: %d."
	textDryRun    = "Dry run: DiViMS shows what it would do, but changes nothing."
	textWould     = "DiViMS would do this now: %s"
	textPool      = "Pool %s at %s: %s in %s, %s required, %d enabled, %d serving, %s running."
	textBlind     = "Pool %s at %s: Scalelite's entries or Scaleway's machines could not be read, so DiViMS changed nothing."
)

// A message is kept short enough for chats and for its readers.
const (
	maxListed  = 20     // alerts that are described; further ones are counted
	maxActions = 3      // actions shown with one alert, and deferred things shown
	maxText    = 400    // characters of one text
	maxMessage = 12_000 // bytes after which further alerts are only counted
)

// messageWriter writes the message of an evaluation.
type messageWriter struct {
	pool   string
	zone   *time.Location
	record Record
	digest digest

	text   strings.Builder
	listed int
}

func (w *messageWriter) message() pool.Message {
	if w.record.DryRun {
		w.line(textDryRun)
		w.line("")
	}
	w.list(textNew, w.digest.New, w.describe)
	w.list(textOngoing, w.digest.Ongoing, w.describe)
	w.list(textResolved, w.digest.Resolved, w.describeResolved)
	w.deferred()
	if w.digest.Muted > 0 {
		w.line(textMuted, w.digest.Muted)
		w.line("")
	}
	w.figures()
	return pool.Message{Title: w.title(), Text: w.text.String()}
}

// line writes a line without characters that a message must not contain.
func (w *messageWriter) line(format string, args ...any) {
	w.text.WriteString(fact.Clean(fmt.Sprintf(format, args...)) + "\n")
}

// title names the most urgent alert: "campus: critical: network, and 2 more".
func (w *messageWriter) title() string {
	title := w.pool + ": "
	if w.record.DryRun {
		title = w.pool + " (dry run): "
	}
	var first trackedAlert
	switch d := w.digest; {
	case len(d.New) > 0:
		first = d.New[0]
		title += string(first.Level) + ": "
	case len(d.Ongoing) > 0:
		first = d.Ongoing[0]
		title += textTitleOngoing + string(first.Level) + ": "
	default:
		first = d.Resolved[0]
		title += textTitleResolved
	}
	title += short(first.Subject)
	if more := len(w.digest.New) + len(w.digest.Ongoing) + len(w.digest.Resolved) - 1; more > 0 {
		title += fmt.Sprintf(", "+textMore, more)
	}
	return fact.Clean(title)
}

// list describes alerts under a heading. Alerts beyond the limits are only counted.
func (w *messageWriter) list(heading string, alerts []trackedAlert, describe func(trackedAlert)) {
	if len(alerts) == 0 {
		return
	}
	w.line("%s", heading)
	for i, a := range alerts {
		if w.listed == maxListed || w.text.Len() > maxMessage {
			w.line("- "+textMore, len(alerts)-i)
			break
		}
		w.listed++
		describe(a)
	}
	w.line("")
}

// describe writes what happened, what DiViMS does about it, and what an operator can
// do.
func (w *messageWriter) describe(a trackedAlert) {
	since := ""
	if a.Since.Before(w.record.At) {
		since = fmt.Sprintf(textSince, w.clock(a.Since))
	}
	w.line("- %s: %s%s: %s", a.Level, short(a.Subject), since, w.say(a.Text))
	if a.Server != 0 {
		for _, line := range w.actionsFor(a.Server) {
			w.line("  %s", line)
		}
	}
	if !a.Advice.IsZero() {
		w.line("  %s%s", textToDo, w.say(a.Advice))
	}
}

func (w *messageWriter) describeResolved(a trackedAlert) {
	w.line("- %s: %s: "+textFromTo, a.Level, short(a.Subject), w.clock(a.Since), w.clock(a.Gone))
}

// actionsFor returns what this evaluation did with a server, or why it did nothing.
func (w *messageWriter) actionsFor(server int) []string {
	var lines []string
	if w.record.DryRun {
		for _, action := range w.record.Plan.Actions {
			if action.Server == server {
				lines = append(lines, textPlanned+short(fmt.Sprintf("%s (%s)", action.Kind, w.say(action.Reason))))
			}
		}
	}
	facts := fact.NewBook(w.record.Facts)
	for _, outcome := range w.record.Outcomes {
		if outcome.Server == server {
			outcome.Reason = w.say(facts.Find(outcome.Reason))
			lines = append(lines, textDone+short(outcome.String()))
		}
	}
	for _, verdict := range w.record.Plan.Verdicts {
		if verdict.Server == server && !verdict.LeftAlone.IsZero() && len(lines) == 0 {
			lines = append(lines, textLeftAlone+w.say(verdict.LeftAlone))
		}
	}
	switch {
	case len(lines) > 0:
	case len(w.record.Plan.Withheld) > 0:
		return []string{textWaits}
	default:
		return []string{textNothing}
	}
	return lines[:min(len(lines), maxActions)]
}

// deferred lists what this evaluation should have done but did not, with the reasons.
func (w *messageWriter) deferred() {
	list := w.record.Plan.Withheld
	if len(list) == 0 {
		return
	}
	w.line(textDeferred)
	for i, withheld := range list {
		if i == maxActions {
			w.line("- "+textMore, len(list)-i)
			break
		}
		w.line("- %s", w.say(withheld))
	}
	w.line("")
}

func (w *messageWriter) figures() {
	r := w.record
	if r.Blind {
		w.line(textBlind, w.pool, w.clock(r.At))
		return
	}
	w.line(textPool, w.pool, w.clock(r.At), pool.Count(r.Participants, "participant"), pool.Count(r.Meetings, "meeting"),
		pool.CountSeen(r.Required(), "server"), r.Enabled, r.Serving, pool.Count(r.Running, "machine"))
}

// say returns a text as one line, with its times in the pool's zone.
func (w *messageWriter) say(text fact.Text) string { return short(text.In(fact.English, w.zone)) }

// clock returns a time in the pool's zone.
func (w *messageWriter) clock(at time.Time) string {
	zone := w.zone
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("Mon 2006-01-02 15:04 MST")
}

// short returns a text as one line of at most maxText characters.
func short(text string) string {
	text = strings.Join(strings.Fields(fact.Clean(text)), " ")
	if utf8.RuneCountInString(text) <= maxText {
		return text
	}
	return string([]rune(text)[:maxText]) + "…"
}

// plannedAlerts returns the planned actions of a dry run as alerts.
func plannedAlerts(plan scaling.Plan) []scaling.Alert {
	var alerts []scaling.Alert
	for _, action := range plan.Actions {
		subject := Outcome{Kind: action.Kind, Server: action.Server}.name()
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: subject, Text: fact.New(textWould, action.Reason), Passing: true})
	}
	return alerts
}
