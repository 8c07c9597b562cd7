package backtest

import (
	"fmt"
	"slices"
	"strings"

	"divims/internal/scaling"
)

// Oracle is the policy forecast with the true future instead of a prediction. Its
// distance from the lower bound is not due to missing knowledge but to meetings that
// cannot be moved and to their placement by Scalelite.
const Oracle scaling.Policy = "oracle"

// Policies is a list of policies. The largest of their answers counts.
type Policies []scaling.Policy

// available are the policies that can be measured.
var available = []scaling.Policy{scaling.PolicyLoad, scaling.PolicySchedule, scaling.PolicyForecast, Oracle}

// ParsePolicies parses a list like "load+schedule".
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

// String returns the list in the form of ParsePolicies.
func (p Policies) String() string {
	names := make([]string, len(p))
	for i, policy := range p {
		names[i] = string(policy)
	}
	return strings.Join(names, "+")
}

func (p Policies) oracle() bool { return slices.Contains(p, Oracle) }

// known returns the list for package scaling, which does not know Oracle: the forecast
// replaces it.
func (p Policies) known() []scaling.Policy {
	list := slices.Clone(p)
	for i, policy := range list {
		if policy == Oracle {
			list[i] = scaling.PolicyForecast
		}
	}
	return list
}
