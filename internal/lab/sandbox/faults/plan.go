package faults

import (
	"errors"
	"fmt"
)

// Plan is the configuration of an Injector. The zero Plan injects no faults.
type Plan struct {
	// Rules are tried in this order. The first one that hits a call decides.
	Rules []Rule
	// Seed determines which calls a rule with a Percent hits.
	Seed uint64
	// RacePercent is the percentage of changes from enabled to cordoned or disabled that
	// race with Scalelite's poller. The sandbox applies it, not the Injector.
	RacePercent float64
}

func (p Plan) check() error {
	var problems []error
	for _, rule := range p.Rules {
		if err := rule.check(); err != nil {
			problems = append(problems, fmt.Errorf("fault %q: %w", rule, err))
		}
	}
	if !isPercent(p.RacePercent) {
		problems = append(problems, fmt.Errorf("race=%g%%: the percentage must be 0 to 100", p.RacePercent))
	}
	return errors.Join(problems...)
}
