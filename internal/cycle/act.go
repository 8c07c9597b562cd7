package cycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// Outcome is an action and its result.
type Outcome struct {
	Kind   scaling.Kind   `json:"kind"`
	Server int            `json:"server,omitempty"`
	Domain string         `json:"domain,omitempty"`
	Reason string         `json:"reason"`
	Result scaling.Result `json:"result"`
	// Detail says why the action was not done, or what it created or changed.
	Detail string `json:"detail,omitempty"`
	// refusals are the types and zones that the hoster refused.
	refusals []pool.Refusal
}

// String returns the outcome in one line: "create server 3: done (it is enabled and
// has no machine; PRO2-S in fr-par-1)".
func (o Outcome) String() string {
	text := string(o.Kind)
	if o.Server != 0 {
		text += fmt.Sprintf(" server %d", o.Server)
	}
	text += fmt.Sprintf(": %s (%s", o.Result, o.Reason)
	if o.Detail != "" {
		text += "; " + o.Detail
	}
	return text + ")"
}

func (o Outcome) attributes() []slog.Attr {
	attributes := []slog.Attr{slog.String("kind", string(o.Kind)), slog.String("result", string(o.Result))}
	if o.Server != 0 {
		attributes = append(attributes, slog.Int("server", o.Server), slog.String("domain", o.Domain))
	}
	attributes = append(attributes, slog.String("reason", o.Reason))
	if o.Detail != "" {
		attributes = append(attributes, slog.String("detail", o.Detail))
	}
	return attributes
}

// scalingOutcomes returns the parts of the outcomes that scaling.Settle needs.
func scalingOutcomes(outcomes []Outcome) []scaling.Outcome {
	list := make([]scaling.Outcome, len(outcomes))
	for i, outcome := range outcomes {
		list[i] = scaling.Outcome{Result: outcome.Result, Refusals: outcome.refusals}
	}
	return list
}

// actor carries out one plan.
type actor struct {
	*Cycle
	// now is the time that the whole evaluation uses.
	now      time.Time
	seen     pool.Observation
	refusals []pool.Refusal
	// timeLeft reports whether a call may still be started. It reads the clock, because
	// after a suspension the context's timer may fire a moment late. The lease is valid
	// for longer, so nobody else acts at the same time.
	timeLeft func() bool
	// entriesNow reads Scalelite's entries again, once for the whole plan. intended says,
	// by entry id, whether the plan enables or cordons the entry.
	entriesNow func() ([]pool.Entry, error)
	intended   map[string]scaling.Kind
	// userData is prepared once for all machines of the plan.
	userData func() (UserData, error)
}

// act carries out the plan: in parallel across servers, and in order on each server.
// After an action that is not done the server's further actions are skipped.
func (c *Cycle) act(ctx context.Context, request Request, seen pool.Observation, plan scaling.Plan, state pool.State) []Outcome {
	limit := share(c.Config.Timeout, 1-recordShare)
	ctx, cancel := context.WithTimeout(ctx, limit-request.Elapsed())
	defer cancel()
	a := actor{Cycle: c, now: request.Now, seen: seen, refusals: state.Refusals, timeLeft: func() bool { return request.Elapsed() < limit }}
	a.userData = onceValues(func() (UserData, error) { return c.Services.UserData(ctx) })
	a.intended = map[string]scaling.Kind{}
	for _, action := range plan.Actions {
		if action.Kind == scaling.Enable || action.Kind == scaling.Cordon {
			entry, _ := seen.Servers[action.Server-1].Entry.Get()
			a.intended[entry.ID] = action.Kind
		}
	}
	a.entriesNow = onceValues(func() (entries []pool.Entry, err error) {
		err = a.within(ctx, func(ctx context.Context) error {
			entries, err = c.Services.LoadBalancer.Entries(ctx)
			return err
		})
		return entries, err
	})
	outcomes := make([]Outcome, len(plan.Actions))
	var group errgroup.Group
	group.SetLimit(c.Config.ActParallel)
	for _, indexes := range chains(plan.Actions) {
		group.Go(func() error {
			stopped := false
			for _, i := range indexes {
				if stopped {
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
	return outcomes
}

// chains groups the indexes of actions that must be done one after the other: those
// on the same server. An action without a server is a chain of its own.
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
	return list
}

func (a *actor) outcome(action scaling.Action, result scaling.Result, detail string) Outcome {
	o := Outcome{Kind: action.Kind, Server: action.Server, Reason: action.Reason.String(), Result: result, Detail: detail}
	if action.Server != 0 {
		o.Domain = a.seen.Servers[action.Server-1].Server.Domain
	}
	return o
}

// logAction logs the outcome of an action.
func (c *Cycle) logAction(ctx context.Context, outcome Outcome) {
	level := slog.LevelInfo
	if outcome.Result == scaling.Failed {
		level = slog.LevelError
	}
	c.Log.LogAttrs(ctx, level, "action", outcome.attributes()...)
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
	entry, _ := s.Entry.Get()
	machine, _ := s.Machine.Get()
	switch action.Kind {
	case scaling.Register:
		return a.register(ctx, s.Server)
	case scaling.Enable:
		return "", a.setState(ctx, entry, pool.Enabled)
	case scaling.Cordon:
		return "", a.cordon(ctx, entry)
	case scaling.Repair:
		if err := a.setState(ctx, entry, pool.Enabled); err != nil {
			return "", err
		}
		return "", a.setState(ctx, entry, pool.Cordoned)
	case scaling.EndMeeting:
		return action.Meeting.ID, a.end(ctx, entry, *action.Meeting)
	case scaling.Create:
		return a.create(ctx, s.Server)
	case scaling.PowerOn:
		return machine.ID, a.within(ctx, func(ctx context.Context) error {
			return a.Services.Hoster.PowerOn(ctx, *machine)
		})
	case scaling.Reboot:
		return machine.ID, a.reboot(ctx, action, s, *machine)
	case scaling.Delete:
		return machine.ID, a.delete(ctx, action, s, *entry, *machine)
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

func (a *actor) setState(ctx context.Context, entry *pool.Entry, state pool.EntryState) error {
	return a.within(ctx, func(ctx context.Context) error {
		return a.Services.LoadBalancer.SetState(ctx, entry.ID, state)
	})
}

// cordon cordons an entry, unless no other entry with its tag would be enabled and
// online. It checks this with a fresh list of entries, because the one that was decided
// on may be old.
func (a *actor) cordon(ctx context.Context, entry *pool.Entry) error {
	entries, err := a.entriesNow()
	if err != nil {
		return heldError{"the entries could not be read again: " + err.Error()}
	}
	serves, others := false, false
	for _, now := range entries {
		switch kind := a.intended[now.ID]; {
		case now.ID == entry.ID:
			serves = now.State == pool.Enabled && now.Online
		case !now.Online || now.Tag != entry.Tag:
		case kind == scaling.Enable, kind != scaling.Cordon && now.State == pool.Enabled:
			others = true
		}
	}
	if serves && !others {
		return heldError{"no other server is enabled and online by now"}
	}
	return a.setState(ctx, entry, pool.Cordoned)
}

func (a *actor) end(ctx context.Context, entry *pool.Entry, meeting pool.Meeting) error {
	err := a.within(ctx, func(ctx context.Context) error { return a.Services.Meetings.End(ctx, endpoint(entry), meeting) })
	if errors.Is(err, pool.ErrGone) {
		return nil // it ended by itself
	}
	return err
}

func (a *actor) register(ctx context.Context, server pool.Server) (detail string, err error) {
	err = a.within(ctx, func(ctx context.Context) error {
		entry, err := a.Services.LoadBalancer.Register(ctx, server.EntryURL(), a.Config.BBBSecret)
		detail = entry.ID
		return err
	})
	return detail, err
}

// create creates a machine. This takes several calls and so has the evaluation's
// deadline instead of the call timeout.
func (a *actor) create(ctx context.Context, server pool.Server) (string, error) {
	order := pool.MachineOrder{Server: server, Zones: a.Config.Zones, Types: a.Config.Types, Refused: a.refusals}
	if a.Services.UserData != nil {
		document, err := a.document(server)
		if err != nil {
			return "", fmt.Errorf("write the user data of %s: %w", server.Domain, err)
		}
		order.UserData = document
	}
	if !a.timeLeft() {
		return "", errTimeUp
	}
	machine, err := a.Services.Hoster.Create(ctx, order)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s in %s (%s)", machine.Type, machine.Zone, machine.ID), nil
}

// document returns the cloud-init document for a server.
func (a *actor) document(server pool.Server) ([]byte, error) {
	write, err := a.userData()
	if err != nil {
		return nil, err
	}
	return write(server)
}

// reboot reboots a machine, if a last check of its server allows it.
func (a *actor) reboot(ctx context.Context, action scaling.Action, s pool.ServerObservation, machine pool.Machine) error {
	if why := a.reasonToKeep(ctx, action, s, machine); why != "" {
		return heldError{why}
	}
	return a.within(ctx, func(ctx context.Context) error { return a.Services.Hoster.Reboot(ctx, machine) })
}

// delete deletes a machine. It disables the entry first, so that no new meeting starts
// on the server, and then checks the server a last time.
func (a *actor) delete(ctx context.Context, action scaling.Action, s pool.ServerObservation, entry pool.Entry, machine pool.Machine) error {
	if err := a.setState(ctx, &entry, pool.Disabled); err != nil {
		return err
	}
	if why := a.reasonToKeep(ctx, action, s, machine); why != "" {
		if entry.State == pool.Cordoned {
			// The meetings of a disabled server cannot be joined.
			if err := a.setState(ctx, &entry, pool.Cordoned); err != nil {
				return fmt.Errorf("%s; and cordon it again: %w", why, err)
			}
		}
		return heldError{why}
	}
	return a.deleteMachine(ctx, machine)
}

// deleteMachine deletes a machine. It is no error if somebody else has deleted it.
func (a *actor) deleteMachine(ctx context.Context, machine pool.Machine) error {
	var deletion pool.Deletion
	err := a.within(ctx, func(ctx context.Context) (err error) {
		deletion, err = a.Services.Hoster.PrepareDelete(ctx, machine)
		return err
	})
	if errors.Is(err, pool.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	err = a.within(ctx, deletion.Delete)
	if err == nil || errors.Is(err, pool.ErrGone) {
		return nil
	}
	if canceled := a.within(ctx, deletion.Cancel); canceled != nil {
		return fmt.Errorf("%w; and %w", err, canceled)
	}
	return err
}

// reasonToKeep asks the server right before its machine is deleted or rebooted, and
// returns why that must not be done, or "". A machine that is not running cannot be
// asked. An action on an unresponsive server is allowed if it still does not answer, not
// even with an error or a stats page.
func (a *actor) reasonToKeep(ctx context.Context, action scaling.Action, s pool.ServerObservation, machine pool.Machine) string {
	if machine.State != pool.Running {
		return ""
	}
	entry, _ := s.Entry.Get()
	answer := a.askMeetings(ctx, a.now, &s, entry)
	s.Stats = a.askStats(ctx, s.Server, func() time.Time { return clockOf(answer, a.now) })
	if action.Unanswered && !s.Alive && !isAlive(s.Stats) {
		return ""
	}
	a.askRecordings(ctx, &s, entry)
	config := a.Config.Scaling
	if action.DiscardRecordings {
		config.Recordings = scaling.RecordingsNone
	}
	return scaling.Gate(config, s).String()
}
