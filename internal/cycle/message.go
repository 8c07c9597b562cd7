package cycle

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// The words of messages, in one place for whoever translates them.
const (
	wordBegun    = "NEW"
	wordOngoing  = "GOES ON"
	wordEnded    = "OVER"
	wordWithheld = "NOT DONE BY THIS EVALUATION"

	wordStill   = "still "
	wordOver    = "over: "
	wordMore    = "and %d more"
	wordSince   = ", since %s"
	wordFromTo  = "from %s to %s"
	wordDone    = "DiViMS: "
	wordPlanned = "DiViMS would: "
	wordLeft    = "DiViMS leaves it alone: "
	wordNothing = "DiViMS does nothing about it."
	wordToDo    = "To do: "
	wordSilent  = "Of what goes on you were told before: %d."
	wordDryRun  = "Dry run: DiViMS says what it would do, and changes nothing."
	wordWould   = "it would be done now: "
	wordPool    = "Pool %s at %s: %s in %s, %s required, %d enabled, %s running."
	wordBlind   = "Pool %s at %s: it could not be seen well enough to count or to act."
)

// A message is kept short enough for chats, and to be read at all.
const (
	mostTold    = 20     // matters told of one by one
	mostActions = 3      // actions told of with one matter
	mostText    = 400    // characters of one text
	mostMessage = 12_000 // bytes from which on matters are only counted
)

// telling makes the message of an evaluation.
type telling struct {
	pool   string
	zone   *time.Location
	record Record
	news   news

	text   strings.Builder
	listed int
}

func (t *telling) message() pool.Message {
	if t.record.DryRun {
		t.line(wordDryRun + "\n")
	}
	t.list(wordBegun, t.news.Begun, t.describe)
	t.list(wordOngoing, t.news.Ongoing, t.describe)
	t.list(wordEnded, t.news.Ended, t.describeEnd)
	t.withheld()
	if t.news.Silent > 0 {
		t.line(wordSilent+"\n", t.news.Silent)
	}
	t.figures()
	return pool.Message{Title: t.title(), Text: t.text.String()}
}

func (t *telling) line(format string, args ...any) { fmt.Fprintf(&t.text, format+"\n", args...) }

// title names the most urgent matter: "campus: critical: network, and 2 more".
func (t *telling) title() string {
	title := t.pool + ": "
	if t.record.DryRun {
		title = t.pool + " (dry run): "
	}
	var first matter
	switch n := t.news; {
	case len(n.Begun) > 0:
		first = n.Begun[0]
		title += string(first.Level) + ": "
	case len(n.Ongoing) > 0:
		first = n.Ongoing[0]
		title += wordStill + string(first.Level) + ": "
	default:
		first = n.Ended[0]
		title += wordOver
	}
	title += short(first.Subject)
	if more := len(t.news.Begun) + len(t.news.Ongoing) + len(t.news.Ended) - 1; more > 0 {
		title += fmt.Sprintf(", "+wordMore, more)
	}
	return title
}

// list tells of matters under a heading, and counts those that are too many.
func (t *telling) list(heading string, matters []matter, describe func(matter)) {
	if len(matters) == 0 {
		return
	}
	t.line("%s", heading)
	for i, m := range matters {
		if t.listed == mostTold || t.text.Len() > mostMessage {
			t.line("- "+wordMore, len(matters)-i)
			break
		}
		t.listed++
		describe(m)
	}
	t.line("")
}

// describe says what happens, what DiViMS does about it, and what an operator can do.
func (t *telling) describe(m matter) {
	since := ""
	if m.Since.Before(t.record.At) {
		since = fmt.Sprintf(wordSince, t.clock(m.Since))
	}
	t.line("- %s: %s%s: %s", m.Level, short(m.Subject), since, short(m.Text))
	if m.Server != 0 {
		for _, line := range t.treatment(m.Server) {
			t.line("  %s", line)
		}
	}
	if m.Advice != "" {
		t.line("  %s%s", wordToDo, m.Advice)
	}
}

func (t *telling) describeEnd(m matter) {
	t.line("- %s: %s: "+wordFromTo, m.Level, short(m.Subject), t.clock(m.Since), t.clock(m.Gone))
}

// treatment is what this evaluation did, or did not do, with a server.
func (t *telling) treatment(server int) []string {
	var lines []string
	if t.record.DryRun {
		for _, action := range t.record.Plan.Actions {
			if action.Server == server {
				lines = append(lines, wordPlanned+short(fmt.Sprintf("%s (%s)", action.Kind, action.Reason)))
			}
		}
	}
	for _, outcome := range t.record.Outcomes {
		if outcome.Server == server {
			lines = append(lines, wordDone+short(outcome.String()))
		}
	}
	for _, verdict := range t.record.Plan.Verdicts {
		if verdict.Server == server && verdict.LeftAlone != "" && len(lines) == 0 {
			lines = append(lines, wordLeft+short(verdict.LeftAlone))
		}
	}
	if len(lines) == 0 {
		return []string{wordNothing}
	}
	return lines[:min(len(lines), mostActions)]
}

func (t *telling) withheld() {
	list := t.record.Plan.Withheld
	if len(list) == 0 {
		return
	}
	t.line(wordWithheld)
	for i, withheld := range list {
		if i == mostActions {
			t.line("- "+wordMore, len(list)-i)
			break
		}
		t.line("- %s", short(withheld))
	}
	t.line("")
}

func (t *telling) figures() {
	r := t.record
	if r.Blind {
		t.line(wordBlind, t.pool, t.clock(r.At))
		return
	}
	t.line(wordPool, t.pool, t.clock(r.At), pool.Count(r.Participants, "participant"), pool.Count(r.Meetings, "meeting"),
		pool.CountSeen(r.Required(), "server"), r.Enabled, pool.Count(r.Running, "machine"))
}

// clock writes a time as the pool's people read it.
func (t *telling) clock(at time.Time) string {
	zone := t.zone
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("Mon 2006-01-02 15:04 MST")
}

// short is a text in one line of at most mostText characters.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= mostText {
		return text
	}
	return string([]rune(text)[:mostText]) + "…"
}

// planned are the actions of a dry run, as matters that are told of.
func planned(plan scaling.Plan) []scaling.Alert {
	var alerts []scaling.Alert
	for _, action := range plan.Actions {
		subject := Outcome{Kind: action.Kind, Server: action.Server}.subject()
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: subject, Text: wordWould + action.Reason, Passing: true})
	}
	return alerts
}
