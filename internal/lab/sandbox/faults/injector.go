// Package faults makes the services of a sandbox fail. A Plan of rules says which calls fail and how, and
// Injector.Wrap wraps the handler of a service. Calls then fail as they do with a broken network, proxy or service,
// and the Injector keeps a log of all calls and their faults.
package faults

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
)

// Injector decides for every call which fault hits it. It is safe for concurrent use.
type Injector struct {
	seed uint64
	turn Turn

	lock   sync.Mutex
	rules  []*activeRule
	killed bool
	// certificateChanges counts how often certificates changed: rules with certificate faults
	// were set, or CertificatesChanged was called.
	certificateChanges int

	logging       bool
	number        int
	ordinals      map[Operation]int
	log           []Call
	lastResponses map[string]response
	onCall        func(Call)
}

// activeRule is a rule and the number of calls that have matched it.
type activeRule struct {
	Rule
	matched      int
	perOperation map[Operation]int
}

// New creates an injector with the plan's rules. It returns an error if the plan is invalid.
func New(plan Plan) (*Injector, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	i := &Injector{seed: plan.Seed, ordinals: map[Operation]int{}, lastResponses: map[string]response{}}
	return i, i.Set(plan.Rules...)
}

// Set replaces the rules, counts their calls from 1 again, and ends the effect of Kill.
// If a rule is invalid, it returns an error and changes nothing.
func (i *Injector) Set(rules ...Rule) error {
	if err := (Plan{Rules: rules}).check(); err != nil {
		return err
	}
	i.lock.Lock()
	defer i.lock.Unlock()
	i.rules, i.killed = nil, false
	for _, rule := range rules {
		i.rules = append(i.rules, &activeRule{Rule: rule, perOperation: map[Operation]int{}})
		if rule.Kind.isCertificateFault() {
			i.certificateChanges++
		}
	}
	return nil
}

// Clear removes all rules and ends the effect of Kill.
func (i *Injector) Clear() { _ = i.Set() }

// Kill refuses every call until the next Set or Clear, as if the caller was dead.
func (i *Injector) Kill() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.killed = true
}

// Reset empties the call log and counts calls from 1 again. Nothing is logged before
// the first Reset, because a sandbox may run for weeks.
func (i *Injector) Reset() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.logging, i.number, i.log = true, 0, nil
	i.ordinals = map[Operation]int{}
}

// Calls returns the log since the last Reset in the order in which the calls arrived.
// A call is logged just before its response is sent or its connection is reset.
// Handshakes are logged only if a fault hit them.
func (i *Injector) Calls() []Call {
	i.lock.Lock()
	defer i.lock.Unlock()
	calls := slices.Clone(i.log)
	slices.SortFunc(calls, func(a, b Call) int { return cmp.Compare(a.Number, b.Number) })
	return calls
}

// OnCall sets a function that is called for every call, and for every handshake that a
// fault hits. It runs before the response is sent, and after the service has executed the
// call, unless the fault prevents that. Nil removes the function.
func (i *Injector) OnCall(do func(Call)) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.onCall = do
}

// begin numbers a call and chooses its fault.
func (i *Injector) begin(operation Operation) Call {
	i.lock.Lock()
	defer i.lock.Unlock()
	call := i.count(operation)
	if i.killed {
		call.Fault = Refused
		return call
	}
	call.Fault = i.faultOf(operation)
	i.killed = call.Fault.kills()
	return call
}

func (i *Injector) count(operation Operation) Call {
	i.number++
	i.ordinals[operation]++
	return Call{Operation: operation, Number: i.number, Ordinal: i.ordinals[operation]}
}

// faultOf returns the fault of the first rule that hits. Every matching rule counts
// the call, also after the first hit.
func (i *Injector) faultOf(operation Operation) Kind {
	var fault Kind
	for index, rule := range i.rules {
		if !rule.matches(operation) {
			continue
		}
		rule.matched++
		rule.perOperation[operation]++
		if fault == "" && rule.includes(rule.matched) && i.chance(index, operation, rule.perOperation[operation]) < percentOf(rule.Rule) {
			fault = rule.Kind
		}
	}
	return fault
}

func percentOf(rule Rule) float64 { return cmp.Or(rule.Percent, 100) }

// chance draws a number from 0 to 100 for the nth call of an operation. It does not
// depend on the order of concurrent calls of different operations.
func (i *Injector) chance(rule int, operation Operation, n int) float64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, rule, operation, n)
	return 100 * rand.New(rand.NewPCG(i.seed, hash.Sum64())).Float64()
}

// report logs a call and calls the OnCall function.
func (i *Injector) report(call Call) {
	i.lock.Lock()
	if i.logging {
		i.log = append(i.log, call)
	}
	do := i.onCall
	i.lock.Unlock()
	if do != nil {
		do(call)
	}
}

// keepsResponses reports whether responses must be kept: a Stale rule is set, or calls are
// logged and such a rule may follow.
func (i *Injector) keepsResponses() bool {
	return i.logging || slices.ContainsFunc(i.rules, func(r *activeRule) bool { return r.Kind == Stale })
}

// remember keeps a successful response to a GET, if responses must be kept.
func (i *Injector) remember(r *http.Request, service string, a response) {
	i.lock.Lock()
	defer i.lock.Unlock()
	if i.keepsResponses() && r.Method == http.MethodGet && a.status/100 == 2 {
		i.lastResponses[service+r.Host+r.URL.RequestURI()] = a
	}
}

// recall returns the last successful response to the same GET.
func (i *Injector) recall(r *http.Request, service string) (response, bool) {
	i.lock.Lock()
	defer i.lock.Unlock()
	a, known := i.lastResponses[service+r.Host+r.URL.RequestURI()]
	return a, known && r.Method == http.MethodGet
}

// Handshake returns the fault of a server's certificate in the current handshake, or "".
func (i *Injector) Handshake(server int) Kind {
	i.lock.Lock()
	operation := Operation{TLS, Handshake, server}
	fault := i.faultOf(operation)
	var call Call
	if fault != "" {
		call = i.count(operation)
		call.Fault = fault
	}
	i.lock.Unlock()
	if fault != "" {
		i.report(call)
	}
	return fault
}

// certificateChangesKey is the context key of a connection's certificateChanges at the
// time it was accepted.
type certificateChangesKey struct{}

// ConnContext is an http.Server's ConnContext.
func (i *Injector) ConnContext(ctx context.Context) context.Context {
	i.lock.Lock()
	defer i.lock.Unlock()
	return context.WithValue(ctx, certificateChangesKey{}, i.certificateChanges)
}

// CertificatesChanged makes all connections outdated: other certificates are shown now.
func (i *Injector) CertificatesChanged() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.certificateChanges++
}

// ConnOutdated reports whether a request's connection is older than the last change of
// certificates. It must be closed, so that the client sees the new certificate.
func (i *Injector) ConnOutdated(ctx context.Context) bool {
	i.lock.Lock()
	defer i.lock.Unlock()
	made, known := ctx.Value(certificateChangesKey{}).(int)
	return known && made != i.certificateChanges
}
