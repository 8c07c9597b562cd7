package scaling

import (
	"fmt"
	"math"
	"slices"
	"time"

	"divims/internal/pool"
)

// require asks the policies what the group needs and limits the largest answer:
// clamp(max over policies, minimum, size).
func (g *group) require() {
	counted, all := g.members.capacity((*server).counts), g.members.capacity(func(*server) bool { return true })
	g.enabled, g.size = roundUp(counted), roundUp(all)
	g.Required = Required{
		Enabled: g.members.count((*server).counts), Capacity: pool.Seen(round2(counted)), Size: pool.Seen(round2(all)),
	}
	asked := g.askPolicies()
	if forced := g.d.forced(); forced != nil && g.Tag == "" {
		asked = g.force(*forced, asked)
	}
	g.Required.Servers = asked
	if servers, ok := asked.Get(); ok {
		g.Required.Servers = pool.Seen(g.limit(servers))
	} else {
		g.d.alert(Error, "required servers", adviceNoPolicy, "%s; the capacity is not changed", asked.Reason())
	}
	if g.Tag == "" {
		g.d.plan.Required = g.Required
	}
}

// askPolicies gives the largest answer; unknown when there is none.
func (g *group) askPolicies() pool.Reading[int] {
	required, largest := &g.Required, pool.Unknown[int]("no policy has an answer")
	for _, policy := range g.config.Policies {
		answer := g.ask(policy)
		required.Policies = append(required.Policies, answer)
		if servers, ok := answer.Servers.Get(); ok {
			before, _ := largest.Get()
			largest = pool.Seen(max(before, servers))
		}
		g.d.warnAnswer(answer)
	}
	if advice, asked := g.advice(); asked {
		required.Policies = append(required.Policies, advice)
	}
	return largest
}

// force puts an operator's number in the place of what the policies ask for, and
// warns when that is more.
func (g *group) force(forced pool.Forced, asked pool.Reading[int]) pool.Reading[int] {
	until := forced.Until.UTC().Format(time.RFC3339)
	g.limited("forced to %d until %s by %s: %s", forced.Servers, until, forced.Author, forced.Reason)
	if len(g.d.groups) > 1 {
		g.limited("servers with a tag are not forced: they go by their own load")
	}
	if servers, ok := asked.Get(); ok && servers > forced.Servers {
		g.d.alert(Warning, "forced", adviceForced, "the policies require %s; %s has forced %d until %s",
			pool.Count(servers, "server"), forced.Author, forced.Servers, until)
	}
	return pool.Seen(forced.Servers)
}

// limit brings what is asked for between the minimum and what all servers of the
// group count as.
func (g *group) limit(asked int) int {
	servers, minimum := asked, g.config.Minimum()
	g.Required.UsedUp = asked > minimum && asked >= g.size
	if servers < minimum {
		servers = minimum
		g.limited("raised from %d to the minimum of %d", asked, minimum)
	}
	if servers <= g.size {
		return servers
	}
	g.limited("limited from %d to the %s that there are", servers, g.all())
	if g.Required.UsedUp {
		g.d.alert(Error, g.subject(poolSizeSubject), advicePoolSize, "%d servers are required, the pool has %s", asked, g.all())
	}
	return g.size
}

func (g *group) limited(format string, args ...any) {
	g.Required.Limits = append(g.Required.Limits, fmt.Sprintf(format, args...))
}

// all is how many servers there are, and where multipliers make another number of
// them, how they count: "10 (20 servers, by load multipliers)".
func (g *group) all() string {
	if n := len(g.members); n != g.size {
		return fmt.Sprintf("%d (%s, by load multipliers)", g.size, pool.Count(n, "server"))
	}
	return fmt.Sprint(g.size)
}

// roundUp makes a whole number of servers of what some count as.
func roundUp(capacity float64) int { return int(math.Ceil(capacity - almost)) }

func (g *group) ask(policy Policy) Answer {
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

// forecasts tells whether the forecast is among the policies.
func (g *group) forecasts() bool {
	return slices.Contains(g.config.Policies, PolicyForecast)
}

// forced is an operator's number, which stands in the place of the policies'
// until its time is over; nil for none.
func (d *decision) forced() *pool.Forced {
	if forced := d.state.Forced; forced != nil && d.now.Before(forced.Until) {
		return forced
	}
	return nil
}

// required is how many servers of the group must be enabled; without an answer, as many as
// were when the answers ceased. (As many as are would be one more with every
// replacement that is enabled beside what it replaces.)
func (g *group) required() int {
	if servers, ok := g.Required.Servers.Get(); ok {
		return servers
	}
	return g.d.kept()
}

// kept is what is required of the servers without a tag while no policy has an
// answer; those with a tag go by the load, which always has one.
func (d *decision) kept() int {
	if d.state.Kept > 0 {
		return d.state.Kept
	}
	untagged := d.groups[0]
	return max(untagged.enabled, untagged.config.Minimum())
}
