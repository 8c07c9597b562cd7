// Package scaling decides how many servers a pool needs, and which actions get it
// there safely. Decide takes the time, the settings, an observation and the state of
// the last evaluation; it returns a plan and the next state. It is a pure function.
package scaling

import (
	"maps"
	"slices"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// Decide returns the plan of one evaluation and the state for the next. It finds the stage
// and health of each server and what casts doubt on the sight of them, asks the policies
// how many servers are required, replaces, enables and cordons servers to get there,
// creates or starts the machines for that, and deletes those that draining servers no
// longer need. The plan has no actions if Scalelite's entries or the machines of all zones
// could not be read, or if the pool is paused.
func Decide(now time.Time, config Config, seen pool.Observation, state pool.State) (Plan, pool.State) {
	d := newDecision(now, config, seen, state)
	for _, g := range d.groups {
		g.require()
	}
	switch {
	case d.unseen():
	case d.paused():
		d.judgeDoubts()
	default:
		d.judgeDoubts()
		d.manageEntries()
		for _, g := range d.groups {
			g.cordonLocked()
			g.replaceOne()
			g.enableBareMetal()
			g.adjust()
			g.preferRunning()
		}
		d.drain()
		d.deleteNeverServed()
		d.clearMarkedVolumes()
	}
	d.withholdOverLimit()
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
	// doubt is what the next evaluation remembers about doubts, surplus since when each
	// group has had more servers than required.
	doubt   pool.Doubt
	surplus map[string]time.Time
	// afterGap is set if an evaluation is missing before this one.
	afterGap bool
	// pollerStale is set if Scalelite's flags do not follow what DiViMS sees.
	pollerStale bool
	// tooManySilent is set if so many servers answer nobody that the network is the likely
	// cause.
	tooManySilent bool
	// hopes is whether replacing servers for a fault may help, by the fault.
	hopes map[string]bool
	// servedBefore is how many servers served at the evaluation before.
	servedBefore int
	// started is how many machines the plan creates or starts. noPlaceLeft has the tags of
	// the groups in which servers are missing and none is left to enable.
	started     int
	noPlaceLeft map[string]bool
	// triedRefused is set if the plan tries one creation that was refused lately.
	triedRefused bool
	// replacedFor are the faults for which the plan replaces servers.
	replacedFor []string
	// counted is how many actions of each kind the plan has.
	counted map[Kind]int
	// overLimit lists the servers for which a limit withheld an action, by its kind.
	overLimit map[Kind]fact.Numbers
	plan      Plan
}

func newDecision(now time.Time, config Config, seen pool.Observation, state pool.State) *decision {
	d := &decision{
		now: now, config: config, seen: seen, state: state, doubt: state.Doubt, surplus: pastSurplus(state), counted: map[Kind]int{}, hopes: map[string]bool{}, noPlaceLeft: map[string]bool{},
		overLimit: map[Kind]fact.Numbers{},
		plan:      Plan{Actions: []Action{}, Alerts: []Alert{}},
	}
	d.afterGap = isAfterGap(now, config, state.LastEvaluation)
	d.servers = make(servers, len(seen.Servers))
	all := make([]server, len(seen.Servers)) // one allocation for all
	for i := range all {
		d.servers[i] = &all[i]
		d.lookAt(&all[i], &seen.Servers[i])
	}
	d.servedBefore = d.servers.servedLast()
	d.judgePoller()
	d.findHands()
	for _, s := range d.servers {
		s.stage = d.stageOf(s)
		s.health, s.why = d.judge(s)
		d.sawFall(s)
		d.sawFault(s)
	}
	d.sawArrivals()
	d.formGroups()
	return d
}

// do adds an action to the plan.
func (d *decision) do(action Action) {
	d.plan.Actions = append(d.plan.Actions, action)
	d.counted[action.Kind]++
}

// enable plans to enable a server. If its machine has to be created or started for that,
// this comes first.
func (d *decision) enable(s *server, reason fact.Text) {
	s.intended, s.planned = pool.Enabled, true
	d.do(Action{Kind: Enable, Server: s.Server.Number, Reason: reason})
}

// cordon plans to cordon a server, and reports whether doubt and the limit on cordons
// allowed it.
func (d *decision) cordon(s *server, reason fact.Text) bool {
	if s.protected() {
		s.leftAlone = fact.New("not cordoned while there is doubt about what DiViMS sees: %s", reason)
		return false
	}
	if !d.allow(Cordon, s) {
		return false
	}
	s.intended = pool.Cordoned
	d.do(Action{Kind: Cordon, Server: s.Server.Number, Reason: reason})
	return true
}

// allow reports whether the plan may have one more action of a kind. If not, it
// records that the action was withheld.
func (d *decision) allow(kind Kind, s *server) bool {
	limit := d.config.limit(kind)
	if d.counted[kind] < limit {
		return true
	}
	s.leftAlone = fact.New("%s: an evaluation does that %s at most", kind, fact.Count(limit, "time"))
	d.overLimit[kind] = append(d.overLimit[kind], s.Server.Number)
	return false
}

// withholdOverLimit records in the plan what is not done because of the limits.
func (d *decision) withholdOverLimit() {
	for _, kind := range slices.Sorted(maps.Keys(d.overLimit)) {
		d.withhold("%s (%s): %s at most in one evaluation", kind, slices.Compact(d.overLimit[kind]), fact.Count(d.config.limit(kind), "time"))
	}
}

// withhold records in the plan what is not done because of a limit or guard.
func (d *decision) withhold(form string, values ...any) {
	d.plan.Withheld = append(d.plan.Withheld, fact.New(form, values...))
}

// withholdOnce records in the plan what is not done, unless the plan has it already.
func (d *decision) withholdOnce(text fact.Text) {
	if !slices.ContainsFunc(d.plan.Withheld, func(t fact.Text) bool { return t.String() == text.String() }) {
		d.plan.Withheld = append(d.plan.Withheld, text)
	}
}

// unseen reports whether the entries, or the machines of all zones, could not be read. Then
// nothing is changed.
func (d *decision) unseen() bool {
	unseen := false
	if !d.seen.Entries.Known() {
		d.alert(Critical, SubjectScalelite, adviceScalelite, "nothing is changed, the entries are unknown: %s", d.seen.Entries.Reason()).Quote = d.seen.Entries.Reason()
		unseen = true
	}
	if !d.seen.Machines.Known() {
		d.alert(Critical, SubjectScaleway, adviceScaleway, "nothing is changed, the machines are unknown: %s", d.seen.Machines.Reason()).Quote = d.seen.Machines.Reason()
		unseen = true
	}
	if unseen {
		d.withhold("everything: the pool could not be seen completely")
	}
	return unseen
}

// paused reports whether an operator has paused the pool. Then nothing is changed.
func (d *decision) paused() bool {
	hold := d.state.Paused
	if hold == nil {
		return false
	}
	d.alert(Warning, SubjectPaused, advicePaused, "nothing is changed: paused by %s since %s: %s", hold.Author, hold.Since, hold.Reason).Since = hold.Since
	d.withhold("everything: paused by %s", hold.Author)
	d.leaveOpen(SubjectPoolSize)
	return true
}

// finish returns the plan with a verdict on each server, and the next state.
func (d *decision) finish() (Plan, pool.State) {
	for _, g := range d.groups {
		if g.Tag != "" {
			d.plan.Tagged = append(d.plan.Tagged, g.Group)
		}
	}
	d.plan.Verdicts = make([]Verdict, 0, len(d.servers))
	for _, s := range d.servers {
		d.plan.Verdicts = append(d.plan.Verdicts, Verdict{s.Server.Number, s.stage, s.health, s.why, s.leftAlone})
	}
	return d.plan, d.remember()
}
