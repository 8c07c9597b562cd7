// Package faults makes the services of a sandbox fail.
// In go rules that say which call of which service fails how; around a service's handler goes Layer.Wrap.
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

// Layer decides on every call. It is safe for concurrent use.
type Layer struct {
	seed uint64

	lock  sync.Mutex
	rules []*ruleInForce
	dead  bool
	// reloads counts how often rules for certificates were set.
	reloads int

	logging  bool
	number   int
	ordinals map[Site]int
	log      []Call
	answers  map[string]answer
	onCall   func(Call)
}

// ruleInForce is a rule with the number of calls that matched it.
type ruleInForce struct {
	Rule
	matched int
	atSite  map[Site]int
}

// New makes a layer with the plan's rules set. The error is that one makes no sense.
func New(plan Plan) (*Layer, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	l := &Layer{seed: plan.Seed, ordinals: map[Site]int{}, answers: map[string]answer{}}
	return l, l.Set(plan.Rules...)
}

// Set replaces the rules, begins to count from 1 for them, and ends the effect of
// Kill. The error is that a rule makes no sense; then nothing changes.
func (l *Layer) Set(rules ...Rule) error {
	if err := (Plan{Rules: rules}).check(); err != nil {
		return err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	l.rules, l.dead = nil, false
	for _, rule := range rules {
		l.rules = append(l.rules, &ruleInForce{Rule: rule, atSite: map[Site]int{}})
		if rule.Kind.ofCertificate() {
			l.reloads++
		}
	}
	return nil
}

// Clear ends all faults.
func (l *Layer) Clear() { _ = l.Set() }

// Kill refuses every call from now on, until Set or Clear: the caller is dead.
func (l *Layer) Kill() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.dead = true
}

// Reset empties the log of calls and counts them from 1 again. Before the first
// Reset there is no log: a sandbox may run for weeks.
func (l *Layer) Reset() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.logging, l.number, l.log = true, 0, nil
	l.ordinals = map[Site]int{}
}

// Calls are those since the last Reset of which it is settled what becomes of
// them, in the order of their arrival. Handshakes are in it only if they failed.
func (l *Layer) Calls() []Call {
	l.lock.Lock()
	defer l.lock.Unlock()
	calls := slices.Clone(l.log)
	slices.SortFunc(calls, func(a, b Call) int { return cmp.Compare(a.Number, b.Number) })
	return calls
}

// OnCall has do told of every call once it is settled what becomes of it: after
// it was carried out, if it is, and before the caller hears of that. Nil is nobody.
func (l *Layer) OnCall(do func(Call)) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.onCall = do
}

// begin numbers a call and decides on it.
func (l *Layer) begin(site Site) Call {
	l.lock.Lock()
	defer l.lock.Unlock()
	call := l.count(site)
	if l.dead {
		call.Fault = Refused
		return call
	}
	call.Fault = l.faultOf(site)
	l.dead = call.Fault.kills()
	return call
}

func (l *Layer) count(site Site) Call {
	l.number++
	l.ordinals[site]++
	return Call{Site: site, Number: l.number, Ordinal: l.ordinals[site]}
}

// faultOf asks the rules. Each counts every call that matches it, whether or not
// an earlier one has hit.
func (l *Layer) faultOf(site Site) Kind {
	var fault Kind
	for i, rule := range l.rules {
		if !rule.matches(site) {
			continue
		}
		rule.matched++
		rule.atSite[site]++
		if fault == "" && rule.includes(rule.matched) && l.chance(i, site, rule.atSite[site]) < percentOf(rule.Rule) {
			fault = rule.Kind
		}
	}
	return fault
}

func percentOf(rule Rule) float64 { return cmp.Or(rule.Percent, 100) }

// chance draws from 0 to 100 for the nth call of a site. It does not depend on
// the order of calls that are made at the same time.
func (l *Layer) chance(rule int, site Site, n int) float64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, rule, site, n)
	return 100 * rand.New(rand.NewPCG(l.seed, hash.Sum64())).Float64()
}

// settle logs a call and tells of it.
func (l *Layer) settle(call Call) {
	l.lock.Lock()
	if l.logging {
		l.log = append(l.log, call)
	}
	do := l.onCall
	l.lock.Unlock()
	if do != nil {
		do(call)
	}
}

// keeps tells whether anybody might ask for a stale answer.
func (l *Layer) keeps() bool {
	return l.logging || slices.ContainsFunc(l.rules, func(r *ruleInForce) bool { return r.Kind == Stale })
}

// remember keeps a good answer.
func (l *Layer) remember(r *http.Request, service string, a answer) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.keeps() && r.Method == http.MethodGet && a.status/100 == 2 {
		l.answers[service+r.Host+r.URL.RequestURI()] = a
	}
}

// recall is the last good answer to the same request.
func (l *Layer) recall(r *http.Request, service string) (answer, bool) {
	l.lock.Lock()
	defer l.lock.Unlock()
	a, known := l.answers[service+r.Host+r.URL.RequestURI()]
	return a, known && r.Method == http.MethodGet
}

// Handshake is what is wrong with the certificate that a server shows now.
func (l *Layer) Handshake(server int) Kind {
	l.lock.Lock()
	site := Site{TLS, Handshake, server}
	fault := l.faultOf(site)
	var call Call
	if fault != "" {
		call = l.count(site)
		call.Fault = fault
	}
	l.lock.Unlock()
	if fault != "" {
		l.settle(call)
	}
	return fault
}

// reloadsKey is under which a connection's context says how many reloads there
// were when it was made.
type reloadsKey struct{}

// Connected is for http.Server's ConnContext.
func (l *Layer) Connected(ctx context.Context) context.Context {
	l.lock.Lock()
	defer l.lock.Unlock()
	return context.WithValue(ctx, reloadsKey{}, l.reloads)
}

// Outdated tells of a request's context whether its connection was made before
// certificates changed, and has to end for the client to see them.
func (l *Layer) Outdated(ctx context.Context) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	made, known := ctx.Value(reloadsKey{}).(int)
	return known && made != l.reloads
}
