// Package faults makes the services of a sandbox fail.
// In go rules that say which call of which service fails how; around a service's handler goes Injector.Wrap.
// Out come answers as from a broken network, proxy or service, and a log of all calls with what was done to them.
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

// Injector decides on every call. It is safe for concurrent use.
type Injector struct {
	seed uint64

	lock  sync.Mutex
	rules []*activeRule
	dead  bool
	// certificateChanges counts how often rules for certificates were set.
	certificateChanges int

	logging       bool
	number        int
	ordinals      map[Operation]int
	log           []Call
	lastResponses map[string]response
	onCall        func(Call)
}

// activeRule is a rule with the number of calls that matched it.
type activeRule struct {
	Rule
	matched      int
	perOperation map[Operation]int
}

// New makes a injector with the plan's rules set. The error is that one makes no sense.
func New(plan Plan) (*Injector, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	i := &Injector{seed: plan.Seed, ordinals: map[Operation]int{}, lastResponses: map[string]response{}}
	return i, i.Set(plan.Rules...)
}

// Set replaces the rules, begins to count from 1 for them, and ends the effect of
// Kill. The error is that a rule makes no sense; then nothing changes.
func (i *Injector) Set(rules ...Rule) error {
	if err := (Plan{Rules: rules}).check(); err != nil {
		return err
	}
	i.lock.Lock()
	defer i.lock.Unlock()
	i.rules, i.dead = nil, false
	for _, rule := range rules {
		i.rules = append(i.rules, &activeRule{Rule: rule, perOperation: map[Operation]int{}})
		if rule.Kind.isCertificateFault() {
			i.certificateChanges++
		}
	}
	return nil
}

// Clear ends all faults.
func (i *Injector) Clear() { _ = i.Set() }

// Kill refuses every call from now on, until Set or Clear: the caller is dead.
func (i *Injector) Kill() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.dead = true
}

// Reset empties the log of calls and counts them from 1 again. Before the first
// Reset there is no log: a sandbox may run for weeks.
func (i *Injector) Reset() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.logging, i.number, i.log = true, 0, nil
	i.ordinals = map[Operation]int{}
}

// Calls are those since the last Reset of which it is settled what becomes of
// them, in the order of their arrival. Handshakes are in it only if they failed.
func (i *Injector) Calls() []Call {
	i.lock.Lock()
	defer i.lock.Unlock()
	calls := slices.Clone(i.log)
	slices.SortFunc(calls, func(a, b Call) int { return cmp.Compare(a.Number, b.Number) })
	return calls
}

// OnCall has do told of every call once it is settled what becomes of it: after
// it was carried out, if it is, and before the caller hears of that. Nil is nobody.
func (i *Injector) OnCall(do func(Call)) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.onCall = do
}

// begin numbers a call and decides on it.
func (i *Injector) begin(operation Operation) Call {
	i.lock.Lock()
	defer i.lock.Unlock()
	call := i.count(operation)
	if i.dead {
		call.Fault = Refused
		return call
	}
	call.Fault = i.faultOf(operation)
	i.dead = call.Fault.kills()
	return call
}

func (i *Injector) count(operation Operation) Call {
	i.number++
	i.ordinals[operation]++
	return Call{Operation: operation, Number: i.number, Ordinal: i.ordinals[operation]}
}

// faultOf asks the rules. Each counts every call that matches it, whether or not
// an earlier one has hit.
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

// chance draws from 0 to 100 for the nth call of a operation. It does not depend on
// the order of calls that are made at the same time.
func (i *Injector) chance(rule int, operation Operation, n int) float64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, rule, operation, n)
	return 100 * rand.New(rand.NewPCG(i.seed, hash.Sum64())).Float64()
}

// settle logs a call and tells of it.
func (i *Injector) settle(call Call) {
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

// keeps tells whether anybody might ask for a stale answer.
func (i *Injector) keepsResponses() bool {
	return i.logging || slices.ContainsFunc(i.rules, func(r *activeRule) bool { return r.Kind == Stale })
}

// remember keeps a good answer.
func (i *Injector) remember(r *http.Request, service string, a response) {
	i.lock.Lock()
	defer i.lock.Unlock()
	if i.keepsResponses() && r.Method == http.MethodGet && a.status/100 == 2 {
		i.lastResponses[service+r.Host+r.URL.RequestURI()] = a
	}
}

// recall is the last good answer to the same request.
func (i *Injector) recall(r *http.Request, service string) (response, bool) {
	i.lock.Lock()
	defer i.lock.Unlock()
	a, known := i.lastResponses[service+r.Host+r.URL.RequestURI()]
	return a, known && r.Method == http.MethodGet
}

// Handshake is what is wrong with the certificate that a server shows now.
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
		i.settle(call)
	}
	return fault
}

// certificateChangesKey is under which a connection's context says how many certificateChanges there
// were when it was made.
type certificateChangesKey struct{}

// Connected is for http.Server's ConnContext.
func (i *Injector) Connected(ctx context.Context) context.Context {
	i.lock.Lock()
	defer i.lock.Unlock()
	return context.WithValue(ctx, certificateChangesKey{}, i.certificateChanges)
}

// Outdated tells of a request's context whether its connection was made before
// certificates changed, and has to end for the client to see them.
func (i *Injector) Outdated(ctx context.Context) bool {
	i.lock.Lock()
	defer i.lock.Unlock()
	made, known := ctx.Value(certificateChangesKey{}).(int)
	return known && made != i.certificateChanges
}
