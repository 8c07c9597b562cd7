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
// or cordoned to get there, and last come the machines: those that draining
// servers may lose, and those that enabled servers lack.
func Decide(now time.Time, config Config, seen pool.Observation, state pool.State) (Plan, pool.State) {
	d := newDecision(now, config, seen, state)
	d.require()
	switch {
	case d.blind():
	case d.networkDown():
	default:
		d.registerEntries()
		d.cordonUnresponsive()
		d.replaceOne()
		d.enableBareMetal()
		d.adjust()
		d.preferRunning()
		d.drain()
		d.provideMachines()
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
	servers []server
	// replaced is the number of the server that is being replaced but still
	// enabled; its capacity does not count. 0: none.
	replaced int
	plan     Plan
}

// server is one server as the decision weighs it.
type server struct {
	pool.ServerObservation
	memory pool.ServerMemory
	// entry and machine are nil when there is none and when it is unknown; in
	// the second case the health is Unseen.
	entry   *pool.Entry
	machine *pool.Machine
	health  Health
	why     string
	// intended is the entry's state once the plan is carried out.
	intended pool.EntryState
	// empty tells that the drain gate was found open.
	empty bool
	left  string
}

func newDecision(now time.Time, config Config, seen pool.Observation, state pool.State) *decision {
	d := &decision{now: now, config: config, seen: seen, state: state, plan: Plan{Actions: []Action{}, Alerts: []Alert{}}}
	for _, observed := range seen.Servers {
		s := server{ServerObservation: observed}
		s.entry, _ = observed.Entry.Get()
		s.machine, _ = observed.Machine.Get()
		s.memory = memoryOf(state, observed.Server.Number, s.machine)
		if !observed.Machine.Known() {
			s.memory = state.Servers[observed.Server.Number]
		}
		s.health, s.why = judge(now, config, seen.Image, s)
		if s.entry != nil {
			s.intended = s.entry.State
		}
		d.servers = append(d.servers, s)
	}
	d.plan.Load = measureLoad(now, config, d.servers)
	return d
}

func (s server) maintenance() bool { return s.memory.Maintenance != nil }

// ours tells whether the decision may do anything with the server.
func (s server) ours() bool { return !s.maintenance() && s.health != Unseen && s.entry != nil }

// counts tells whether the server counts as capacity, now or soon.
func (s server) counts() bool {
	return s.entry != nil && !s.maintenance() && s.intended == pool.Enabled && s.health != Unresponsive
}

// online tells whether the server takes meetings at this moment.
func (s server) online() bool {
	return s.counts() && s.entry.Online && s.machine != nil && s.machine.State == pool.Running
}

// meetings is BBB's own count, or the last known one.
func (s server) meetings() int {
	if meetings, ok := s.Meetings.Get(); ok {
		return len(meetings)
	}
	return s.memory.Meetings
}

func (s server) participants() int {
	if meetings, ok := s.Meetings.Get(); ok {
		return pool.Participants(meetings)
	}
	return s.memory.Participants
}

// machineState is the machine's state, or "" when there is none.
func (s server) machineState() pool.MachineState {
	if s.machine == nil {
		return ""
	}
	return s.machine.State
}

// act adds an action on a server to the plan.
func (d *decision) act(kind Kind, s *server, reason string) *Action {
	d.plan.Actions = append(d.plan.Actions, Action{Kind: kind, Server: s.Server.Number, Reason: reason})
	return &d.plan.Actions[len(d.plan.Actions)-1]
}

func (d *decision) enable(s *server, reason string) {
	s.intended = pool.Enabled
	d.act(Enable, s, reason)
}

func (d *decision) cordon(s *server, reason string) {
	s.intended = pool.Cordoned
	d.act(Cordon, s, reason)
}

func (d *decision) alert(level Level, subject, format string, args ...any) {
	d.plan.Alerts = append(d.plan.Alerts, Alert{level, subject, fmt.Sprintf(format, args...)})
}

func (d *decision) withhold(format string, args ...any) {
	d.plan.Withheld = append(d.plan.Withheld, fmt.Sprintf(format, args...))
}

// count tells how many servers satisfy a condition.
func (d *decision) count(condition func(server) bool) int {
	n := 0
	for _, s := range d.servers {
		if condition(s) {
			n++
		}
	}
	return n
}

// blind: with half a list of entries or machines, nothing is done at all.
func (d *decision) blind() bool {
	blind := false
	if !d.seen.Entries.Known() {
		d.alert(Critical, "Scalelite", "nothing is changed, the entries are unknown: %s", d.seen.Entries.Reason())
		blind = true
	}
	if !d.seen.Machines.Known() {
		d.alert(Critical, "Scaleway", "nothing is changed, the machines are unknown: %s", d.seen.Machines.Reason())
		blind = true
	}
	if blind {
		d.withhold("everything: the pool could not be seen completely")
	}
	return blind
}

// networkDown: when many servers look dead at once, it is the way to them.
func (d *decision) networkDown() bool {
	running := d.count(func(s server) bool { return s.machineState() == pool.Running && !s.maintenance() })
	dead := d.count(func(s server) bool {
		return !s.maintenance() && (s.health == Unresponsive || s.silent() && s.pastGrace(d.now, d.config))
	})
	if dead < 2 || dead*100 <= running*d.config.UnresponsivePercent {
		return false
	}
	d.alert(Critical, "network", "nothing is changed: %d of %d running servers do not answer, more than %d %%; that many at once is the network",
		dead, running, d.config.UnresponsivePercent)
	d.withhold("everything: %d of %d running servers do not answer", dead, running)
	return true
}

// finish gives the plan and the memory for the next evaluation.
func (d *decision) finish() (Plan, pool.State) {
	for _, s := range d.servers {
		d.plan.Verdicts = append(d.plan.Verdicts, Verdict{s.Server.Number, s.health, s.why, s.left})
	}
	return d.plan, d.remember()
}
