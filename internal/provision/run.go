package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
)

// Result says what a step came to.
type Result string

// Results of steps.
const (
	Done Result = "done"
	// Waiting is no last word: the step goes on.
	Waiting Result = "waiting"
	// Left: a person has to do it.
	Left Result = "left to you"
	// Skipped: an earlier step of the server did not come through.
	Skipped Result = "skipped"
	Failed  Result = "failed"
)

// Outcome is a step and what it came to.
type Outcome struct {
	Server pool.Server `json:"server"`
	Step   Step        `json:"step"`
	Result Result      `json:"result"`
	// Detail says why it was not done, or what is waited for.
	Detail string `json:"detail,omitempty"`
}

// String is the outcome in a line.
func (o Outcome) String() string {
	text := fmt.Sprintf("server %d: %s: %s", o.Server.Number, o.Step.describe(o.Server), o.Result)
	if o.Detail != "" {
		text += " (" + o.Detail + ")"
	}
	return text
}

// String is the plan for people: a line for each step.
func (p ServerPlan) String() string {
	text := fmt.Sprintf("server %d, %s", p.Server.Number, p.Server.Domain)
	if p.Problem != "" {
		text += "\n  nothing is done: " + p.Problem
	}
	for _, step := range p.Steps {
		text += "\n  " + step.describe(p.Server)
	}
	for _, note := range p.Notes {
		text += "\n  note: " + note
	}
	return text
}

// Run carries plans out.
type Run struct {
	Services
	Config Config
	// Parallel servers are worked on side by side.
	Parallel int
	// Every is the pause before names are asked for again, Patience how often
	// that is done.
	Every    time.Duration
	Patience int
	// Pause waits. It ends early, with an error, when the context does.
	Pause func(context.Context, time.Duration) error
	// Tell is told what each step comes to, by several goroutines in turn.
	Tell func(Outcome)

	telling sync.Mutex
}

// tries is how often a step is tried that fails, and rest the pause between.
// Each of them looks first for what an earlier try has done.
const (
	tries = 3
	rest  = 2 * time.Second
)

// Do carries a plan out, and gives what each step came to. All names are written
// before the first is waited for.
func (r *Run) Do(ctx context.Context, plan Plan) []Outcome {
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
	var group errgroup.Group // for its limit: nothing in it fails
	group.SetLimit(r.Parallel)
	for _, c := range chains {
		group.Go(func() error {
			do(c)
			return nil
		})
	}
	_ = group.Wait()
}

func (r *Run) tell(outcome Outcome) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.Tell(outcome)
}

// chain is the work on one server.
type chain struct {
	*Run
	ServerPlan
	// reserved are the addresses that this run has reserved.
	reserved map[pool.Family]pool.Address
	outcomes []Outcome
	broken   bool
}

// work takes the next steps, in order. The first that does not come through ends
// the rest.
func (c *chain) work(ctx context.Context, steps []Step) {
	for _, step := range steps {
		if c.broken {
			c.outcomes = append(c.outcomes, Outcome{c.Server, c.filled(step), Skipped, ""})
			continue
		}
		outcome := c.take(ctx, c.filled(step))
		c.outcomes = append(c.outcomes, outcome)
		c.tell(outcome)
		c.broken = outcome.Result != Done
	}
}

// filled puts the address into a step that an earlier one has reserved.
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
	err := c.tryHard(ctx, step)
	switch {
	case ctx.Err() != nil:
		outcome.Result, outcome.Detail = Failed, "interrupted: run this again to go on"
	case err != nil:
		outcome.Result, outcome.Detail = Failed, err.Error()
	case step.Kind == Reserve:
		outcome.Detail = c.reserved[step.Family].IP.String()
	}
	return outcome
}

func (c *chain) tryHard(ctx context.Context, step Step) (err error) {
	for try := range tries {
		if try > 0 && c.Pause(ctx, rest) != nil {
			return err
		}
		if err = c.try(ctx, step); err == nil || errors.Is(err, errPatience) {
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
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch step.Kind {
	case Reserve:
		return c.reserve(ctx, step)
	case Keep:
		return c.Hoster.Keep(ctx, step.Address, c.Server)
	case Write:
		return c.write(ctx, step.Record)
	case Register:
		return c.register(ctx)
	case Disable:
		return c.disable(ctx, step)
	case Unregister:
		if c.answers(ctx, pool.Entry{URL: c.Server.EntryURL()}) {
			return errAnswers
		}
		return goneIsDone(c.LoadBalancer.Remove(ctx, step.EntryID))
	case Erase:
		return c.Zone.Delete(ctx, step.Record)
	case Unreverse:
		return goneIsDone(c.Hoster.SetReverse(ctx, step.Address, ""))
	case Release:
		return c.Hoster.Release(ctx, step.Address)
	}
	return fmt.Errorf("unknown kind of step %q", step.Kind)
}

func goneIsDone(err error) error {
	if errors.Is(err, pool.ErrGone) {
		return nil
	}
	return err
}

// reserve looks for an address that bears the server's tags by now: of another
// run, or of a try whose answer got lost.
func (c *chain) reserve(ctx context.Context, step Step) error {
	all, err := c.Hoster.Addresses(ctx)
	if err != nil {
		return err
	}
	found := ofFamily(pool.AddressesOf(all, c.Config.Tag, c.Server.Number), step.Family)
	if len(found) > 1 {
		return fmt.Errorf("%d addresses bear its tags by now: %s", len(found), join(found))
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

// write looks first as well: a provider may replace what the name has by now.
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

// register looks first as well: Scalelite takes the same address twice.
func (c *chain) register(ctx context.Context) error {
	entries, err := c.LoadBalancer.Entries(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e pool.Entry) bool { return e.Host() == c.Server.Domain }) {
		return nil
	}
	_, err = c.LoadBalancer.Register(ctx, c.Server.EntryURL(), c.BBBSecret)
	return err
}

// errAnswers keeps an entry from being taken away.
var errAnswers = errors.New("BBB answers there by now")

// disable asks once more whether anybody is on the server.
func (c *chain) disable(ctx context.Context, step Step) error {
	if c.answers(ctx, pool.Entry{URL: c.Server.EntryURL()}) {
		return errAnswers
	}
	return goneIsDone(c.LoadBalancer.SetState(ctx, step.EntryID, pool.Disabled))
}
