package report

import (
	"regexp"
	"strings"
	"time"

	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// The page shows a limited number of lines, so that it stays small when everything
// is wrong in a large pool.
const (
	maxDecisionLines = 40  // of one decision
	maxListLines     = 240 // of all listed decisions
	maxLastActions   = 10  // of the last evaluation that acted
	maxFirstAlerts   = 6   // shown at once
	maxOtherAlerts   = 40  // shown on demand
	maxTextRunes     = 300 // of one text
)

// decisionView is an evaluation as the page shows it.
type decisionView struct {
	At time.Time
	// Moment, Figures and Summary are the line that is always shown; Class colours
	// the summary.
	Moment, Figures, Summary, Class string
	Details                         string
	Interventions                   []string
	Policies                        []policyView
	Actions                         []actionView
	Deferred                        []quote
	Alerts                          []alertView
	Judgements                      []quote
	// Omitted says how many lines were left out; empty for none.
	Omitted string

	lines int
}

type policyView struct {
	Name string
	Why  []string
}

type actionView struct {
	Name, Result, Class string
	Reason              quote
}

// lineBudget is how many lines may still be shown, and how many were left out.
type lineBudget struct{ left, omitted int }

// take shows as many items of a list as the budget allows.
func take[T, S any](b *lineBudget, list []T, show func(T) S) []S {
	var shown []S
	for _, item := range list {
		if b.left == 0 {
			b.omitted++
			continue
		}
		b.left--
		shown = append(shown, show(item))
	}
	return shown
}

// decision shows an evaluation in at most maxLines lines.
func (v view) decision(r cycle.Record, maxLines int) decisionView {
	b := &lineBudget{left: maxLines}
	outcomes := outcomesOf(r)
	d := decisionView{
		At: r.At, Moment: v.Moment(r.At),
		Interventions: take(b, r.Interventions, v.intervention),
		Policies:      v.policies(b, r.Plan),
		Actions:       take(b, outcomes, v.action),
		Deferred:      take(b, r.Plan.Withheld, v.withheld),
		Alerts:        take(b, r.Plan.Alerts, v.alert),
		Judgements:    take(b, r.Plan.Verdicts, v.judgement),
		lines:         maxLines - b.left,
	}
	d.Figures = v.T("%s required", v.Maybe(r.Required())) + ", " + v.N(r.Enabled, "enabled/enabled")
	d.Summary, d.Class = v.summary(r, outcomes)
	d.Details = v.T("%s in %s; %s running, %s. Started by %s, took %s s.",
		v.N(r.Participants, "participant/participants"), v.N(r.Meetings, "meeting/meetings"),
		v.N(r.Running, "machine/machines"), v.N(r.Draining, "draining/draining"), r.Source, v.Number(r.TookSeconds, 1))
	if r.Blind {
		d.Figures = v.T("unknown")
		d.Details = v.T("Scalelite's entries or Scaleway's machines could not be read. Started by %s, took %s s.", r.Source, v.Number(r.TookSeconds, 1))
	}
	if b.omitted > 0 {
		d.Omitted = v.T("%s in the bucket: decisions/%s.json", v.N(b.omitted, "more line/more lines"), r.At.UTC().Format(time.DateOnly))
	}
	return d
}

// LastDecision returns the last evaluation.
func (v view) LastDecision() decisionView { return v.decision(*v.Last, maxDecisionLines) }

// LastActions returns the actions of the last evaluation that had any; nil if none
// of the recent ones had.
func (v view) LastActions() *decisionView {
	if v.LastAction == nil {
		return nil
	}
	b := &lineBudget{left: maxLastActions}
	d := decisionView{At: v.LastAction.At, Moment: v.Moment(v.LastAction.At), Actions: take(b, v.LastAction.Outcomes, v.action)}
	if b.omitted > 0 {
		d.Omitted = v.N(b.omitted, "more action/more actions")
	}
	return &d
}

// RecentDecisions returns the last evaluations, the newest first.
func (v view) RecentDecisions() []decisionView {
	left := maxListLines
	list := make([]decisionView, len(v.Decisions))
	for i, decision := range v.Decisions {
		list[i] = v.decision(decision.record, min(left, maxDecisionLines))
		left -= list[i].lines
	}
	return list
}

// IdleEvaluations returns how many evaluations there were since the last action.
func (v view) IdleEvaluations() int { return v.idle }

// summary counts an evaluation's actions and alerts. class is the style class of
// the most urgent alert.
func (v view) summary(r cycle.Record, outcomes []cycle.Outcome) (text, class string) {
	var words []string
	class = "quiet"
	if n := len(outcomes); n > 0 {
		words, class = append(words, v.N(n, "action/actions")), ""
	}
	if n := len(r.Plan.Alerts); n > 0 {
		worst := r.Plan.Alerts[0].Level
		for _, alert := range r.Plan.Alerts {
			if urgency(alert.Level) < urgency(worst) {
				worst = alert.Level
			}
		}
		words = append(words, levelMarks[worst]+" "+v.N(n, "alert/alerts"))
		if worst != scaling.Warning {
			class = string(worst)
		}
	}
	if n := len(r.Plan.Withheld); n > 0 {
		words = append(words, v.N(n, "deferred/deferred"))
	}
	if len(words) == 0 {
		return v.T("no action"), class
	}
	return strings.Join(words, ", "), class
}

// policies explains the required number of servers: first of those without a tag,
// then of each tag.
func (v view) policies(b *lineBudget, plan scaling.Plan) []policyView {
	list := v.policiesOf(b, plan.Required, "")
	for _, group := range plan.Tagged {
		list = append(list, v.policiesOf(b, group.Required, group.Tag)...)
	}
	return list
}

func (v view) policiesOf(b *lineBudget, required scaling.Required, tag string) []policyView {
	list := take(b, required.Policies, func(a scaling.Answer) policyView {
		name := v.T(string(a.Policy))
		if tag != "" {
			name = v.T("%s, tag %s", name, tag)
		}
		if a.Advice {
			name = v.T("%s, advice only", name)
		}
		return policyView{
			Name: v.T("%s: %s", name, show(a.Servers, func(n int) string { return v.N(n, "server/servers") })),
			Why:  v.reasons(a.Why),
		}
	})
	if len(required.Limits) > 0 {
		list = append(list, policyView{Name: v.T("limits"), Why: v.reasons(required.Limits)})
	}
	return list
}

// maxReasons is how many lines of a policy's explanation are shown.
const maxReasons = 6

func (v view) reasons(why []string) []string {
	b := &lineBudget{left: maxReasons}
	shown := take(b, why, v.brief)
	if b.omitted > 0 {
		shown = append(shown, "…")
	}
	return shown
}

var resultClasses = map[scaling.Result]string{scaling.Done: "well", scaling.Failed: "error", planned: "quiet"}

var resultMarks = map[scaling.Result]string{scaling.Done: "✓", scaling.Failed: "✕", planned: "○"}

func (v view) action(o cycle.Outcome) actionView {
	a := actionView{Name: v.T(string(o.Kind)), Class: resultClasses[o.Result], Reason: v.quote(fact.Verbatim(o.Reason), fact.Verbatim(o.Detail))}
	mark, ok := resultMarks[o.Result]
	if !ok {
		a.Class, mark = "warning", "–"
	}
	a.Result = mark + " " + v.T(string(o.Result))
	if o.Server != 0 {
		a.Name = v.T("%s server %s", a.Name, v.Count(o.Server))
	}
	return a
}

// maxPending is how many pending orders the page lists.
const maxPending = 8

// PendingOrders returns the operators' orders since the last evaluation, at most
// maxPending of them.
func (v view) PendingOrders() []string {
	return take(&lineBudget{left: maxPending}, v.Pending, v.intervention)
}

// Doubts returns what casts doubt on what the last evaluation saw, the first lines of the
// verdict.
func (v view) Doubts() []quote {
	var lines []quote
	for _, doubt := range v.Last.Plan.Doubts {
		lines = append(lines, v.quote(doubt.Why))
	}
	return lines
}

func (v view) withheld(text fact.Text) quote { return v.quote(text) }

func (v view) intervention(i pool.Intervention) string { return v.brief(interventionText(i)) }

// interventionText returns what an operator changed, with author and reason if
// they are known: "server 3: maintenance begins, by Ada: new disk".
func interventionText(i pool.Intervention) string {
	text := i.String()
	if i.Author != "" {
		text += ", by " + i.Author
	}
	if i.Reason != "" {
		text += ": " + i.Reason
	}
	return text
}

// judgement returns a server's health with the reasons, in one line.
func (v view) judgement(verdict scaling.Verdict) quote {
	reasons := v.quote(verdict.Why, verdict.LeftAlone)
	health := v.T(string(verdict.Health))
	if reasons.Text == "" {
		return quote{Text: v.T("%s: %s", v.T("server %d", verdict.Server), health)}
	}
	return quote{Text: v.brief(v.T("%s: %s", v.T("server %d", verdict.Server), health+v.semicolon+reasons.Text))}
}

// timestamp matches the times in the decision's texts.
var timestamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// brief returns a cleaned text of the decision with its times in the pool's zone, cut to
// maxTextRunes characters.
func (v view) brief(text string) string {
	text = timestamp.ReplaceAllStringFunc(fact.Clean(text), func(timestamp string) string {
		at, err := time.Parse(time.RFC3339, timestamp)
		if err != nil {
			return timestamp
		}
		return v.Moment(at)
	})
	if runes := []rune(text); len(runes) > maxTextRunes {
		return string(runes[:maxTextRunes-1]) + "…"
	}
	return text
}
