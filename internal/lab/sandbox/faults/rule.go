package faults

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Rule says which calls a fault hits.
type Rule struct {
	// Service is one of Services, or "*" for any.
	Service string
	// Server is the number of the server that the call is about. 0 matches every call.
	Server int
	// Call is a path.Match pattern for the call's name, for example "PUT *".
	Call string
	Kind Kind
	// From and To select from the matching calls since the rule was set, counted from
	// 1. A From of 0 means from the first one, a To of 0 means without end.
	From, To int
	// Percent is the percentage of the selected calls that are hit, by chance. 0 means
	// all of them.
	Percent float64
}

func (r Rule) check() error {
	_, badPattern := path.Match(r.Call, "")
	switch {
	case r.Service != "*" && !slices.Contains(Services, r.Service):
		return fmt.Errorf("no service %q; use * or one of %s", r.Service, strings.Join(Services, ", "))
	case r.Call == "" || badPattern != nil:
		return fmt.Errorf("%q is not a valid name or pattern of calls", r.Call)
	case !r.Kind.known():
		return fmt.Errorf("no kind %q; use one of %s", r.Kind, joinKinds(Kinds))
	case r.Kind.isCertificateFault() && r.Service != TLS:
		return fmt.Errorf("%s works with the service %s only", r.Kind, TLS)
	case !r.Kind.isCertificateFault() && r.Service == TLS:
		return fmt.Errorf("the service %s can only have %s and %s", TLS, ExpiredCertificate, WrongName)
	case r.Server < 0 || r.From < 0 || r.To < 0 || r.To > 0 && r.To < r.From:
		return errors.New("servers and calls are numbered from 1, and the end of a range is not before its start")
	case !isPercent(r.Percent):
		return fmt.Errorf("%g%%: the percentage must be 0 to 100", r.Percent)
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

// matches reports whether the rule is about an operation.
func (r Rule) matches(o Operation) bool {
	named, _ := path.Match(r.Call, o.Name)
	return named && (r.Service == "*" || r.Service == o.Service) && (r.Server == 0 || r.Server == o.Server)
}

// includes reports whether the rule selects the nth matching call.
func (r Rule) includes(n int) bool { return n >= r.From && (r.To == 0 || n <= r.To) }
