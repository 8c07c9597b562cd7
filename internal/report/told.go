package report

import (
	"regexp"
	"strings"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// What the page tells one by one is bounded, so that it stays small when all is
// wrong with a large pool: the lines of a decision, of all listed decisions, the
// alerts, and each text.
const (
	mostOfDecision = 40
	mostOfAll      = 240
	mostOfDeed     = 10
	firstNeeds     = 6
	mostNeeds      = 40
	mostRunes      = 200
)

// told is an evaluation as the page tells of it.
type told struct {
	At                            time.Time
	Moment, Figures, Short, Class string
	About                         string
	Interventions                 []string
	Policies                      []toldPolicy
	Actions                       []toldAction
	Withheld                      []string
	Alerts                        []need
	Judged                        []string
	// Beyond says how much was left out.
	Beyond string

	lines int
}

type toldPolicy struct {
	Name string
	Why  []string
}

type toldAction struct{ Name, Result, Class, Reason string }

// lines is how many lines may still be told, and how many were not.
type lines struct{ left, beyond int }

// few tells as much of a list as may be told.
func few[T, S any](l *lines, list []T, tell func(T) S) []S {
	var some []S
	for _, item := range list {
		if l.left == 0 {
			l.beyond++
			continue
		}
		l.left--
		some = append(some, tell(item))
	}
	return some
}

// tell tells of an evaluation in at most so many lines.
func (v view) tell(r cycle.Record, most int) told {
	l := &lines{left: most}
	outcomes := outcomesOf(r)
	t := told{
		At: r.At, Moment: v.Moment(r.At),
		Interventions: few(l, r.Interventions, v.intervention),
		Policies:      v.policies(l, r.Plan),
		Actions:       few(l, outcomes, v.action),
		Withheld:      few(l, r.Plan.Withheld, v.brief),
		Alerts:        few(l, r.Plan.Alerts, v.need),
		Judged:        few(l, r.Plan.Verdicts, v.verdict),
		lines:         most - l.left,
	}
	t.Figures = v.T("%s required", v.Maybe(r.Required())) + ", " + v.N(r.Enabled, "enabled/enabled")
	t.Short, t.Class = v.short(r, outcomes)
	t.About = v.T("%s in %s; %s running, %s. Asked for by %s, took %s s.",
		v.N(r.Participants, "participant/participants"), v.N(r.Meetings, "meeting/meetings"),
		v.N(r.Running, "machine/machines"), v.N(r.Draining, "draining/draining"), r.Source, v.Number(r.TookSeconds, 1))
	if r.Blind {
		t.Figures, t.About = v.T("not known"), v.T("The pool could not be seen well enough. Asked for by %s, took %s s.", r.Source, v.Number(r.TookSeconds, 1))
	}
	if l.beyond > 0 {
		t.Beyond = v.T("%s more in the record in the bucket, decisions/%s.json.", v.N(l.beyond, "line/lines"), r.At.UTC().Format(time.DateOnly))
	}
	return t
}

// LastTold is the last evaluation.
func (v view) LastTold() told { return v.tell(*v.Last, mostOfDecision) }

// LastDeed is what the last evaluation that did anything did; nil if there is none.
func (v view) LastDeed() *told {
	if v.LastAction == nil {
		return nil
	}
	l := &lines{left: mostOfDeed}
	t := told{At: v.LastAction.At, Moment: v.Moment(v.LastAction.At), Actions: few(l, v.LastAction.Outcomes, v.action)}
	if l.beyond > 0 {
		t.Beyond = v.T("%s more", v.N(l.beyond, "action/actions"))
	}
	return &t
}

// Told are the last decisions, the newest first.
func (v view) Told() []told {
	left := mostOfAll
	list := make([]told, len(v.Decisions))
	for i, decision := range v.Decisions {
		list[i] = v.tell(decision.record, min(left, mostOfDecision))
		left -= list[i].lines
	}
	return list
}

// Quiet is for how many evaluations nothing was done.
func (v view) Quiet() int { return v.quiet }

// short says in a word what an evaluation did, and how much of a worry it is.
func (v view) short(r cycle.Record, outcomes []cycle.Outcome) (text, class string) {
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
		words = append(words, marks[worst]+" "+v.N(n, "alert/alerts"))
		if worst != scaling.Warning {
			class = string(worst)
		}
	}
	if len(words) == 0 {
		return v.T("nothing to do"), class
	}
	return strings.Join(words, ", "), class
}

// policies tell why so many servers are required: of those without a tag, and of
// those with each.
func (v view) policies(l *lines, plan scaling.Plan) []toldPolicy {
	list := v.group(l, plan.Required, "")
	for _, group := range plan.Tagged {
		list = append(list, v.group(l, group.Required, group.Tag)...)
	}
	return list
}

func (v view) group(l *lines, required scaling.Required, tag string) []toldPolicy {
	list := few(l, required.Policies, func(a scaling.Answer) toldPolicy {
		name := v.T(string(a.Policy))
		if tag != "" {
			name = v.T("%s, tag %s", name, tag)
		}
		if a.Advice {
			name = v.T("%s, advice only", name)
		}
		return toldPolicy{
			Name: v.T("%s: %s", name, show(a.Servers, func(n int) string { return v.N(n, "server/servers") })),
			Why:  v.reasons(a.Why),
		}
	})
	if len(required.Limits) > 0 {
		list = append(list, toldPolicy{Name: v.T("limits"), Why: v.reasons(required.Limits)})
	}
	return list
}

// mostReasons is how many lines a policy has to explain itself.
const mostReasons = 6

func (v view) reasons(why []string) []string {
	l := &lines{left: mostReasons}
	told := few(l, why, v.brief)
	if l.beyond > 0 {
		told = append(told, "…")
	}
	return told
}

var resultClasses = map[scaling.Result]string{scaling.Done: "well", scaling.Failed: "error", planned: "quiet"}

var resultMarks = map[scaling.Result]string{scaling.Done: "✓", scaling.Failed: "✕", planned: "○"}

func (v view) action(o cycle.Outcome) toldAction {
	t := toldAction{Name: v.T(string(o.Kind)), Class: resultClasses[o.Result], Reason: o.Reason}
	mark, ok := resultMarks[o.Result]
	if !ok {
		t.Class, mark = "warning", "–"
	}
	t.Result = mark + " " + v.T(string(o.Result))
	if o.Server != 0 {
		t.Name = v.T("%s, server %d", t.Name, o.Server)
	}
	if o.Detail != "" {
		t.Reason += "; " + o.Detail
	}
	t.Reason = v.brief(t.Reason)
	return t
}

// mostOrders is how many orders the page lists that wait for an evaluation.
const mostOrders = 8

// Orders are those that operators gave since the last evaluation, the first of them.
func (v view) Orders() []string {
	return few(&lines{left: mostOrders}, v.Ordered, v.intervention)
}

func (v view) intervention(i pool.Intervention) string { return v.brief(said(i)) }

// said is an order with who gave it and why, as far as that was told.
func said(i pool.Intervention) string {
	text := i.String()
	if i.Author != "" {
		text += ", by " + i.Author
	}
	if i.Reason != "" {
		text += ": " + i.Reason
	}
	return text
}

// verdict is a server's judgement in a line.
func (v view) verdict(judged scaling.Verdict) string {
	words := []string{string(judged.Health)}
	for _, reason := range []string{judged.Why, judged.LeftAlone} {
		if reason != "" {
			words = append(words, reason)
		}
	}
	return v.brief("server " + v.Count(judged.Server) + ": " + strings.Join(words, "; "))
}

// stamp is a time as the decision's words have it.
var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// brief is a text of the decision with its times in the pool's zone, cut if it is
// too long for the page.
func (v view) brief(text string) string {
	text = stamp.ReplaceAllStringFunc(text, func(stamp string) string {
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			return stamp
		}
		return v.Moment(at)
	})
	if runes := []rune(text); len(runes) > mostRunes {
		return string(runes[:mostRunes-1]) + "…"
	}
	return text
}
