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
	config := d.group.config
	required := Required{Enabled: d.count((*server).counts)}
	d.group.enabled = int(math.Ceil(d.capacity((*server).counts) - almost))
	largest, answered := 0, false
	for _, policy := range config.Policies {
		answer := d.ask(policy, d.group.enabled)
		required.Policies = append(required.Policies, answer)
		if servers, ok := answer.Servers.Get(); ok {
			largest, answered = max(largest, servers), true
		}
		d.warnAnswer(answer)
	}
	if advice, asked := d.advice(); asked {
		required.Policies = append(required.Policies, advice)
	}
	if forced := d.forced(); forced != nil && d.group.Tag == "" {
		required.Limits = append(required.Limits, fmt.Sprintf("forced to %d until %s by %s: %s",
			forced.Servers, forced.Until.UTC().Format(time.RFC3339), forced.Author, forced.Reason))
		if answered && largest > forced.Servers {
			d.alert(Warning, "forced", adviceForced, "the policies require %d servers; %s has forced %d until %s",
				largest, forced.Author, forced.Servers, forced.Until.UTC().Format(time.RFC3339))
		}
		largest, answered = forced.Servers, true
	}
	if answered {
		limited := largest
		if minimum := config.Minimum(); limited < minimum {
			limited = minimum
			required.Limits = append(required.Limits, fmt.Sprintf("raised from %d to the minimum of %d", largest, minimum))
		}
		if limited > config.Size {
			limited = config.Size
			required.Limits = append(required.Limits, fmt.Sprintf("limited from %d to the %d that there are", largest, config.Size))
			d.alert(Error, d.group.subject(poolSizeSubject), advicePoolSize, "%d servers are required, the pool has %d", largest, config.Size)
		}
		required.Servers = pool.Seen(limited)
	} else {
		required.Servers = pool.Unknown[int]("no policy has an answer")
		d.alert(Error, "required servers", adviceNoPolicy, "no policy has an answer; the capacity is not changed")
	}
	d.group.Required = required
	if d.group.Tag == "" {
		d.plan.Required = required
	}
}

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
