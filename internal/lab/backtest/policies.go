package backtest

import (
	"fmt"
	"slices"
	"strings"

	"divims/internal/scaling"
)

// Oracle is the policy forecast that is given the true future instead of its own
// prediction. What it does worse than the lower bound is not for want of
// knowledge: meetings cannot be moved, and placing is blind.
const Oracle scaling.Policy = "oracle"

// Policies are a list of policies; the largest answer counts.
type Policies []scaling.Policy

// available are the policies that can be measured.
var available = []scaling.Policy{scaling.PolicyLoad, scaling.PolicySchedule, scaling.PolicyForecast, Oracle}

// ParsePolicies reads a list like "load+schedule".
func ParsePolicies(text string) (Policies, error) {
	var list Policies
	for name := range strings.SplitSeq(text, "+") {
		policy := scaling.Policy(strings.TrimSpace(name))
		if !slices.Contains(available, policy) {
			return nil, fmt.Errorf("policy %.40q: one of %v, or several joined with +", name, available)
		}
		list = append(list, policy)
	}
	return list, nil
}

// String is the list as ParsePolicies reads it.
func (p Policies) String() string {
	names := make([]string, len(p))
	for i, policy := range p {
		names[i] = string(policy)
	}
	return strings.Join(names, "+")
}

func (p Policies) oracle() bool { return slices.Contains(p, Oracle) }

// known is the list as scaling knows it.
func (p Policies) known() []scaling.Policy {
	list := slices.Clone(p)
	for i, policy := range list {
		if policy == Oracle {
			list[i] = scaling.PolicyForecast
		}
	}
	return list
}
