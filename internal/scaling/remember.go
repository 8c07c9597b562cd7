package scaling

import (
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
)

// remember is the memory for the next evaluation. What the plan's actions came
// to is added by whoever carries them out.
func (d *decision) remember() pool.State {
	next := pool.State{
		LastEvaluation: d.now,
		Load:           d.state.Load,
		Paused:         d.state.Paused,
		Told:           d.state.Told,
		Untold:         d.state.Untold,
		Forced:         d.forced(),
		Servers:        map[int]pool.ServerMemory{},
		Shortages:      currentShortages(d.now, d.state.Shortages),
	}
	switch {
	case !d.seen.Entries.Known() || !d.seen.Machines.Known():
		next.Kept = d.state.Kept // nobody could count
	case !d.plan.Required.Servers.Known():
		next.Kept = d.kept()
	}
	if d.sawLoad() {
		next.Load = d.plan.Load.past(d.now)
	}
	next.TagLoads = d.tagLoads()
	for _, s := range d.servers {
		next.Servers[s.Server.Number] = d.rememberServer(s)
	}
	return next
}

// tagLoads are what the next loads of the tags are compared with; of a tag whose load
// could not be seen that of before stands, as it does of the pool.
func (d *decision) tagLoads() map[string]pool.PastLoad {
	loads := maps.Clone(d.state.TagLoads)
	if !d.seen.Entries.Known() || !d.seen.Machines.Known() {
		return loads
	}
	tagged := func(tag string) bool {
		return slices.ContainsFunc(d.groups, func(g *group) bool { return g.Tag == tag })
	}
	maps.DeleteFunc(loads, func(tag string, _ pool.PastLoad) bool { return !tagged(tag) })
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

// sawLoad tells whether the load is good enough to compare the next one with.
func (d *decision) sawLoad() bool {
	return d.seen.Entries.Known() && d.seen.Machines.Known() && len(d.plan.Load.Missing) == 0
}

// rememberServer is the memory of one server. While an operator has it in hand
// nothing of what it does is held against it.
func (d *decision) rememberServer(s *server) pool.ServerMemory {
	memory := s.memory
	if s.maintenance() {
		return pool.ServerMemory{MachineID: memory.MachineID, Maintenance: memory.Maintenance}
	}
	if meetings, ok := s.Meetings.Get(); ok {
		memory.Participants, memory.Meetings, memory.LoadSeen = pool.Participants(meetings), len(meetings), d.now
	}
	memory.SilentSince = since(d.now, s.silent(), memory.SilentSince)
	if s.entry != nil {
		memory.DrainingSince = since(d.now, s.machine != nil && s.entry.State != pool.Enabled, memory.DrainingSince)
	}
	if s.drainIsOver() {
		memory.EndDrain = nil
	}
	if s.intended != pool.Enabled && !d.now.Before(memory.NotBefore) {
		memory.Failures, memory.NotBefore = 0, time.Time{} // what failed then says nothing of the next time
	}
	if s.machineState() == pool.Running || s.machine == nil {
		memory.EmptySince = since(d.now, s.empty, memory.EmptySince)
	}
	if s.health != Unseen && memory.Health != string(s.health) {
		memory.Health, memory.HealthSince = string(s.health), d.now
	}
	if stats, ok := s.Stats.Get(); ok {
		if counters, ok := stats.Network.Get(); ok {
			memory.Network, memory.NetworkAt = &counters, d.now
		}
	}
	return memory
}

// drainIsOver tells that a drain which an operator may have ended is over: the server
// is enabled, or is bare metal that is well and empty, which keeps its machine.
func (s *server) drainIsOver() bool {
	meetings, known := s.Meetings.Get()
	kept := s.Server.BareMetal && s.health == Healthy && known && len(meetings) == 0
	return kept || s.intended == pool.Enabled
}

// memoryOf is the memory of a server, emptied of what was about another machine.
// While nobody knows which machine it has, the memory stands.
//
// What must have been so at two evaluations in a row is forgotten when none was
// made for longer than the load policy compares over.
func memoryOf(now time.Time, config Config, state pool.State, s pool.ServerObservation) pool.ServerMemory {
	memory := state.Servers[s.Server.Number]
	if gap := now.Sub(state.LastEvaluation); !state.LastEvaluation.IsZero() && gap.Seconds() >= stalePast*config.Interval.Seconds() {
		memory.SilentSince, memory.EmptySince, memory.Health, memory.HealthSince = time.Time{}, time.Time{}, "", time.Time{}
	}
	machine, known := s.Machine.Get()
	if !known || machine != nil && memory.MachineID == machine.ID {
		return memory
	}
	fresh := pool.ServerMemory{Maintenance: memory.Maintenance, Failures: memory.Failures, NotBefore: memory.NotBefore}
	if machine != nil {
		fresh.MachineID = machine.ID
	}
	return fresh
}

// since is when a condition that holds began, and zero when it does not hold.
func since(now time.Time, holds bool, before time.Time) time.Time {
	if !holds {
		return time.Time{}
	}
	if before.IsZero() {
		return now
	}
	return before
}

func currentShortages(now time.Time, shortages []pool.Shortage) []pool.Shortage {
	var current []pool.Shortage
	for _, shortage := range shortages {
		if now.Before(shortage.Until) {
			current = append(current, shortage)
		}
	}
	return current
}
