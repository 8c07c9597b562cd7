package report

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// Text writes the status for a terminal.
func (s Status) Text(w io.Writer) error {
	if s.Last == nil {
		_, err := fmt.Fprintf(w, "pool %s: no evaluation has been recorded yet\n", s.Pool)
		return err
	}
	if err := Summary(w, *s.Last); err != nil {
		return err
	}
	p := &printer{w: w}
	s.circumstances(p)
	if p.err != nil {
		return p.err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\n#\tdomain\tentry\tmachine\thealth\tmeetings\tparticipants\ttreatment")
	for _, server := range s.Last.Servers {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", server.Number, server.Domain, entryText(server), machineText(server),
			healthText(server), peopleText(server, server.Meetings), peopleText(server, server.Participants), treatment(server))
	}
	return table.Flush()
}

// circumstances are what the status knows beyond the last evaluation.
func (s Status) circumstances(p *printer) {
	p.line("")
	p.line("verdict: %s; room for %s", s.Verdict, pool.CountSeen(s.Capacity, "participant"))
	for _, need := range s.Needs {
		if !slices.Contains(s.Last.Plan.Alerts, need) {
			p.line("  %s: %s: %s", need.Level, need.Subject, need.Text)
		}
	}
	if s.Forced != nil {
		p.line("forced: %s until %s, by %s: %s", pool.Count(s.Forced.Servers, "server"), s.Forced.Until.UTC().Format(time.RFC3339), s.Forced.Author, s.Forced.Reason)
		if s.Tagged() {
			p.line("  servers with a tag go by their own load")
		}
	}
	for _, ordered := range s.Ordered {
		p.line("for the next evaluation: %s", said(ordered))
	}
	if s.DryRun {
		p.line("dry run: DiViMS decides and says so, and changes nothing")
	}
	for _, c := range []struct {
		period string
		Cost
	}{{"today", s.Today}, {"this month", s.Month}} {
		p.line("%s: %s machine-hours, %s; of a pool of fixed size %s, %s", c.period,
			english.Number(c.MachineHours, 1), english.Euros(c.Euros, 2), english.Number(c.FixedHours, 1), english.Euros(c.FixedEuros, 2))
	}
}

// Summary writes one evaluation for a terminal: numbers, why, actions, alerts.
func Summary(w io.Writer, r cycle.Record) error {
	p := &printer{w: w}
	p.line("%s, asked for by %s: %s", r.At.UTC().Format("2006-01-02 15:04:05 UTC"), r.Source, figures(r))
	for _, done := range r.Interventions {
		p.line("  %s", said(done))
	}
	p.required(r.Plan.Required, "")
	for _, group := range r.Plan.Tagged {
		p.required(group.Required, " of servers tagged "+group.Tag)
	}
	for _, withheld := range r.Plan.Withheld {
		p.line("  withheld: %s", withheld)
	}
	for _, outcome := range outcomesOf(r) {
		p.line("  %s", outcome)
	}
	for _, alert := range r.Plan.Alerts {
		p.line("  %s: %s: %s", alert.Level, alert.Subject, alert.Text)
	}
	return p.err
}

// planned is the result of an action that was only thought of.
const planned scaling.Result = "planned"

// outcomesOf is what became of the plan's actions.
func outcomesOf(r cycle.Record) []cycle.Outcome {
	outcomes := make([]cycle.Outcome, len(r.Plan.Actions))
	for i, action := range r.Plan.Actions {
		outcomes[i] = cycle.Outcome{Kind: action.Kind, Server: action.Server, Reason: action.Reason, Result: planned}
		if i < len(r.Outcomes) {
			outcomes[i] = r.Outcomes[i]
		}
	}
	return outcomes
}

func figures(r cycle.Record) string {
	if r.Blind {
		return "the pool could not be seen well enough to count or to act"
	}
	return fmt.Sprintf("%s in %s; %s required, %d enabled, %s running, %d draining",
		pool.Count(r.Participants, "participant"), pool.Count(r.Meetings, "meeting"), pool.CountSeen(r.Required(), "server"),
		r.Enabled, pool.Count(r.Running, "machine"), r.Draining)
}

// printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// required writes what the policies require of a group of servers.
func (p *printer) required(r scaling.Required, group string) {
	for _, answer := range r.Policies {
		advice := ""
		if answer.Advice {
			advice = ", advice only"
		}
		p.line("  policy %s%s%s: %s", answer.Policy, group, advice, count(answer.Servers))
		for _, why := range answer.Why {
			p.line("    %s", why)
		}
	}
	for _, limit := range r.Limits {
		p.line("  %s", limit)
	}
}

func count(r pool.Reading[int]) string {
	return show(r, func(n int) string { return fmt.Sprint(n) })
}

// healthText and peopleText have nothing to say of a server without a machine.
func healthText(s cycle.ServerRecord) string {
	if s.Machine == nil && s.Health == scaling.Healthy {
		return nothing
	}
	return string(s.Health)
}

func peopleText(s cycle.ServerRecord, r pool.Reading[int]) string {
	if s.Machine == nil && !r.Known() {
		return nothing
	}
	return count(r)
}

// nothing stands where there is nothing to know, unlike the question mark.
const nothing = "–"

func entryText(s cycle.ServerRecord) string {
	if s.Entry == "" {
		return nothing
	}
	text := string(s.Entry) + ", offline"
	if s.Online {
		text = string(s.Entry) + ", online"
	}
	if s.Tag != "" {
		text += ", tag " + s.Tag
	}
	if s.LoadMultiplier != 0 {
		text += fmt.Sprintf(", multiplier %g", s.LoadMultiplier)
	}
	return text
}

func machineText(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return nothing
	}
	return fmt.Sprintf("%s, %s in %s", s.Machine.State, s.Machine.Type, s.Machine.Zone)
}
