// Package scaling is the decision: how many servers a pool needs, and which
// actions get it there safely. Decide takes the time, the settings, what was
// seen and what is remembered, and gives a plan and the next memory. It is pure.
package scaling

import (
	"fmt"
	"time"

	"divims/internal/pool"
)

// Decide makes the plan of one evaluation. Health is judged first, then the
// policies say how many servers are required, then servers are replaced, added
// or cordoned to get there, and last come the machines: those that enabled
// servers lack, and those that draining servers may lose.
func Decide(now time.Time, config Config, seen pool.Observation, state pool.State) (Plan, pool.State) {
	d := newDecision(now, config, seen, state)
	for _, g := range d.groups {
		g.require()
	}
	switch {
	case d.blind():
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
		d.deleteLeftovers()
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
	// limited tells that a limit of one evaluation held something back.
	limited bool
	plan    Plan
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

// do puts an action into the plan.
func (d *decision) do(action Action) { d.plan.Actions = append(d.plan.Actions, action) }

func (d *decision) enable(s *server, reason string) {
	s.intended = pool.Enabled
	d.do(Action{Kind: Enable, Server: s.Server.Number, Reason: reason})
}

// cordon takes a server out, unless the evaluation has cordoned enough, and
// tells whether it did.
func (d *decision) cordon(s *server, reason string) bool {
	if !d.allow(Cordon, d.config.MaxCordons, s) {
		return false
	}
	s.intended = pool.Cordoned
	d.do(Action{Kind: Cordon, Server: s.Server.Number, Reason: reason})
	return true
}

// allow tells whether the plan may hold one more action of a kind, and
// otherwise says that it was withheld.
func (d *decision) allow(kind Kind, most int, s *server) bool {
	if d.plan.count(kind) < most {
		return true
	}
	s.leftAlone = fmt.Sprintf("%s: an evaluation does that %s at most", kind, pool.Count(most, "time"))
	d.limited = true
	d.withhold("%s %d: %s at most in one evaluation", kind, s.Server.Number, pool.Count(most, "time"))
	return false
}

func (d *decision) withhold(format string, args ...any) {
	d.plan.Withheld = append(d.plan.Withheld, fmt.Sprintf(format, args...))
}

// blind: with half a list of entries or machines, nothing is done at all.
func (d *decision) blind() bool {
	blind := false
	if !d.seen.Entries.Known() {
		d.alert(Critical, "Scalelite", adviceScalelite, "nothing is changed, the entries are unknown: %s", d.seen.Entries.Reason())
		blind = true
	}
	if !d.seen.Machines.Known() {
		d.alert(Critical, "Scaleway", adviceScaleway, "nothing is changed, the machines are unknown: %s", d.seen.Machines.Reason())
		blind = true
	}
	if blind {
		d.withhold("everything: the pool could not be seen completely")
	}
	return blind
}

// networkDown: when many servers look dead at once, it is the way to them. Those
// that were given up before are no news: else the few that an operator has yet
// to look at would stop everything as soon as the pool gets small at night.
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

// paused: an operator has stopped all acting.
func (d *decision) paused() bool {
	hold := d.state.Paused
	if hold == nil {
		return false
	}
	d.alert(Warning, "paused", advicePaused, "nothing is changed: paused by %s since %s: %s", hold.Author, hold.Since.UTC().Format(time.RFC3339), hold.Reason)
	d.withhold("everything: paused by %s", hold.Author)
	d.leaveOpen(noServerLeftSubject)
	return true
}

// finish gives the plan and the memory for the next evaluation.
func (d *decision) finish() (Plan, pool.State) {
	for _, g := range d.groups {
		if g.Tag != "" {
			d.plan.Tagged = append(d.plan.Tagged, g.Group)
		}
	}
	for _, s := range d.servers {
		d.plan.Verdicts = append(d.plan.Verdicts, Verdict{s.Server.Number, s.health, s.why, s.leftAlone})
	}
	return d.plan, d.remember()
}
