package scaling

import (
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
)

// remember returns the state for the next evaluation. Settle adds the outcomes of the
// plan's actions.
func (d *decision) remember() pool.State {
	next := d.state
	next.LastEvaluation = d.now
	next.Record, next.Interventions, next.Kept, next.TakenOver = nil, nil, 0, ""
	next.Forced = d.forced()
	next.Refusals = currentRefusals(d.now, d.state.Refusals)
	next.Servers = make(map[int]*pool.ServerMemory, len(d.servers))
	next.Floors, next.SurplusSince, next.BootTimes = d.floors(), d.surplus, d.bootTimes()
	next.Doubt, next.Faults = d.doubt, d.faults()
	next.Doubt.Paced = slices.ContainsFunc(d.plan.Doubts, func(doubt Doubt) bool {
		return doubt.Cause != FellTogether && doubt.Starts != noLimit
	})
	switch {
	case !d.seen.Entries.Known() || !d.seen.Machines.Known():
		next.Kept = d.state.Kept // the servers could not be counted
	case !d.plan.Required.Servers.Known():
		next.Kept = d.kept()
	}
	if d.sawLoad() {
		next.Load = d.plan.Load.past(d.now)
	}
	next.TagLoads = d.tagLoads()
	for number, memory := range d.state.Servers {
		if number > len(d.servers) {
			next.Servers[number] = memory // the pool was made smaller, perhaps for a while
		}
	}
	for _, s := range d.servers {
		next.Servers[s.Server.Number] = d.rememberServer(s)
	}
	return next
}

// tagLoads returns the loads that the next evaluation compares the loads of the tags
// with. If the load of a tag could not be seen, its previous load stays.
func (d *decision) tagLoads() map[string]pool.PastLoad {
	loads := maps.Clone(d.state.TagLoads)
	if !d.seen.Entries.Known() || !d.seen.Machines.Known() {
		return loads
	}
	used := map[string]bool{}
	for _, g := range d.groups {
		used[g.Tag] = true
	}
	maps.DeleteFunc(loads, func(tag string, _ pool.PastLoad) bool { return !used[tag] })
	for _, g := range d.groups {
		if g.Tag == "" || len(g.Load.Missing) > 0 {
			continue
		}
		if loads == nil {
			loads = map[string]pool.PastLoad{}
		}
		loads[g.Tag] = *g.Load.past(d.now)
	}
	return loads
}

// sawLoad reports whether the load is complete, so that the next one can be compared
// with it.
func (d *decision) sawLoad() bool {
	return d.seen.Entries.Known() && d.seen.Machines.Known() && len(d.plan.Load.Missing) == 0
}

// rememberServer completes the memory of one server, and returns it. What happens while a
// server is in maintenance is not held against it, so nothing of that is remembered.
func (d *decision) rememberServer(s *server) *pool.ServerMemory {
	memory := &s.memory
	if s.maintenance() {
		return &pool.ServerMemory{
			MachineID: memory.MachineID, Maintenance: memory.Maintenance, Zone: memory.Zone,
			FirstSeen: memory.FirstSeen, State: memory.State, StateSince: memory.StateSince,
		}
	}
	if s.drainIsOver() {
		memory.EndDrain = nil
	}
	if s.intended != pool.Enabled && !d.now.Before(memory.NotBefore) {
		memory.Failures, memory.NotBefore = 0, time.Time{} // old failures say nothing about the next time
	}
	if s.machineState() == pool.Running || s.machine == nil {
		memory.EmptySince = since(d.now, s.empty, memory.EmptySince)
	}
	if s.entry != nil && s.intended != s.entry.State && s.intended != pool.Enabled {
		memory.Entry.Ours = true // whether or not the order will be carried out
	}
	return memory
}

// drainIsOver reports whether an operator's end-drain order has done its work: the
// server is enabled, or it is bare metal, which keeps its machine, and it is healthy
// and empty.
func (s *server) drainIsOver() bool {
	meetings, known := s.Meetings.Get()
	kept := s.Server.BareMetal && s.health == Healthy && known && len(meetings) == 0
	return kept || s.intended == pool.Enabled
}

// updateMemory removes facts about an earlier machine from the memory of a server; a machine
// that is missing from the list for the first time is not an earlier one yet. After a gap of
// maxPastIntervals without an evaluation it also removes conditions that must hold at two
// evaluations in a row. While the machine is unknown, facts about the last known machine
// are kept.
func (d *decision) updateMemory(s *server) {
	memory := &s.memory
	if d.afterGap {
		forgetConditions(memory)
	}
	machine, known := s.Machine.Get()
	if !known {
		return
	}
	if machine != nil && memory.MachineID == machine.ID {
		memory.Gone = time.Time{}
		return
	}
	expected := memory.MachineID == "" || memory.MachineID == memory.Deleted || d.state.LastEvaluation.IsZero()
	if machine == nil && !expected {
		memory.Gone = since(d.now, true, memory.Gone)
		if !d.twice(memory.Gone) {
			return
		}
	}
	fresh := pool.ServerMemory{
		Maintenance: memory.Maintenance, Failures: memory.Failures, NotBefore: memory.NotBefore,
		Zone: memory.Zone, Entry: memory.Entry, Gone: memory.Gone,
	}
	// What was ordered is there now, or still expected. A machine that appears long after the
	// order is not the one that was ordered.
	if memory.MachineID == "" && d.now.Sub(memory.Ordered) <= max(maxBootFactor*d.config.minTime(), 2*d.config.Interval) {
		fresh.Ordered, fresh.Watched = memory.Ordered, memory.Watched
	}
	if machine != nil {
		fresh.MachineID, fresh.Gone = machine.ID, time.Time{}
	}
	*memory = fresh
}

// isAfterGap reports whether so much time has passed since the last evaluation that at
// least one is missing.
func isAfterGap(now time.Time, config Config, last time.Time) bool {
	return !last.IsZero() && now.Sub(last).Seconds() >= maxPastIntervals*config.Interval.Seconds()
}

// forgetConditions removes the conditions that must hold at two evaluations in a row.
func forgetConditions(memory *pool.ServerMemory) {
	memory.SilentSince, memory.EmptySince, memory.Stopped, memory.Gone = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	memory.Fault, memory.FaultSince, memory.Health, memory.HealthSince = "", time.Time{}, "", time.Time{}
	memory.Entry.UnavailableSince, memory.Entry.MissingSince, memory.Entry.AnsweredAt = time.Time{}, time.Time{}, time.Time{}
	memory.Watched = false
}
