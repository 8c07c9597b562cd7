package faults

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Rule says what happens to which calls.
type Rule struct {
	// Service is one of Services, or "*" for any.
	Service string
	// Server is the number of the server that the call is about; 0 for any, and for
	// calls that are about none.
	Server int
	// Call is a pattern of path.Match for the call's name, for example "PUT *".
	Call string
	Kind Kind
	// From and To choose from the calls that the above match, counted from 1 since
	// the rule was set. From 0 is the first; To 0 is without an end.
	From, To int
	// Percent is how many of these calls are hit, by chance; 0 is all of them.
	Percent float64
}

// Plan is what goes wrong in a sandbox. The zero Plan is that nothing does.
type Plan struct {
	// Rules are tried in this order: the first that hits a call counts.
	Rules []Rule
	// Seed settles what is left to chance.
	Seed uint64
	// RacePercent is how many cordons and disables race with Scalelite's poller.
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
		problems = append(problems, fmt.Errorf("race of %g%%: 0 to 100", p.RacePercent))
	}
	return errors.Join(problems...)
}

func (r Rule) check() error {
	_, badPattern := path.Match(r.Call, "")
	switch {
	case r.Service != "*" && !slices.Contains(Services, r.Service):
		return fmt.Errorf("no service %q: *, %s", r.Service, strings.Join(Services, ", "))
	case r.Call == "" || badPattern != nil:
		return fmt.Errorf("no call can be named %q", r.Call)
	case !r.Kind.known():
		return fmt.Errorf("no kind %q: %s", r.Kind, joinKinds(Kinds))
	case r.Kind.isCertificateFault() && r.Service != TLS:
		return fmt.Errorf("%s is a fault of the service %s", r.Kind, TLS)
	case !r.Kind.isCertificateFault() && r.Service == TLS:
		return fmt.Errorf("the faults of %s are %s and %s", TLS, ExpiredCertificate, WrongName)
	case r.Server < 0 || r.From < 0 || r.To < 0 || r.To > 0 && r.To < r.From:
		return errors.New("servers and calls are counted from 1, upwards")
	case !isPercent(r.Percent):
		return fmt.Errorf("%g%%: 0 to 100", r.Percent)
	}
	return nil
}

func isPercent(percent float64) bool { return percent >= 0 && percent <= 100 }

func joinKinds(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = string(kind)
	}
	return strings.Join(names, ", ")
}

// matches tells whether a rule speaks of such calls.
func (r Rule) matches(s Operation) bool {
	named, _ := path.Match(r.Call, s.Name)
	return named && (r.Service == "*" || r.Service == s.Service) && (r.Server == 0 || r.Server == s.Server)
}

// includes tells whether the nth matching call is one that is chosen.
func (r Rule) includes(n int) bool { return n >= r.From && (r.To == 0 || n <= r.To) }
