package cycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// actor carries out one plan.
type actor struct {
	*Cycle
	seen  pool.Observation
	plan  scaling.Plan
	state pool.State
	// begun is the time of the evaluation, and elapsed the time since then.
	begun   time.Time
	elapsed func() time.Duration
	// limit is the elapsed time after which no call is started.
	limit time.Duration
	// scalelite has the turns of all changes at Scalelite: it refuses some of those that
	// come side by side.
	scalelite turns
	// entriesNow reads Scalelite's entries again, once for all cordons of the plan.
	entriesNow func() ([]pool.Entry, error)
	enables    enables
	// looks has the last look at the meetings of each server, by its place in seen. The
	// actions of one server are carried out one after the other.
	looks []look
	// userData is prepared once for all machines of the plan.
	userData func() (UserData, error)
}

// act carries out the plan: in parallel across servers, and in order on each server.
// After an action that is not done the server's further actions are skipped.
func (c *Cycle) act(ctx context.Context, request Request, seen pool.Observation, plan scaling.Plan, state pool.State) []Outcome {
	limit := share(c.Config.Timeout, 1-recordShare)
	ctx, cancel := context.WithTimeout(ctx, limit-request.Elapsed())
	defer cancel()
	a := c.newActor(ctx, request, limit, seen, plan, state)
	outcomes := make([]Outcome, len(plan.Actions))
	var group errgroup.Group
	group.SetLimit(c.Config.ActParallel)
	for _, indexes := range chains(plan.Actions) {
		group.Go(func() error {
			stopped := false
			for _, i := range indexes {
				if stopped {
					a.skip(plan.Actions[i])
					outcomes[i] = a.outcome(plan.Actions[i], scaling.Skipped, "an earlier action on this server was not done")
					continue
				}
				outcomes[i] = a.do(ctx, plan.Actions[i])
				c.logAction(ctx, outcomes[i])
				stopped = outcomes[i].Result != scaling.Done
			}
			return nil
		})
	}
	_ = group.Wait() // failures are outcomes
	a.confirmEnables(ctx, outcomes)
	return outcomes
}

func (c *Cycle) newActor(ctx context.Context, request Request, limit time.Duration, seen pool.Observation, plan scaling.Plan, state pool.State) *actor {
	a := &actor{
		Cycle: c, seen: seen, plan: plan, state: state, begun: request.Now, elapsed: request.Elapsed, limit: limit,
		scalelite: newTurns(), looks: make([]look, len(seen.Servers)), enables: newEnables(seen, plan),
	}
	a.userData = onceValues(func() (UserData, error) { return c.Services.UserData(ctx) })
	a.entriesNow = onceValues(func() ([]pool.Entry, error) { return a.readEntries(ctx) })
	return a
}

// timeLeft reports whether a call may still be started. It reads the clock, because after
// a suspension the context's timer may fire a moment late. The lease is valid for longer,
// so nobody else acts at the same time.
func (a *actor) timeLeft() bool { return a.elapsed() < a.limit }

// skip notes what an action that is not tried leaves undone.
func (a *actor) skip(action scaling.Action) {
	if action.Kind != scaling.Enable {
		return
	}
	if entry, _ := a.seen.Servers[action.Server-1].Entry.Get(); entry != nil {
		a.enables.fail(entry.ID)
	}
}

// chains groups the indexes of actions that must be done one after the other: those
// on the same server. An action without a server is a chain of its own. Chains that make
// the pool larger come first: they are what people wait for, and what cordons rely on.
func chains(actions []scaling.Action) [][]int {
	var list [][]int
	chainOf := map[int]int{}
	for i, action := range actions {
		at, ok := chainOf[action.Server]
		if !ok || action.Server == 0 {
			at = len(list)
			list = append(list, nil)
			chainOf[action.Server] = at
		}
		list[at] = append(list[at], i)
	}
	slices.SortStableFunc(list, func(a, b []int) int { return rank(actions[a[0]].Kind) - rank(actions[b[0]].Kind) })
	return list
}

// rank orders the chains by the kind of their first action. A chain that enables a server
// is short; one that creates a machine takes several calls.
func rank(first scaling.Kind) int {
	switch first {
	case scaling.Enable:
		return 0
	case scaling.Create, scaling.PowerOn, scaling.Register:
		return 1
	case scaling.Repair, scaling.EndMeeting, scaling.Cordon, scaling.Unregister:
		return 2
	}
	return 3 // reboots and deletions, which have to look at much before
}

func (a *actor) outcome(action scaling.Action, result scaling.Result, detail string) Outcome {
	o := Outcome{Kind: action.Kind, Server: action.Server, Reason: action.Reason.String(), why: action.Reason, Result: result, Detail: detail}
	if action.Server != 0 {
		o.Domain = a.seen.Servers[action.Server-1].Server.Domain
	}
	return o
}

// heldError is a reason not to act that was found right before the action.
type heldError struct{ why string }

func (e heldError) Error() string { return e.why }

var errTimeUp = errors.New("the evaluation's time is up")

// do carries out one action and returns its outcome.
func (a *actor) do(ctx context.Context, action scaling.Action) Outcome {
	if ctx.Err() != nil || !a.timeLeft() {
		return a.outcome(action, scaling.Skipped, errTimeUp.Error())
	}
	detail, err := a.perform(ctx, action)
	var held heldError
	var refusal *pool.RefusalError
	switch {
	case err == nil && action.Kind == scaling.Register:
		outcome := a.outcome(action, scaling.Done, detail)
		outcome.EntryID = detail
		return outcome
	case err == nil:
		return a.outcome(action, scaling.Done, detail)
	case errors.As(err, &held):
		return a.outcome(action, scaling.Held, held.why)
	}
	outcome := a.outcome(action, scaling.Failed, err.Error())
	if errors.As(err, &refusal) {
		outcome.refusals = refusal.Refusals
	}
	return outcome
}

func (a *actor) perform(ctx context.Context, action scaling.Action) (detail string, err error) {
	switch action.Kind {
	case scaling.DeleteVolume:
		return action.Volume.ID, a.within(ctx, func(ctx context.Context) error {
			return a.Services.Hoster.DeleteVolume(ctx, *action.Volume)
		})
	case scaling.UnmarkVolume:
		return action.Volume.ID, a.within(ctx, func(ctx context.Context) error {
			return a.Services.Hoster.UnmarkVolume(ctx, *action.Volume)
		})
	}
	s := a.seen.Servers[action.Server-1]
	machine, _ := s.Machine.Get()
	switch action.Kind {
	case scaling.Register:
		return a.register(ctx, s.Server)
	case scaling.Unregister:
		return action.EntryID, a.unregister(ctx, s.Server, action.EntryID)
	case scaling.Enable:
		return "", a.enable(ctx, s)
	case scaling.Cordon:
		return "", a.cordon(ctx, action, s)
	case scaling.Repair:
		return "", a.repair(ctx, s)
	case scaling.EndMeeting:
		return a.end(ctx, s, *action.Meeting)
	case scaling.Create:
		return a.create(ctx, action, s.Server)
	case scaling.PowerOn:
		return machine.ID, a.within(ctx, func(ctx context.Context) error {
			return a.Services.Hoster.PowerOn(ctx, *machine)
		})
	case scaling.Reboot:
		return a.reboot(ctx, action, s, *machine)
	case scaling.Delete:
		return a.delete(ctx, action, s, *machine)
	}
	return "", fmt.Errorf("unknown kind of action %q", action.Kind)
}

// within runs a call with the call timeout, or returns errTimeUp if it is too late to
// start it.
func (a *actor) within(ctx context.Context, call func(context.Context) error) error {
	if !a.timeLeft() {
		return errTimeUp
	}
	ctx, cancel := context.WithTimeout(ctx, a.Config.CallTimeout)
	defer cancel()
	return call(ctx)
}
