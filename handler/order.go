package handler

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"divims/internal/pool"
)

// Order is an operator's order: a change of the state that the evaluations use.
type Order struct {
	// By is who gives the order and why; its Since is ignored.
	By pool.Hold
	// server is the number of the server, 0 for the whole pool.
	server int
	// change describes the change for the record.
	change string
	// check returns an error if the order is refused; apply changes the state. memory is
	// what the state remembers of the server, and is ignored for the whole pool.
	check func(now time.Time, memory pool.ServerMemory) error
	apply func(state *pool.State, memory *pool.ServerMemory, since pool.Hold)
	// absent returns why an order that takes another one back has nothing to take back,
	// "" if it has. It is nil for other orders.
	absent func(now time.Time, state pool.State, memory pool.ServerMemory) string
	// servers is the number of servers that the order forces; 0 for other orders.
	servers int
}

// Effect is what an order has changed.
type Effect struct {
	pool.Intervention
	// Unchanged is set if there was nothing to change. Change says why, and nothing is
	// recorded.
	Unchanged bool `json:"unchanged,omitempty"`
	// Note is what the operator should know about the order; empty for nothing.
	Note string `json:"note,omitempty"`
}

// CheckBy returns an error if an order must not be given so. complete requires an author
// and a reason; orders that take another one back do not need them.
func CheckBy(by pool.Hold, complete bool) error {
	switch text := by.Reason + by.Author; {
	case complete && isBlank(by.Reason) && isBlank(by.Author):
		return errors.New("a reason and an author are missing")
	case complete && isBlank(by.Reason):
		return errors.New("a reason is missing")
	case complete && isBlank(by.Author):
		return errors.New("an author is missing")
	case len(text) > maxBy || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("reason and author must be at most %d bytes in all, without control characters", maxBy)
	}
	return nil
}

// maxBy is how many bytes the reason and the author of an order may have together.
const maxBy = 1000

// isBlank reports whether a text has no visible character.
func isBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// Pause makes evaluations change nothing. They still observe, decide and record.
func Pause(by pool.Hold) Order {
	return Order{By: by, change: "the pause begins",
		apply: func(state *pool.State, _ *pool.ServerMemory, since pool.Hold) { state.Paused = &since }}
}

// Resume ends a pause.
func Resume(by pool.Hold) Order {
	return Order{By: by, change: "the pause ends",
		apply: func(state *pool.State, _ *pool.ServerMemory, _ pool.Hold) { state.Paused = nil },
		absent: func(_ time.Time, state pool.State, _ pool.ServerMemory) string {
			return unless(state.Paused != nil, "the pool is not paused")
		}}
}

// maxForce is how long a number may be forced. An operator who needs it for longer than a
// school term should change the minimum in the settings.
const maxForce = 92 * 24 * time.Hour

// Force makes a number of servers without a tag required until a time, regardless of the
// policies. Servers with a tag still follow their own load.
func Force(servers int, until time.Time, by pool.Hold) Order {
	return Order{By: by, servers: servers, change: fmt.Sprintf("the number of servers without a tag is forced to %d until %s", servers, until.UTC().Format(time.RFC3339)),
		check: func(now time.Time, _ pool.ServerMemory) error {
			if servers < 1 || !until.After(now) || until.Sub(now) > maxForce {
				return refusal{http.StatusBadRequest, `servers must be at least 1, and until at most 92 days from now: {"servers":8,"until":"2026-11-23T18:00:00Z"}`}
			}
			return nil
		},
		apply: func(state *pool.State, _ *pool.ServerMemory, since pool.Hold) {
			state.Forced = &pool.Forced{Hold: since, Servers: servers, Until: until}
		}}
}

// Unforce ends a forced number, so that the policies decide again.
func Unforce(by pool.Hold) Order {
	return Order{By: by, change: "the forced number of servers without a tag ends",
		apply: func(state *pool.State, _ *pool.ServerMemory, _ pool.Hold) { state.Forced = nil },
		absent: func(now time.Time, state pool.State, _ pool.ServerMemory) string {
			return unless(state.Forced != nil && now.Before(state.Forced.Until), "no number of servers is forced")
		}}
}

// StartMaintenance makes DiViMS leave a server alone. It cancels recycle and end-drain
// orders for it.
func StartMaintenance(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "maintenance begins",
		apply: func(_ *pool.State, memory *pool.ServerMemory, since pool.Hold) {
			memory.Maintenance, memory.Recycle, memory.EndDrain = &since, nil, nil
		}}
}

// EndMaintenance ends a server's maintenance, and that a person has cordoned or disabled it
// in Scalelite: DiViMS manages it again.
func EndMaintenance(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "maintenance ends",
		apply: func(_ *pool.State, memory *pool.ServerMemory, _ pool.Hold) {
			memory.Maintenance, memory.Entry.HandSince, memory.Entry.EnabledAs = nil, time.Time{}, ""
		},
		absent: func(_ time.Time, _ pool.State, memory pool.ServerMemory) string {
			return unless(memory.Maintenance != nil || !memory.Entry.HandSince.IsZero(), "it is not in maintenance")
		}}
}

// Recycle has a server's machine replaced gracefully: another server takes over first,
// and then it drains.
func Recycle(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "recycle ordered",
		check: func(_ time.Time, memory pool.ServerMemory) error {
			switch {
			case memory.Maintenance != nil:
				return inMaintenance(server)
			case !memory.Entry.HandSince.IsZero():
				return heldByHand(server)
			case memory.MachineID == "":
				return refusal{http.StatusConflict, fmt.Sprintf("server %d has no machine to recycle", server.Number)}
			}
			return nil
		},
		apply: func(_ *pool.State, memory *pool.ServerMemory, since pool.Hold) { memory.Recycle = &since }}
}

// inMaintenance is the refusal of an order for a server in maintenance, on which
// evaluations would not act.
func inMaintenance(server pool.Server) error {
	return refusal{http.StatusConflict, fmt.Sprintf("server %d is in maintenance: end that first", server.Number)}
}

// heldByHand is the refusal of an order for a server that a person holds, on which
// evaluations would not act either.
func heldByHand(server pool.Server) error {
	return refusal{http.StatusConflict, fmt.Sprintf("somebody has cordoned or disabled server %d in Scalelite, so DiViMS leaves it alone: end its maintenance first", server.Number)}
}

// Keep cancels recycle and end-drain orders, as far as they have not been carried out.
func Keep(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "recycle and end-drain orders cancelled",
		apply: func(_ *pool.State, memory *pool.ServerMemory, _ pool.Hold) {
			memory.Recycle, memory.EndDrain = nil, nil
		},
		absent: func(_ time.Time, _ pool.State, memory pool.ServerMemory) string {
			return unless(memory.Recycle != nil || memory.EndDrain != nil, "it has no recycle or end-drain order")
		}}
}

// EndDrain ends a server's current drain: its meetings are ended and, with discard, its
// machine may be deleted even if recordings are on it. name must be the server's host
// name or domain, as a confirmation.
func EndDrain(server pool.Server, name string, discard bool, by pool.Hold) Order {
	change := "end of its drain ordered"
	if discard {
		change = "end of its drain ordered, and its recordings may be lost"
	}
	return Order{By: by, server: server.Number, change: change,
		check: func(_ time.Time, memory pool.ServerMemory) error {
			switch {
			case name != server.Hostname && name != server.Domain:
				return refusal{http.StatusBadRequest, fmt.Sprintf("this ends meetings: confirm it with the name of server %d, %s", server.Number, server.Hostname)}
			case memory.Maintenance != nil:
				return inMaintenance(server)
			case !memory.Entry.HandSince.IsZero():
				return heldByHand(server)
			case memory.DrainingSince.IsZero():
				return refusal{http.StatusConflict, fmt.Sprintf("server %d was not draining at the last evaluation", server.Number)}
			}
			return nil
		},
		apply: func(_ *pool.State, memory *pool.ServerMemory, since pool.Hold) {
			memory.EndDrain = &pool.EndDrain{Hold: since, DiscardRecordings: discard}
		}}
}

// unless returns the text if the condition does not hold, else "".
func unless(condition bool, text string) string {
	if condition {
		return ""
	}
	return text
}

// carryOut changes the state and returns the effect. On an error the state is unchanged.
func (o Order) carryOut(now time.Time, state *pool.State) (Effect, error) {
	memory := state.Memory(o.server)
	if o.check != nil {
		if err := o.check(now, memory); err != nil {
			return Effect{}, err
		}
	}
	done := pool.Intervention{At: now, Server: o.server, Change: o.change, Author: o.By.Author, Reason: o.By.Reason}
	if o.absent != nil {
		if reason := o.absent(now, *state, memory); reason != "" {
			done.Change = reason
			return Effect{Intervention: done, Unchanged: true}, nil
		}
	}
	o.apply(state, &memory, pool.Hold{Reason: o.By.Reason, Author: o.By.Author, Since: now})
	if o.server != 0 {
		state.Remember(o.server, memory)
	}
	state.Interventions = append(state.Interventions, done)
	return Effect{Intervention: done}, nil
}
