// Package scaling decides how many servers a pool needs, and which actions get it
// there safely. Decide takes the time, the settings, an observation and the state of
// the last evaluation; it returns a plan and the next state. It is a pure function.
package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// Decide returns the plan of one evaluation and the state for the next. It judges the
// health of each server, asks the policies how many servers are required, replaces,
// enables and cordons servers to get there, and then creates the machines that enabled
// servers lack and deletes those that draining servers no longer need. The plan
// has no actions if Scalelite's entries or the machines could not be read completely, if
// the network looks down, or if the pool is paused.
func Decide(now time.Time, config Config, seen pool.Observation, state pool.State) (Plan, pool.State) {
	d := newDecision(now, config, seen, state)
	for _, g := range d.groups {
		g.require()
	}
	switch {
	case d.unseen():
	case d.networkDown():
	case d.paused():
	default:
		d.registerEntries()
		for _, g := range d.groups {
			g.cordonUnusable()
			g.replaceOne()
			g.enableBareMetal()
			g.adjust()
			g.preferRunning()
		}
		d.provideMachines()
		d.drain()
		d.clearMarkedVolumes()
	}
	d.warn()
	return d.finish()
}

// decision is one run of Decide.
type decision struct {
	now     time.Time
	config  Config
	seen    pool.Observation
	state   pool.State
	servers servers
	// groups are the servers by their tag, sorted: those without a tag come first.
	groups []*group
	// limitReached says that a limit of one evaluation withheld an action.
	limitReached bool
	plan         Plan
}

func newDecision(now time.Time, config Config, seen pool.Observation, state pool.State) *decision {
	d := &decision{now: now, config: config, seen: seen, state: state, plan: Plan{Actions: []Action{}, Alerts: []Alert{}}}
	d.servers = make(servers, len(seen.Servers))
	for i, observed := range seen.Servers {
		d.servers[i] = newServer(now, config, seen, observed, state)
	}
	d.formGroups()
	return d
}

// do adds an action to the plan.
func (d *decision) do(action Action) { d.plan.Actions = append(d.plan.Actions, action) }

func (d *decision) enable(s *server, reason fact.Text) {
	s.intended = pool.Enabled
	d.do(Action{Kind: Enable, Server: s.Server.Number, Reason: reason})
}

// cordon plans to cordon a server and reports whether the limit on cordons allowed it.
func (d *decision) cordon(s *server, reason fact.Text) bool {
	if !d.allow(Cordon, d.config.MaxCordons, s) {
		return false
	}
	s.intended = pool.Cordoned
	d.do(Action{Kind: Cordon, Server: s.Server.Number, Reason: reason})
	return true
}

// allow reports whether the plan may have one more action of a kind. If not, it
// records that the action was withheld.
func (d *decision) allow(kind Kind, limit int, s *server) bool {
	if d.plan.count(kind) < limit {
		return true
	}
	s.leftAlone = fact.New("%s: an evaluation does that %s at most", kind, fact.Count(limit, "time"))
	d.limitReached = true
	d.withhold("%s %d: %s at most in one evaluation", kind, s.Server.Number, fact.Count(limit, "time"))
	return false
}

// withhold records in the plan what is not done because of a limit or guard.
func (d *decision) withhold(form string, values ...any) {
	d.plan.Withheld = append(d.plan.Withheld, fact.New(form, values...))
}

// unseen reports whether the list of entries or of machines could not be read
// completely. Then nothing is changed.
func (d *decision) unseen() bool {
	unseen := false
	if !d.seen.Entries.Known() {
		d.alert(Critical, "Scalelite", adviceScalelite, "nothing is changed, the entries are unknown: %s", d.seen.Entries.Reason())
		unseen = true
	}
	if !d.seen.Machines.Known() {
		d.alert(Critical, "Scaleway", adviceScaleway, "nothing is changed, the machines are unknown: %s", d.seen.Machines.Reason())
		unseen = true
	}
	if unseen {
		d.withhold("everything: the pool could not be seen completely")
	}
	return unseen
}

// networkDown reports whether so many servers look dead at once that the network is
// the likely cause. Then nothing is changed. Servers that an earlier evaluation gave up
// do not count: otherwise a few broken servers that no operator has looked at yet
// would stop everything when the pool gets small at night.
func (d *decision) networkDown() bool {
	running, dead := 0, 0
	for _, s := range d.servers {
		if s.maintenance() || s.machineState() != pool.Running || s.givenUp() {
			continue
		}
		running++
		if s.health == Unresponsive || s.silent() && s.pastGrace(d.now, d.config) {
			dead++
		}
	}
	if dead < 2 || dead*million <= running*int(d.config.UnresponsiveMillionths) {
		return false
	}
	d.alert(Critical, "network", adviceNetwork, "nothing is changed: %d of %d running servers do not answer, more than %g %%; that many at once is the network",
		dead, running, float64(d.config.UnresponsiveMillionths)/(million/100))
	d.withhold("everything: %d of %d running servers do not answer", dead, running)
	d.leaveOpen(noServerLeftSubject)
	return true
}

// paused reports whether an operator has paused the pool. Then nothing is changed.
func (d *decision) paused() bool {
	hold := d.state.Paused
	if hold == nil {
		return false
	}
	d.alert(Warning, "paused", advicePaused, "nothing is changed: paused by %s since %s: %s", hold.Author, hold.Since, hold.Reason)
	d.withhold("everything: paused by %s", hold.Author)
	d.leaveOpen(noServerLeftSubject)
	return true
}

// finish returns the plan with a verdict on each server, and the next state.
func (d *decision) finish() (Plan, pool.State) {
	for _, g := range d.groups {
		if g.Tag != "" {
			d.plan.Tagged = append(d.plan.Tagged, g.Group)
		}
	}
	for _, s := range d.servers {
		d.plan.Verdicts = append(d.plan.Verdicts, Verdict{Server: s.Server.Number, Health: s.health, Why: s.why, LeftAlone: s.leftAlone})
	}
	return d.plan, d.remember()
}
