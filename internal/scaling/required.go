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
func (d *decision) require() {
	g := d.group
	counted, all := d.capacity((*server).counts), d.capacity(func(*server) bool { return true })
	g.enabled, g.size = roundUp(counted), roundUp(all)
	g.Required = Required{
		Enabled: d.count((*server).counts), Capacity: pool.Seen(round2(counted)), Size: pool.Seen(round2(all)),
	}
	asked := d.askPolicies()
	if forced := d.forced(); forced != nil && g.Tag == "" {
		asked = d.force(*forced, asked)
	}
	g.Required.Servers = asked
	if servers, ok := asked.Get(); ok {
		g.Required.Servers = pool.Seen(d.limit(servers))
	} else {
		d.alert(Error, "required servers", adviceNoPolicy, "%s; the capacity is not changed", asked.Reason())
	}
	if g.Tag == "" {
		d.plan.Required = g.Required
	}
}

// askPolicies gives the largest answer; unknown when there is none.
func (d *decision) askPolicies() pool.Reading[int] {
	required, largest := &d.group.Required, pool.Unknown[int]("no policy has an answer")
	for _, policy := range d.group.config.Policies {
		answer := d.ask(policy, d.group.enabled)
		required.Policies = append(required.Policies, answer)
		if servers, ok := answer.Servers.Get(); ok {
			before, _ := largest.Get()
			largest = pool.Seen(max(before, servers))
		}
		d.warnAnswer(answer)
	}
	if advice, asked := d.advice(); asked {
		required.Policies = append(required.Policies, advice)
	}
	return largest
}

// force puts an operator's number in the place of what the policies ask for, and
// warns when that is more.
func (d *decision) force(forced pool.Forced, asked pool.Reading[int]) pool.Reading[int] {
	until := forced.Until.UTC().Format(time.RFC3339)
	d.group.limited("forced to %d until %s by %s: %s", forced.Servers, until, forced.Author, forced.Reason)
	if len(d.groups) > 1 {
		d.group.limited("servers with a tag are not forced: they go by their own load")
	}
	if servers, ok := asked.Get(); ok && servers > forced.Servers {
		d.alert(Warning, "forced", adviceForced, "the policies require %s; %s has forced %d until %s",
			pool.Count(servers, "server"), forced.Author, forced.Servers, until)
	}
	return pool.Seen(forced.Servers)
}

// limit brings what is asked for between the minimum and what all servers of the
// group count as.
func (d *decision) limit(asked int) int {
	g, servers, minimum := d.group, asked, d.group.config.Minimum()
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
		d.alert(Error, g.subject(poolSizeSubject), advicePoolSize, "%d servers are required, the pool has %s", asked, g.all())
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

func (d *decision) ask(policy Policy, enabled int) Answer {
	switch policy {
	case PolicyForecast:
		return d.forecastAnswer(enabled)
	case PolicyLoad:
		return loadRequired(d.now, d.group.config, d.group.past(d.state), d.group.Load, enabled)
	case PolicySchedule:
		return scheduleAnswer(d.now, d.group.config, d.seen.Calendar, enabled)
	}
	reason := fmt.Sprintf("unknown policy %q", policy)
	return Answer{Policy: policy, Servers: pool.Unknown[int](reason), Why: []string{reason}}
}

// forecasts tells whether the forecast is among the policies.
func (d *decision) forecasts() bool {
	return slices.Contains(d.group.config.Policies, PolicyForecast)
}

// advice is what the forecast would ask for where it is not among the policies.
func (d *decision) advice() (advice Answer, asked bool) {
	if d.group.Tag != "" || d.forecasts() {
		return Answer{}, false
	}
	answer, problem := d.forecast()
	if problem != "" {
		answer = Answer{Policy: PolicyForecast, Servers: pool.Unknown[int](problem), Why: []string{problem}}
	}
	answer.Advice = true
	return answer, true
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
func (d *decision) required() int {
	if servers, ok := d.group.Required.Servers.Get(); ok {
		return servers
	}
	return d.kept()
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
