package scaling

import (
	"fmt"
	"math"
	"slices"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// require asks the policies what the group needs and limits the largest answer:
// clamp(max over policies, minimum, size).
func (g *group) require() {
	counted, all := g.members.capacity((*server).counts), g.members.capacity(func(*server) bool { return true })
	g.enabled, g.size = roundUp(counted), roundUp(all)
	g.Required = Required{
		Enabled: g.members.count((*server).counts), Capacity: pool.Seen(round2(counted)), Size: pool.Seen(round2(all)),
		Serving: g.members.count((*server).serving), ServingCapacity: pool.Seen(round2(g.members.capacity((*server).serving))),
	}
	asked := g.askPolicies()
	g.warnPolicies(asked)
	if forced := g.d.forced(); forced != nil && g.Tag == "" {
		asked = g.force(*forced, asked)
	}
	g.Required.Servers = asked
	if servers, ok := asked.Get(); ok {
		servers = g.limit(servers)
		if g.d.forced() == nil || g.Tag != "" {
			servers = g.raiseToFloor(servers)
		}
		g.Required.Servers = pool.Seen(servers)
	} else {
		g.d.leaveOpen(SubjectPoolSize)
	}
	if g.Tag == "" {
		g.d.plan.Required = g.Required
	}
}

// askPolicies returns the largest answer of the policies. It is unknown if no policy
// has one.
func (g *group) askPolicies() pool.Reading[int] {
	required, largest := &g.Required, pool.Unknown[int]("no policy has an answer")
	for _, policy := range g.config.Policies {
		answer := g.answer(policy)
		required.Policies = append(required.Policies, answer)
		if servers, ok := answer.Servers.Get(); ok {
			before, _ := largest.Get()
			largest = pool.Seen(max(before, servers))
		}
	}
	if advice, asked := g.advice(); asked {
		required.Policies = append(required.Policies, advice)
	}
	return largest
}

// force returns an operator's number instead of what the policies ask for. It adds an
// alert if the policies ask for more.
func (g *group) force(forced pool.Forced, asked pool.Reading[int]) pool.Reading[int] {
	until := forced.Until.UTC().Format(time.RFC3339)
	g.noteLimit("forced to %d until %s by %s: %s", forced.Servers, until, forced.Author, forced.Reason)
	if len(g.d.groups) > 1 {
		g.noteLimit("servers with a tag are not forced: they go by their own load")
	}
	if servers, ok := asked.Get(); ok && servers > forced.Servers {
		g.d.alert(Warning, SubjectPolicy, adviceForced, "the policies require %s; %s has forced %d until %s",
			fact.Count(servers, "server"), forced.Author, forced.Servers, forced.Until)
	}
	return pool.Seen(forced.Servers)
}

// limit raises the number of servers to the minimum, and reduces it to the capacity of
// all servers of the group.
func (g *group) limit(asked int) int {
	servers, minimum := asked, g.config.Minimum()
	g.Required.UsedUp = asked > minimum && asked >= g.size
	if servers < minimum {
		servers = minimum
		g.noteLimit("raised from %d to the minimum of %d", asked, minimum)
	}
	if servers <= g.size {
		return servers
	}
	g.noteLimit("limited from %d to the %s that there are", servers, g.sizeText())
	if g.Required.UsedUp {
		g.d.alert(Error, SubjectPoolSize, advicePoolSize, "%s", g.ofTag(fact.New("%d servers are required, the pool has %s", asked, g.sizeText())))
	}
	return g.size
}

// noteLimit records a limit with its numbers.
func (g *group) noteLimit(format string, args ...any) {
	g.Required.Limits = append(g.Required.Limits, fmt.Sprintf(format, args...))
}

// sizeText returns the number of servers, and with load multipliers how many they
// count as: "10 (20 servers, by load multipliers)".
func (g *group) sizeText() fact.Text {
	if n := len(g.members); n != g.size {
		return fact.New("%d (%s, by load multipliers)", g.size, fact.Count(n, "server"))
	}
	return fact.New("%d", g.size)
}

// roundUp rounds a capacity up to whole servers.
func roundUp(capacity float64) int { return int(math.Ceil(capacity - tolerance)) }

// answer returns the answer of one policy.
func (g *group) answer(policy Policy) Answer {
	switch policy {
	case PolicyForecast:
		return g.forecastAnswer()
	case PolicyLoad:
		return g.loadAnswer()
	case PolicySchedule:
		return scheduleAnswer(g.d.now, g.config, g.d.seen.Calendar, g.enabled)
	}
	reason := fmt.Sprintf("unknown policy %q", policy)
	return Answer{Policy: policy, Servers: pool.Unknown[int](reason), Why: []string{reason}}
}

// forecasts reports whether the forecast is among the policies.
func (g *group) forecasts() bool {
	return slices.Contains(g.config.Policies, PolicyForecast)
}

// forced returns the operator's number that replaces the policies' answers, or nil if
// there is none or its time is over.
func (d *decision) forced() *pool.Forced {
	if forced := d.state.Forced; forced != nil && d.now.Before(forced.Until) {
		return forced
	}
	return nil
}

// required returns how many servers of the group must be enabled. If no policy has an
// answer, it is as many as were enabled when the policies stopped answering. The number
// that is enabled now would not do: it grows whenever a replacement is enabled before the
// replaced server is cordoned.
func (g *group) required() int {
	if servers, ok := g.Required.Servers.Get(); ok {
		return servers
	}
	return g.d.kept()
}

// kept returns how many servers without a tag stay enabled while no policy has an
// answer. Groups with a tag use the load policy, which always has an answer.
func (d *decision) kept() int {
	if d.state.Kept > 0 {
		return d.state.Kept
	}
	untagged := d.groups[0]
	enabled := untagged.members.capacity(func(s *server) bool {
		return s.entry != nil && s.entry.State == pool.Enabled && s.stage != StageHeld
	})
	return max(roundUp(enabled), untagged.config.Minimum())
}
