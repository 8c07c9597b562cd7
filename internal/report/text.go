package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"divims/internal/cycle"
	"divims/internal/fact"
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
	s.summarise(p)
	if p.err != nil {
		return p.err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "\n#\tdomain\tentry\tmachine\tstage\thealth\tmeetings\tparticipants\tremark") // Flush returns the error
	for _, server := range s.Last.Servers {
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", server.Number, fact.Clean(server.Domain),
			fact.Clean(entryText(server)), fact.Clean(machineText(server)), stageText(server), fact.Clean(healthText(server)),
			countText(server, server.Meetings), countText(server, server.Participants), fact.Clean(remark(server)))
	}
	return table.Flush()
}

// summarise writes what the status shows besides the last evaluation.
func (s Status) summarise(p *printer) {
	p.line("")
	p.line("verdict: %s; capacity for %s", s.Verdict, pool.CountSeen(s.Capacity, "participant"))
	for _, doubt := range s.Last.Plan.Doubts {
		p.line("  in doubt since %s: %s", doubt.Since.UTC().Format(time.RFC3339), doubt.Why)
	}
	for _, alert := range s.Alerts {
		reported := func(a scaling.Alert) bool { return a.Subject == alert.Subject }
		if !slices.ContainsFunc(s.Last.Plan.Alerts, reported) {
			p.line("  %s: %s: %s", alert.Level, alert.Subject, alert.Text)
		}
	}
	if s.Forced != nil {
		p.line("forced to %s until %s, by %s: %s", pool.Count(s.Forced.Servers, "server"), s.Forced.Until.UTC().Format(time.RFC3339), s.Forced.Author, s.Forced.Reason)
		if s.Tagged() {
			p.line("  servers with a tag follow their own load")
		}
	}
	for _, pending := range s.Pending {
		p.line("takes effect at the next evaluation: %s", interventionText(pending))
	}
	if s.DryRun {
		p.line("dry run: DiViMS shows what it would do, but changes nothing")
	}
	for _, c := range []struct {
		period string
		Cost
	}{{"today", s.Today}, {"this month", s.Month}} {
		p.line("%s: %s machine-hours, %s; a fixed pool would have used %s machine-hours, %s", c.period,
			english.Number(c.MachineHours, 1), english.Euros(c.Euros, 2), english.Number(c.FixedHours, 1), english.Euros(c.FixedEuros, 2))
	}
}

// Summary writes one evaluation for a terminal: figures, reasons, actions, alerts.
func Summary(w io.Writer, r cycle.Record) error {
	p := &printer{w: w}
	p.line("%s, started by %s: %s", r.At.UTC().Format("2006-01-02 15:04:05 UTC"), r.Source, figures(r))
	for _, intervention := range r.Interventions {
		p.line("  %s", interventionText(intervention))
	}
	p.required(r.Plan.Required, "")
	for _, group := range r.Plan.Tagged {
		p.required(group.Required, " of servers tagged "+group.Tag)
	}
	for _, withheld := range r.Plan.Withheld {
		p.line("  deferred: %s", withheld)
	}
	for _, outcome := range outcomesOf(r) {
		p.line("  %s", outcome)
	}
	for _, alert := range r.Plan.Alerts {
		p.line("  %s: %s: %s", alert.Level, alert.Subject, alert.Text)
	}
	return p.err
}

// planned is the result of an action that was planned but not carried out.
const planned scaling.Result = "planned"

// outcomesOf returns the outcome of each planned action.
func outcomesOf(r cycle.Record) []cycle.Outcome {
	outcomes := make([]cycle.Outcome, len(r.Plan.Actions))
	for i, action := range r.Plan.Actions {
		outcomes[i] = cycle.Outcome{Kind: action.Kind, Server: action.Server, Reason: action.Reason.String(), Result: planned}
		if i < len(r.Outcomes) {
			outcomes[i] = r.Outcomes[i]
		}
	}
	return outcomes
}

func figures(r cycle.Record) string {
	if r.Blind {
		return "Scalelite's entries or Scaleway's machines could not be read"
	}
	return fmt.Sprintf("%s in %s; %s required, %d enabled, %d serving, %s running, %d draining",
		pool.Count(r.Participants, "participant"), pool.Count(r.Meetings, "meeting"), pool.CountSeen(r.Required(), "server"),
		r.Enabled, r.Serving, pool.Count(r.Running, "machine"), r.Draining)
}

// printer writes cleaned lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, fact.Clean(fmt.Sprintf(format, args...)))
	}
}

// required writes what the policies require for a group of servers.
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

// healthText returns a server's health, or a dash for a healthy one without a machine.
func healthText(s cycle.ServerRecord) string {
	if s.Machine == nil && s.Health == scaling.Healthy {
		return notApplicable
	}
	return string(s.Health)
}

// stageText returns a server's stage, or a dash in a record of an earlier version.
func stageText(s cycle.ServerRecord) string { return cmp.Or(string(s.Stage), notApplicable) }

// countText returns a count on a server, or a dash if it has no machine.
func countText(s cycle.ServerRecord, r pool.Reading[int]) string {
	if s.Machine == nil && !r.Known() {
		return notApplicable
	}
	return count(r)
}

// notApplicable is shown where there can be no value. An unknown value is shown as "?".
const notApplicable = "–"

func entryText(s cycle.ServerRecord) string {
	if s.Entry == "" {
		return notApplicable
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
		return notApplicable
	}
	return fmt.Sprintf("%s, %s in %s", s.Machine.State, s.Machine.Type, s.Machine.Zone)
}
