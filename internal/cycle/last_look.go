package cycle

import (
	"context"
	"fmt"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// maxLookAge is the longest time from the request for a server's meetings to the call that
// relies on the answer. If more has passed, the meetings are asked for again, at most
// maxLooksAgain times.
const (
	maxLookAge    = 2 * time.Second
	maxLooksAgain = 3
)

// look is an answer of a server about its meetings. asked is when the request was sent, as
// the time since the evaluation began.
type look struct {
	asked    time.Duration
	meetings pool.Reading[[]pool.Meeting]
	// clock is the time of the server's clock.
	clock time.Time
}

// isFresh reports whether a call may still rely on the look.
func (a *actor) isFresh(l look) bool { return a.elapsed()-l.asked <= maxLookAge }

// askAgain asks a server for its meetings again, and sets them and whether it is alive.
func (a *actor) askAgain(ctx context.Context, s *pool.ServerObservation) look {
	entry, _ := s.Entry.Get()
	asked := a.elapsed()
	answer := a.askMeetings(ctx, a.now(), s, entry)
	return look{asked, s.Meetings, clockOf(answer, a.now())}
}

// now returns the time now, while a.begun is when the evaluation began.
func (a *actor) now() time.Time { return a.begun.Add(a.elapsed()) }

// firstLook asks a server for everything that can keep its machine, which may take long.
// It returns why the machine is kept, or "". A machine that is not running cannot be asked,
// and a silent server is not asked: after another failure, the circuit breaker would not
// let the request of ifStillSilent through.
func (a *actor) firstLook(ctx context.Context, action scaling.Action, s *pool.ServerObservation, machine pool.Machine) string {
	if !machine.MayAnswer() || action.Unanswered {
		return ""
	}
	first := a.askAgain(ctx, s)
	if !action.DiscardRecordings {
		entry, _ := s.Entry.Get()
		a.askRecordings(ctx, s, entry)
		s.Stats = a.askStats(ctx, s.Server, func() time.Time { return first.clock })
	}
	return a.reasonToKeep(action, *s)
}

// reasonToKeep returns why a machine must not be deleted or rebooted, or "".
func (a *actor) reasonToKeep(action scaling.Action, s pool.ServerObservation) string {
	config := a.Config.Scaling
	if action.DiscardRecordings {
		config.Recordings = scaling.RecordingsNone
	}
	return scaling.Gate(config, s).String()
}

// afterLastLook asks a server for its meetings right before its machine is deleted or
// rebooted. If nothing speaks against it, the change is the very next call. A machine that
// is not running cannot be asked.
func (a *actor) afterLastLook(ctx context.Context, action scaling.Action, s pool.ServerObservation, machine pool.Machine, change func(context.Context) error) (detail string, err error) {
	switch {
	case !machine.MayAnswer():
		return machine.ID, a.within(ctx, change)
	case action.Unanswered:
		return a.ifStillSilent(ctx, s, machine, change)
	}
	for range 1 + maxLooksAgain {
		last := a.askAgain(ctx, &s)
		if why := a.reasonToKeep(action, s); why != "" {
			return "", heldError{why}
		}
		if a.isFresh(last) {
			age := a.elapsed() - last.asked
			return fmt.Sprintf("%s; its meetings were asked for %.1f s before", machine.ID, age.Seconds()), a.within(ctx, change)
		}
	}
	return "", heldError{fmt.Sprintf("it takes longer than %s to answer what meetings it has, so one may have begun meanwhile", maxLookAge)}
}

// ifStillSilent is afterLastLook for a server whose meetings were unknown when it was
// decided on. It is left alone if it lists them by now, or if it was silent and answers by
// now, be it with an error or with stats.
func (a *actor) ifStillSilent(ctx context.Context, s pool.ServerObservation, machine pool.Machine, change func(context.Context) error) (detail string, err error) {
	wasAlive := s.Alive
	s.Stats = a.askStats(ctx, s.Server, a.now)
	a.askAgain(ctx, &s)
	switch {
	case s.Meetings.Known():
		return "", heldError{"it answers again"}
	case !wasAlive && s.Alive:
		return "", heldError{"it answers again, with an error: " + s.Meetings.Reason()}
	case !wasAlive && isAlive(s.Stats):
		return "", heldError{"its stats endpoint answers again"}
	}
	return machine.ID + "; it still does not answer", a.within(ctx, change)
}
