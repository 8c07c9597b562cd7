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
	next := pool.State{
		LastEvaluation: d.now,
		Load:           d.state.Load,
		Paused:         d.state.Paused,
		Notified:       d.state.Notified,
		NotifyError:    d.state.NotifyError,
		Forced:         d.forced(),
		Servers:        map[int]pool.ServerMemory{},
		Refusals:       currentShortages(d.now, d.state.Refusals),
	}
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

// sawLoad reports whether the load is complete, so that the next one can be compared
// with it.
func (d *decision) sawLoad() bool {
	return d.seen.Entries.Known() && d.seen.Machines.Known() && len(d.plan.Load.Missing) == 0
}

// rememberServer returns the memory of one server. What happens while a server is in
// maintenance is not held against it, so nothing of that is remembered.
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
		memory.Failures, memory.NotBefore = 0, time.Time{} // old failures say nothing about the next time
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

// drainIsOver reports whether an operator's end-drain order has done its work: the
// server is enabled, or it is bare metal, which keeps its machine, and it is healthy
// and empty.
func (s *server) drainIsOver() bool {
	meetings, known := s.Meetings.Get()
	kept := s.Server.BareMetal && s.health == Healthy && known && len(meetings) == 0
	return kept || s.intended == pool.Enabled
}

// memoryOf returns the memory of a server. It leaves out facts about an earlier machine of
// the server. After a gap of maxPastIntervals without an evaluation it also leaves out
// conditions that must hold at two evaluations in a row. While the machine is unknown,
// facts about the last known machine are kept.
func memoryOf(now time.Time, config Config, state pool.State, s pool.ServerObservation) pool.ServerMemory {
	memory := state.Servers[s.Server.Number]
	if gap := now.Sub(state.LastEvaluation); !state.LastEvaluation.IsZero() && gap.Seconds() >= maxPastIntervals*config.Interval.Seconds() {
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

// since returns when a condition began that holds now, or zero if it does not hold.
func since(now time.Time, holds bool, before time.Time) time.Time {
	if !holds {
		return time.Time{}
	}
	if before.IsZero() {
		return now
	}
	return before
}
