package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/lab/figures"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// ledger keeps the figures of a run of the sandbox.
type ledger struct {
	account *figures.Account
	sandbox *sandbox.Sandbox
	start   time.Time
	// watch, if set, is called after each evaluation.
	watch func(figures.Evaluation, *world.World)

	// closed is set at the end of the run. tally, end and messages are those of that moment.
	closed   atomic.Bool
	tally    world.Tally
	end      time.Time
	messages int
}

// newLedger returns the ledger of a run that has not started yet. The world's EachMinute must
// call its minute. After each evaluation it calls watch, if that is not nil.
func newLedger(watch func(figures.Evaluation, *world.World)) *ledger {
	return &ledger{account: figures.NewAccount(figures.Settings{}), watch: watch}
}

// open begins the figures of a sandbox that was just started.
func (l *ledger) open(s *sandbox.Sandbox) { l.sandbox, l.start = s, s.Now() }

// deployed sets the settings of the function from now on.
func (l *ledger) deployed(settings config.Settings) {
	l.account.Deploy(figures.Settings{
		Interval: settings.Interval, ServerParticipants: settings.ServerParticipants,
		MachineTime: max(settings.BootTime, settings.Grace),
	})
}

// begin records the conditions at the beginning of an evaluation. The end that it returns
// records how the evaluation ended; a record without a time counts as missing. In between,
// what DiViMS does to a server with an end-drain order counts as ordered by the operator.
func (l *ledger) begin() (end func(record cycle.Record, err error)) {
	e := figures.Evaluation{Began: l.sandbox.Now()}
	holds, _ := l.sandbox.Holds() // a state that cannot be read pauses nothing
	var size poolSize
	var withdraw []func()
	l.sandbox.With(func(w *world.World) {
		e.Conditions = conditions(w, holds)
		size = sizeOf(w)
		for _, number := range holds.EndDrain {
			withdraw = append(withdraw, w.MarkOrdered(number))
		}
	})
	return func(record cycle.Record, err error) {
		l.sandbox.With(func(w *world.World) { // the minutes until now come before the end of the evaluation
			e.Grew = sizeOf(w).grewFrom(size)
			for _, undo := range withdraw {
				undo()
			}
		})
		if !record.At.IsZero() {
			e.Record = &record
		}
		scalelite, scaleway := l.sandbox.Answering()
		e.Held = errors.Is(err, errLeaseHeld)
		e.Failed, e.Answered = err != nil && !e.Held, scalelite && scaleway
		l.account.Evaluation(e)
		if l.watch != nil {
			l.sandbox.With(func(w *world.World) { l.watch(e, w) })
		}
	}
}

// conditions returns the conditions of an evaluation, except for Answered.
func conditions(w *world.World, holds sandbox.Holds) figures.Conditions {
	return figures.Conditions{
		Serving: w.Serving(), InStock: isInStock(w), Paused: holds.Paused,
		FreePlaces: slices.DeleteFunc(w.FreePlaces(), func(number int) bool {
			return slices.Contains(holds.Maintenance, number) || slices.Contains(holds.EndDrain, number)
		}),
	}
}

// poolSize counts the entries that are enabled, and the machines that were ever created.
type poolSize struct{ enabled, created int }

func sizeOf(w *world.World) poolSize {
	size := poolSize{created: w.Tally().MachinesCreated}
	for _, entry := range w.Entries() {
		if entry.State == pool.Enabled {
			size.enabled++
		}
	}
	return size
}

func (s poolSize) grewFrom(before poolSize) bool {
	return s.enabled > before.enabled || s.created > before.created
}

// isInStock reports whether a machine of some type can be had in some zone.
func isInStock(w *world.World) bool {
	return slices.ContainsFunc(w.Zones(), func(zone string) bool {
		return slices.ContainsFunc(w.Types(), func(kind world.Type) bool { return w.InStock(kind.Name, zone) })
	})
}

// minute adds a full minute of the world. It may be called while the world is locked.
func (l *ledger) minute(row world.Minute) {
	if !l.closed.Load() {
		l.account.Minute(row)
	}
}

// close ends the figures now. What the last evaluation does after that is not in them.
func (l *ledger) close() {
	l.end, l.messages = l.sandbox.Now(), len(l.sandbox.Messages())
	l.sandbox.With(func(w *world.World) { l.tally = w.Tally() })
	l.closed.Store(true)
}

// figures returns the figures of a run that was closed.
func (l *ledger) figures() figures.Figures {
	return l.account.Figures(l.start, l.end, l.tally, l.messages)
}

// summarize writes the figures; as JSON they are one line.
func (l *ledger) summarize(out io.Writer, asJSON bool) error {
	f := l.figures()
	if asJSON {
		return json.NewEncoder(out).Encode(f)
	}
	_, err := fmt.Fprintf(out, `
%.1f virtual hours, %s, %d failed
machines: %d created, %d deleted, %s, %.1f server hours
participants: %d at the peak, %.2f %% of their time on overloaded servers, %d participant minutes without room
meetings: %d refused, %d interrupted with %s, %d split
lost: %s; left over: %s
capacity: %s below what was required, longest freeze %s
operators: %s, alerts: %s
`, f.VirtualHours, pool.Count(f.Evaluations, "evaluation"), f.FailedEvaluations,
		f.MachinesCreated, f.MachinesDeleted, pool.Count(f.Reboots, "reboot"), f.ServerHours,
		f.PeakParticipants, f.OverloadedPercent, f.UnservedParticipantMinutes,
		f.RefusedMeetings, f.InterruptedMeetings, pool.Count(f.InterruptedParticipants, "participant"), f.SplitMeetings,
		pool.Count(f.LostRecordings, "recording"), pool.Count(f.LeftoverVolumes, "volume"),
		pool.Count(f.MinutesBelowRequired, "minute"), pool.Count(f.LongestFreezeMinutes, "minute"),
		pool.Count(f.Messages, "message"), listAlerts(f.Alerts))
	return err
}

// maxListedAlerts is the most subjects of alerts that the summary names.
const maxListedAlerts = 6

// listAlerts names the subjects of alerts, the most frequent ones first: "network (12),
// server 3 (4)".
func listAlerts(alerts map[string]int) string {
	subjects := slices.SortedFunc(maps.Keys(alerts), func(a, b string) int {
		return cmp.Or(cmp.Compare(alerts[b], alerts[a]), cmp.Compare(a, b))
	})
	if len(subjects) == 0 {
		return "none"
	}
	var list []string
	for _, subject := range subjects[:min(len(subjects), maxListedAlerts)] {
		list = append(list, fmt.Sprintf("%s (%d)", subject, alerts[subject]))
	}
	if more := len(subjects) - len(list); more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}

// writeMessages writes the notifications of a run to a file.
func writeMessages(name string, s *sandbox.Sandbox) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the messages: %w", err)
	}
	return errors.Join(sandbox.WriteMessages(file, s.Messages(), sandboxStart.Location()), file.Close())
}
