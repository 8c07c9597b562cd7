package scaling

import (
	"time"

	"divims/internal/fact"
)

// Cause is what casts doubt on what an evaluation sees.
type Cause string

// The causes of doubt.
const (
	// FellTogether: many servers that served fell silent or offline together.
	FellTogether Cause = "network"
	// StalePoller: Scalelite's flags do not follow what DiViMS sees.
	StalePoller Cause = "poller"
	// NoneComes: the machines that DiViMS creates or starts do not come.
	NoneComes Cause = "probation"
)

// Doubt is a reason to do no harm to some servers, and to grow at a pace. It never forbids
// growth: if it is as bad as it looks, machines are needed; if it is not, few are made in
// vain.
type Doubt struct {
	Cause Cause     `json:"cause"`
	Since time.Time `json:"since"`
	// Servers are those in doubt. Nothing is done to them: they are not cordoned,
	// rebooted or deleted, and their meetings are not ended.
	Servers []int `json:"servers,omitempty"`
	// Starts is how many machines may be created or started now; negative for no limit.
	Starts int `json:"starts"`
	// Next is when the next machines may be created or started, if Starts is 0 because a
	// round of them must be waited for.
	Next time.Time `json:"next,omitzero"`
	// Why describes the doubt.
	Why fact.Text `json:"why"`
	// advice is what an operator can do about it, subject the alert's. named are the
	// servers that the alert names; they get none of their own for the same cause.
	advice  string
	subject string
	named   servers
}

// noLimit is the Starts of a doubt that does not limit growth.
const noLimit = -1

// judgeDoubts finds what casts doubt on this evaluation. The stages of the servers, which
// depend on whether the poller's word is stale, are known before.
func (d *decision) judgeDoubts() {
	for _, doubt := range []*Doubt{d.fellTogether(), d.stalePoller(), d.noneComes()} {
		if doubt == nil {
			continue
		}
		d.plan.Doubts = append(d.plan.Doubts, *doubt)
		for _, number := range doubt.Servers {
			d.servers.numbered(number).inDoubt = true
		}
		d.alertAbout(*doubt)
	}
}

// alertAbout adds the alert of a doubt. It quotes the first of its servers.
func (d *decision) alertAbout(doubt Doubt) {
	level := Error
	if len(doubt.Servers) > len(doubt.named) || doubt.Cause == FellTogether {
		level = Critical
	}
	alert := d.alert(level, doubt.subject, doubt.advice, "%s", doubt.Why)
	alert.Servers, alert.Since = doubt.named.numbers(), doubt.Since
	quoted := 0
	for _, s := range doubt.named {
		s.explained = true
		if alert.Quote == "" && !s.Meetings.Known() {
			alert.Quote, quoted = s.Meetings.Reason(), s.Server.Number
		}
	}
	if doubt.Cause == StalePoller || len(doubt.named) == 0 {
		return // Why names the servers
	}
	alert.Text = fact.New("%s (%s)", doubt.Why, fact.Numbers(alert.Servers))
	if quoted != 0 {
		alert.Text = fact.New("%s; server %d: %s", alert.Text, quoted, alert.Quote)
	}
}

// doubtAbout returns the doubt with a cause, or nil.
func (d *decision) doubtAbout(cause Cause) *Doubt {
	for i := range d.plan.Doubts {
		if d.plan.Doubts[i].Cause == cause {
			return &d.plan.Doubts[i]
		}
	}
	return nil
}

// mayStart reports whether one more machine may be created or started by this plan. If
// not, it records what withholds it.
func (d *decision) mayStart() bool {
	for i := range d.plan.Doubts {
		doubt := &d.plan.Doubts[i]
		if doubt.Starts == noLimit || d.started < doubt.Starts {
			continue
		}
		if doubt.Next.IsZero() {
			d.withholdOnce(fact.New("more machines: %s", doubt.Why))
		} else {
			d.withholdOnce(fact.New("more machines until %s: %s", doubt.Next, doubt.Why))
		}
		return false
	}
	return true
}
