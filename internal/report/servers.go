package report

import (
	"fmt"
	"slices"
	"strings"

	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// columns are the columns of the servers' table. narrow is the label of a value in
// a narrow window, where the table has no head.
var columns = []struct {
	Name, Class, narrow string
}{
	{"server", "", ""},
	{"machine", "", ""},
	{"Scalelite", "", ""},
	{"health", "", ""},
	{"meetings", "n", "meetings"},
	{"participants", "n", "participants"},
	{"load", "n", "load"},
	{"uptime", "n", "uptime"},
	{"certificate", "n", "certificate"},
	{"backlog", "n", "backlog"},
	{"price/h", "n", "price/h"},
	{"reason", "", ""},
}

// Columns returns the table's head.
func (v view) Columns() []column {
	var head []column
	for _, c := range columns {
		head = append(head, column{v.T(c.Name), c.Class})
	}
	return head
}

type column struct{ Name, Class string }

// group is a part of the table: servers in the same situation.
type group struct {
	Name, Mark string
	Servers    []cycle.ServerRecord
}

// Groups returns the servers by their situation, without those of Resting.
func (v view) Groups() []group {
	groups := []group{
		{Name: v.T("needs attention"), Mark: "▲"}, {Name: v.T("held by a person"), Mark: "◆"}, {Name: v.T("in service"), Mark: "●"},
		{Name: v.T("starting up"), Mark: "◐"}, {Name: v.T("draining"), Mark: "◌"},
	}
	for _, server := range v.Last.Servers {
		if i := groupOf(server); i < len(groups) {
			groups[i].Servers = append(groups[i].Servers, server)
		}
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.Servers) == 0 })
}

// Resting returns the healthy servers that are not enabled and have no machine.
func (v view) Resting() []cycle.ServerRecord {
	var resting []cycle.ServerRecord
	for _, server := range v.Last.Servers {
		if groupOf(server) == groupResting {
			resting = append(resting, server)
		}
	}
	return resting
}

// The groups of servers, in the order of the table. Resting servers are not in it.
const (
	groupAttention = iota
	groupHeld
	groupInService
	groupStarting
	groupDraining
	groupResting
)

func groupOf(s cycle.ServerRecord) int {
	running := s.Machine != nil && s.Machine.State == pool.Running
	switch {
	case s.Maintenance != nil, s.Stage == scaling.StageHeld:
		return groupHeld
	case s.Health != scaling.Healthy, s.Stage == scaling.Late, s.Stage == scaling.Unlisted:
		return groupAttention
	case s.Stage == scaling.Serving:
		return groupInService
	case s.Stage == scaling.Coming:
		return groupStarting
	case s.Entry == pool.Enabled && running && s.Online:
		return groupInService
	case s.Entry == pool.Enabled:
		return groupStarting
	case s.Machine != nil:
		return groupDraining
	}
	return groupResting
}

// healthMarks has a shape for each health, for people who cannot tell the colours apart.
var healthMarks = map[scaling.Health]string{
	scaling.Healthy: "●", scaling.Unseen: "?", scaling.Unresponsive: "✕", scaling.Malfunctioning: "▲", scaling.ToRecycle: "↻",
}

// HealthMark returns the shape of a server's health.
func (v view) HealthMark(s cycle.ServerRecord) string { return healthMarks[s.Health] }

// HealthClass returns the style class of a server's health.
func (v view) HealthClass(s cycle.ServerRecord) string {
	switch s.Health {
	case scaling.Healthy:
		return "well"
	case scaling.ToRecycle, scaling.Unseen:
		return "warning"
	}
	return "error"
}

// Load returns a server's load average and number of CPUs: "3.2 / 8".
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

// Busy reports whether a server's load average exceeds its number of CPUs.
func (v view) Busy(s cycle.ServerRecord) bool {
	load, ok := s.Load1.Get()
	cpus, counted := s.CPUs.Get()
	return ok && counted && load > float64(cpus)
}

// Uptime returns how long a server has been up, in hours or days.
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

// Days returns how many days after the evaluation a server's certificate expires.
func (v view) Days(s cycle.ServerRecord) string {
	expiry, ok := s.Certificate.Get()
	if !ok {
		return v.unknown(s)
	}
	return v.Count(int(expiry.Sub(v.Last.At)/day)) + noBreak + v.T("d")
}

// Backlog returns how many recordings still have work to do.
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

// Price returns the price per hour of a server's machine.
func (v view) Price(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return notApplicable
	}
	return v.Euros(s.Machine.HourlyPrice, 3)
}

// Figure returns a count on a server.
func (v view) Figure(s cycle.ServerRecord, r pool.Reading[int]) string {
	if !r.Known() {
		return v.unknown(s)
	}
	return v.Maybe(r)
}

// unknown returns what is shown for an unknown value: a question mark, or a dash if
// the server has no machine.
func (v view) unknown(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return notApplicable
	}
	return "?"
}

// Machine returns the state of a server's machine.
func (v view) Machine(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return notApplicable
	}
	return v.T(string(s.Machine.State))
}

// Place returns the type and the zone of a server's machine.
func (v view) Place(s cycle.ServerRecord) string {
	if s.Machine == nil {
		return ""
	}
	return s.Machine.Type + ", " + s.Machine.Zone
}

// Entry returns the state, tag and load multiplier of a server's Scalelite entry, and the
// server's stage.
func (v view) Entry(s cycle.ServerRecord) string {
	if s.Entry == "" {
		return notApplicable
	}
	words := []string{v.T(string(s.Entry))}
	if !s.Online {
		words = append(words, v.T("offline"))
	}
	switch s.Stage {
	case "":
	case scaling.StageHeld: // "held" alone is the result of an action
		words = append(words, v.T("held by a person"))
	default:
		words = append(words, v.T(string(s.Stage)))
	}
	if s.Tag != "" {
		words = append(words, v.T("tag %s", s.Tag))
	}
	if s.LoadMultiplier != 0 {
		words = append(words, v.T("multiplier %s", fmt.Sprintf("%g", s.LoadMultiplier)))
	}
	return v.brief(strings.Join(words, ", "))
}

// Why returns the reasons for a server's treatment, besides maintenance. It leaves out
// what a starting server did not answer.
func (v view) Why(s cycle.ServerRecord) quote {
	all := []string{s.Why, s.LeftAlone}
	if groupOf(s) != groupStarting {
		all = append(all, s.Unseen...)
	}
	var reasons []fact.Text
	for i, reason := range all {
		if !slices.Contains(all[:i], reason) {
			reasons = append(reasons, fact.Verbatim(reason))
		}
	}
	return v.quote(reasons...)
}

// Short returns the first label of a server's domain.
func (v view) Short(s cycle.ServerRecord) string {
	name, _, _ := strings.Cut(s.Domain, ".")
	return name
}

// Health returns a server's health, or a dash for a healthy one without a machine.
func (v view) Health(s cycle.ServerRecord) string {
	if text := healthText(s); text != string(s.Health) {
		return text
	}
	return v.T(string(s.Health))
}
