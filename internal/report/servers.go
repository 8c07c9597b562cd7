package report

import (
	"fmt"
	"slices"
	"strings"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// columns are those of the table of servers. narrow is the name of one that does
// not explain itself where there is no room for the table's head.
var columns = []struct {
	Name, Class, narrow string
}{
	{"server", "", ""},
	{"machine", "", ""},
	{"Scalelite", "", ""},
	{"health", "", ""},
	{"meetings", "n", "meetings"},
	{"people", "n", "people"},
	{"load", "n", "load"},
	{"up for", "n", "up for"},
	{"certificate", "n", "certificate"},
	{"backlog", "n", "backlog"},
	{"price/h", "n", "price/h"},
	{"why", "", ""},
}

// Columns are the head of the table.
func (v view) Columns() []column {
	var head []column
	for _, c := range columns {
		head = append(head, column{v.T(c.Name), c.Class})
	}
	return head
}

type column struct{ Name, Class string }

// group is a part of the table: servers of which the same is to be said.
type group struct {
	Name, Mark string
	Servers    []cycle.ServerRecord
}

// Groups are the servers by what they need and do, without those that have no
// machine and of which nothing is to be said.
func (v view) Groups() []group {
	groups := []group{
		{Name: v.T("look at these"), Mark: "▲"}, {Name: v.T("in maintenance"), Mark: "◆"}, {Name: v.T("in service"), Mark: "●"},
		{Name: v.T("starting up"), Mark: "◐"}, {Name: v.T("draining"), Mark: "◌"},
	}
	for _, server := range v.Last.Servers {
		if i := groupOf(server); i < len(groups) {
			groups[i].Servers = append(groups[i].Servers, server)
		}
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.Servers) == 0 })
}

// Resting are the servers without a machine, of which nothing is to be said.
func (v view) Resting() []cycle.ServerRecord {
	var resting []cycle.ServerRecord
	for _, server := range v.Last.Servers {
		if groupOf(server) == atRest {
			resting = append(resting, server)
		}
	}
	return resting
}

// startingUp is the group of servers that do not take meetings yet, and atRest the
// one that is not in the table.
const (
	startingUp = 3
	atRest     = 5
)

func groupOf(s cycle.ServerRecord) int {
	running := s.Machine != nil && s.Machine.State == pool.Running
	switch {
	case s.Maintenance != nil:
		return 1
	case s.Health != scaling.Healthy:
		return 0
	case s.Entry == pool.Enabled && running && s.Online:
		return 2
	case s.Entry == pool.Enabled:
		return startingUp
	case s.Machine != nil:
		return 4
	}
	return atRest
}

// healthMarks are the shapes that stand for a health, so that it is not the
// colour alone which tells.
var healthMarks = map[scaling.Health]string{
	scaling.Healthy: "●", scaling.Unseen: "?", scaling.Unresponsive: "✕", scaling.Malfunctioning: "▲", scaling.ToRecycle: "↻",
}

// HealthMark is the shape of a server's health.
func (v view) HealthMark(s cycle.ServerRecord) string { return healthMarks[s.Health] }

// HealthClass is how much of a worry a health is.
func (v view) HealthClass(s cycle.ServerRecord) string {
	switch s.Health {
	case scaling.Healthy:
		return "well"
	case scaling.ToRecycle, scaling.Unseen:
		return "warning"
	}
	return "error"
}

// Load is a server's load average, of so many CPUs.
func (v view) Load(s cycle.ServerRecord) string {
	load, ok := s.Load1.Get()
	if !ok {
		return v.unknown(s)
	}
	text := v.Number(load, 1)
	if cpus, ok := s.CPUs.Get(); ok {
		text += " / " + v.Count(cpus)
	}
	return text
}

// Busy tells that a server's load is beyond its CPUs.
func (v view) Busy(s cycle.ServerRecord) bool {
	load, ok := s.Load1.Get()
	cpus, counted := s.CPUs.Get()
	return ok && counted && load > float64(cpus)
}

// Uptime is how long a server is up.
func (v view) Uptime(s cycle.ServerRecord) string {
	seconds, ok := s.Uptime.Get()
	switch {
	case !ok:
		return v.unknown(s)
	case seconds < 2*day.Seconds():
		return v.Number(seconds/3600, 1) + noBreak + "h"
	}
	return v.Number(seconds/day.Seconds(), 1) + noBreak + v.T("d")
}

// Days are those until a server's certificate expires.
func (v view) Days(s cycle.ServerRecord) string {
	expiry, ok := s.Certificate.Get()
	if !ok {
		return v.unknown(s)
	}
	return v.Count(int(expiry.Sub(v.Last.At)/day)) + noBreak + v.T("d")
}

// Backlog is how many recordings have work to do.
func (v view) Backlog(s cycle.ServerRecord) string {
	stages, ok := s.Backlog.Get()
	if !ok {
		return v.unknown(s)
	}
	sum := 0
	for _, n := range stages {
		sum += n
	}
	return v.Count(sum)
}

// Price is what a server's machine costs in an hour.
func (v view) Price(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return nothing
	}
	return v.Euros(s.Machine.HourlyPrice, 3)
}

// Figure writes a whole number of a server.
func (v view) Figure(s cycle.ServerRecord, r pool.Reading[int]) string {
	if !r.Known() {
		return v.unknown(s)
	}
	return v.Maybe(r)
}

// unknown is what stands where nothing is known: a question mark if something
// should be.
func (v view) unknown(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return nothing
	}
	return "?"
}

// Machine is a machine's state and, in Place, what and where it is.
func (v view) Machine(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return nothing
	}
	return v.T(string(s.Machine.State))
}

// Place is a machine's type and zone.
func (v view) Place(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return ""
	}
	return s.Machine.Type + ", " + s.Machine.Zone
}

// Entry is Scalelite's word on a server.
func (v view) Entry(s cycle.ServerRecord) string {
	if s.Entry == "" {
		return nothing
	}
	words := []string{v.T(string(s.Entry))}
	if !s.Online {
		words = append(words, v.T("offline"))
	}
	if s.Tag != "" {
		words = append(words, v.T("tag %s", s.Tag))
	}
	if s.LoadMultiplier != 0 {
		words = append(words, v.T("multiplier %s", fmt.Sprintf("%g", s.LoadMultiplier)))
	}
	return v.brief(strings.Join(words, ", "))
}

// Why is the reason for a server's treatment, besides maintenance. That one which
// starts does not answer yet is no news.
func (v view) Why(s cycle.ServerRecord) string {
	all := []string{s.Why, s.LeftAlone}
	if groupOf(s) != startingUp {
		all = append(all, s.Unseen...)
	}
	var reasons []string
	for _, reason := range all {
		if reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return v.brief(strings.Join(reasons, "; "))
}

// Short is the part of a domain that tells servers apart, if they share the rest.
func (v view) Short(s cycle.ServerRecord) string {
	name, _, _ := strings.Cut(s.Domain, ".")
	return name
}

// Health is the judgement of a server that has a machine.
func (v view) Health(s cycle.ServerRecord) string {
	if text := healthText(s); text != string(s.Health) {
		return text
	}
	return v.T(string(s.Health))
}
