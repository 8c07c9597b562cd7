package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/fact"
	"divims/internal/pool"
)

// Result is the result of a step.
type Result string

// The results of steps.
const (
	Done    Result = "done"
	Waiting Result = "waiting"     // not final: the step continues
	Left    Result = "left to you" // the operator must do it
	Skipped Result = "skipped"     // an earlier step of the server was not done
	Failed  Result = "failed"
)

// Outcome is a step with its result.
type Outcome struct {
	Server pool.Server `json:"server"`
	Step   Step        `json:"step"`
	Result Result      `json:"result"`
	// Detail says why the step was not done, or what it waits for.
	Detail string `json:"detail,omitempty"`
}

// String returns the outcome as one line.
func (o Outcome) String() string {
	text := fmt.Sprintf("server %d: %s: %s", o.Server.Number, o.Step.describe(o.Server), o.Result)
	if o.Detail != "" {
		text += " (" + fact.Clean(o.Detail) + ")"
	}
	return text
}

// Run carries out plans. Every step can be repeated: it changes nothing that an earlier,
// interrupted run has done already. So the next run finishes an interrupted one.
type Run struct {
	Services
	Config Config
	// Parallel is how many servers are worked on at the same time.
	Parallel int
	// While a step waits, it checks every CheckInterval, at most MaxChecks times.
	CheckInterval time.Duration
	MaxChecks     int
	// Pause waits. It ends early, with an error, when the context does.
	Pause func(context.Context, time.Duration) error
	// Report is called with the outcome of each step, one call at a time.
	Report func(Outcome)

	reporting sync.Mutex
	// turn has room for the one change of Scalelite's entries that is in work.
	turn chan struct{}
}

// A step that fails is tried again, maxTries times in all.
const (
	maxTries   = 3
	retryPause = 2 * time.Second
)

// Do carries out a plan and returns the outcome of each step. It writes the DNS
// records of all servers before it waits for the first of them.
func (r *Run) Do(ctx context.Context, plan Plan) []Outcome {
	r.turn = make(chan struct{}, 1)
	chains := make([]*chain, len(plan))
	for i, server := range plan {
		chains[i] = &chain{Run: r, ServerPlan: server, reserved: map[pool.Family]pool.Address{}}
	}
	r.each(chains, func(c *chain) {
		wait := slices.IndexFunc(c.Steps, func(s Step) bool { return s.Kind == Await })
		if wait < 0 {
			wait = len(c.Steps)
		}
		c.work(ctx, c.Steps[:wait])
	})
	r.each(chains, func(c *chain) { c.work(ctx, c.Steps[len(c.outcomes):]) })
	var outcomes []Outcome
	for _, c := range chains {
		outcomes = append(outcomes, c.outcomes...)
	}
	return outcomes
}

func (r *Run) each(chains []*chain, do func(*chain)) {
	var group errgroup.Group // used for its limit: no call returns an error
	group.SetLimit(r.Parallel)
	for _, c := range chains {
		group.Go(func() error {
			do(c)
			return nil
		})
	}
	_ = group.Wait()
}

func (r *Run) report(outcome Outcome) {
	r.reporting.Lock()
	defer r.reporting.Unlock()
	r.Report(outcome)
}

// chain carries out the plan of one server.
type chain struct {
	*Run
	ServerPlan
	// reserved are the addresses that this run has reserved, by family.
	reserved map[pool.Family]pool.Address
	outcomes []Outcome
	broken   bool
}

// work takes steps in order. After the first one that is not done, it skips the others.
func (c *chain) work(ctx context.Context, steps []Step) {
	for _, step := range steps {
		if c.broken {
			c.outcomes = append(c.outcomes, Outcome{c.Server, c.filled(step), Skipped, ""})
			continue
		}
		outcome := c.take(ctx, c.filled(step))
		c.outcomes = append(c.outcomes, outcome)
		c.report(outcome)
		c.broken = outcome.Result != Done
	}
}

// filled returns the step with the address that an earlier step has reserved.
func (c *chain) filled(step Step) Step {
	address, known := c.reserved[step.Family]
	if !known || step.Kind == Reserve {
		return step
	}
	if step.Record.Name != "" && step.Record.Data == "" {
		step.Record = pool.RecordFor(step.Record.Name, address)
	}
	if !step.Address.IP.IsValid() {
		step.Address = address
	}
	return step
}

func (c *chain) take(ctx context.Context, step Step) Outcome {
	outcome := Outcome{Server: c.Server, Step: step, Result: Done}
	if step.Kind == ByHand {
		outcome.Result, outcome.Detail = Left, "then run this again"
		return outcome
	}
	err := c.takeWithRetries(ctx, step)
	switch {
	case ctx.Err() != nil:
		outcome.Result, outcome.Detail = Failed, "interrupted: run this again to continue"
	case err != nil:
		outcome.Result, outcome.Detail = Failed, err.Error()
	case step.Kind == Reserve:
		outcome.Detail = c.reserved[step.Family].IP.String()
	}
	return outcome
}

func (c *chain) takeWithRetries(ctx context.Context, step Step) (err error) {
	for try := range maxTries {
		if try > 0 && c.Pause(ctx, retryPause) != nil {
			return err
		}
		if err = c.try(ctx, step); err == nil || errors.Is(err, errTimeout) {
			return err
		}
	}
	return err
}

func (c *chain) try(ctx context.Context, step Step) error {
	switch step.Kind {
	case Await:
		return c.await(ctx, step)
	case Reverse:
		return c.reverse(ctx, step)
	case Register, Disable, Unregister:
		return c.changeEntry(ctx, step)
	}
	ctx, cancel := context.WithTimeout(ctx, c.Config.CallTimeout)
	defer cancel()
	switch step.Kind {
	case Reserve:
		return c.reserve(ctx, step)
	case Keep:
		return c.Hoster.Keep(ctx, step.Address, c.Server)
	case Write:
		return c.write(ctx, step.Record)
	case Erase:
		return c.Zone.Delete(ctx, step.Record)
	case Unreverse:
		return ignoreGone(c.Hoster.SetReverse(ctx, step.Address, ""))
	case Release:
		return c.Hoster.Release(ctx, step.Address)
	}
	return fmt.Errorf("unknown kind of step %q", step.Kind)
}

// ignoreGone returns nil for an error which says that the thing does not exist any more.
func ignoreGone(err error) error {
	if errors.Is(err, pool.ErrGone) {
		return nil
	}
	return err
}

// reserve reserves an address, unless one has the server's tags by now: another run,
// or a call whose answer was lost, may have reserved it.
func (c *chain) reserve(ctx context.Context, step Step) error {
	all, err := c.Hoster.Addresses(ctx)
	if err != nil {
		return err
	}
	found := ofFamily(pool.AddressesOf(all, c.Config.Tag, c.Server.Number), step.Family)
	if len(found) > 1 {
		return fmt.Errorf("%d addresses have its tags by now: %s", len(found), join(found))
	}
	if len(found) == 0 {
		address, err := c.Hoster.Reserve(ctx, c.Server, step.Zone, step.Family)
		if err != nil {
			return err
		}
		found = []pool.Address{address}
	}
	c.reserved[step.Family] = found[0]
	return nil
}

// write writes a record, unless the zone has one by now that contradicts it: a
// provider might replace that one.
func (c *chain) write(ctx context.Context, wanted pool.DNSRecord) error {
	records, err := c.Zone.Records(ctx, []string{wanted.Name})
	if err != nil {
		return err
	}
	for _, record := range records {
		if contradicts(record, wanted) {
			return fmt.Errorf("the zone has the record %s by now", record)
		}
	}
	return c.Zone.Write(ctx, wanted)
}

// errAnswers keeps an entry from being disabled or removed.
var errAnswers = errors.New("BBB answers at the server's domain by now")

// changeEntry changes the server's entry when no other change is in work, because Scalelite
// refuses some of those that come side by side. It neither disables nor removes the entry of
// a server whose BBB answers by now.
func (c *chain) changeEntry(ctx context.Context, step Step) error {
	if step.Kind != Register && c.answers(ctx, step) {
		return errAnswers
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, c.Config.CallTimeout)
	defer cancel()
	switch step.Kind {
	case Register:
		return c.register(ctx)
	case Disable:
		return ignoreGone(c.LoadBalancer.SetState(ctx, step.EntryID, pool.Disabled))
	}
	return ignoreGone(c.LoadBalancer.Unregister(ctx, step.EntryID))
}

// register registers an entry unless there is one by now: Scalelite would accept a
// second one for the same URL.
func (c *chain) register(ctx context.Context) error {
	entries, err := c.LoadBalancer.Entries(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e pool.Entry) bool { return e.IsOf(c.Server) }) {
		return nil
	}
	_, err = c.LoadBalancer.Register(ctx, c.Server.EntryURL(), c.Config.BBBSecret)
	return err
}

// answers reports whether a BBB answers at the URL of the step's entry. An address without
// a machine drops packets, so that nobody answers before the timeout.
func (c *chain) answers(ctx context.Context, step Step) bool {
	return ask(ctx, c.Config.AnswerTimeout, func(ctx context.Context) (string, error) {
		return c.BBB.Version(ctx, pool.Endpoint{URL: step.EntryURL})
	}).Known()
}
