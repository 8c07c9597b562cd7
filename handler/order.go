package handler

import (
	"fmt"
	"net/http"
	"time"

	"divims/internal/pool"
)

// Order is what an operator asks for: a change of what the evaluations go by.
type Order struct {
	// By is who asks, and why; Since is not looked at.
	By pool.Hold
	// server is the number of the server that it is about, 0 for the whole pool.
	server int
	// change says what is changed, for the record.
	change string
	// check says what speaks against it, and apply changes the state; memory is
	// that of the server, if it is about one.
	check func(now time.Time, memory pool.ServerMemory) error
	apply func(state *pool.State, memory *pool.ServerMemory, since pool.Hold)
}

// Pause stops all acting on the pool. Evaluations go on looking, deciding and
// recording.
func Pause(by pool.Hold) Order {
	return Order{By: by, change: "the pause begins",
		apply: func(state *pool.State, _ *pool.ServerMemory, since pool.Hold) { state.Paused = &since }}
}

// Resume ends a pause.
func Resume(by pool.Hold) Order {
	return Order{By: by, change: "the pause ends",
		apply: func(state *pool.State, _ *pool.ServerMemory, _ pool.Hold) { state.Paused = nil }}
}

// longestForce is how far away the end of a forced number may be: somebody who
// wants more than a term wants another minimum.
const longestForce = 92 * 24 * time.Hour

// Force lets a number of servers without a tag be required until a time, whatever the
// policies say; those with a tag go by their own load.
func Force(servers int, until time.Time, by pool.Hold) Order {
	return Order{By: by, change: fmt.Sprintf("the number of servers without a tag is forced to %d until %s", servers, until.UTC().Format(time.RFC3339)),
		check: func(now time.Time, _ pool.ServerMemory) error {
			if servers < 1 || !until.After(now) || until.Sub(now) > longestForce {
				return refusal{http.StatusBadRequest, `say how many servers, at least 1, and until when, at most 92 days from now: {"servers":8,"until":"2026-11-23T18:00:00Z"}`}
			}
			return nil
		},
		apply: func(state *pool.State, _ *pool.ServerMemory, since pool.Hold) {
			state.Forced = &pool.Forced{Hold: since, Servers: servers, Until: until}
		}}
}

// Unforce leaves it to the policies again how many servers are required.
func Unforce(by pool.Hold) Order {
	return Order{By: by, change: "the forced number of servers without a tag ends",
		apply: func(state *pool.State, _ *pool.ServerMemory, _ pool.Hold) { state.Forced = nil }}
}

// StartMaintenance takes a server out of DiViMS's hands, and Recycle and EndDrain back.
func StartMaintenance(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "maintenance begins",
		apply: func(_ *pool.State, memory *pool.ServerMemory, since pool.Hold) {
			memory.Maintenance, memory.Recycle, memory.EndDrain = &since, nil, nil
		}}
}

// EndMaintenance gives a server back.
func EndMaintenance(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "maintenance ends",
		apply: func(_ *pool.State, memory *pool.ServerMemory, _ pool.Hold) { memory.Maintenance = nil }}
}

// Recycle lets a server's machine be replaced, gracefully: its replacement comes
// first, and it drains.
func Recycle(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "to be recycled",
		check: func(_ time.Time, memory pool.ServerMemory) error {
			switch {
			case memory.Maintenance != nil:
				return inMaintenance(server)
			case memory.MachineID == "":
				return refusal{http.StatusConflict, fmt.Sprintf("server %d has no machine to recycle", server.Number)}
			}
			return nil
		},
		apply: func(_ *pool.State, memory *pool.ServerMemory, since pool.Hold) { memory.Recycle = &since }}
}

// inMaintenance refuses what evaluations would not do, and then forget.
func inMaintenance(server pool.Server) error {
	return refusal{http.StatusConflict, fmt.Sprintf("server %d is in maintenance: end that first", server.Number)}
}

// Keep takes Recycle and EndDrain back, as far as nothing was done yet.
func Keep(server pool.Server, by pool.Hold) Order {
	return Order{By: by, server: server.Number, change: "neither to be recycled nor its drain to be ended",
		apply: func(_ *pool.State, memory *pool.ServerMemory, _ pool.Hold) {
			memory.Recycle, memory.EndDrain = nil, nil
		}}
}

// EndDrain ends the drain of a server now: its meetings are ended, and with
// discard its machine goes whatever recordings may be on it. name is the server's
// host name or domain, for confirmation. It holds for the present drain only.
func EndDrain(server pool.Server, name string, discard bool, by pool.Hold) Order {
	change := "its drain is to end"
	if discard {
		change = "its drain is to end, with its recordings given up"
	}
	return Order{By: by, server: server.Number, change: change,
		check: func(_ time.Time, memory pool.ServerMemory) error {
			switch {
			case name != server.Hostname && name != server.Domain:
				return refusal{http.StatusBadRequest, fmt.Sprintf("this ends meetings: confirm it with the name of server %d, %s", server.Number, server.Hostname)}
			case memory.Maintenance != nil:
				return inMaintenance(server)
			case memory.DrainingSince.IsZero():
				return refusal{http.StatusConflict, fmt.Sprintf("server %d was not draining at the last evaluation", server.Number)}
			}
			return nil
		},
		apply: func(_ *pool.State, memory *pool.ServerMemory, since pool.Hold) {
			memory.EndDrain = &pool.EndDrain{Hold: since, DiscardRecordings: discard}
		}}
}

// carryOut changes the state and tells what was done. With an error the state is as
// it was.
func (o Order) carryOut(now time.Time, state *pool.State) (pool.Intervention, error) {
	memory := state.Servers[o.server]
	if o.check != nil {
		if err := o.check(now, memory); err != nil {
			return pool.Intervention{}, err
		}
	}
	o.apply(state, &memory, pool.Hold{Reason: o.By.Reason, Author: o.By.Author, Since: now})
	if o.server != 0 {
		if state.Servers == nil {
			state.Servers = map[int]pool.ServerMemory{}
		}
		state.Servers[o.server] = memory
	}
	done := pool.Intervention{At: now, Server: o.server, Change: o.change, Author: o.By.Author, Reason: o.By.Reason}
	state.Interventions = append(state.Interventions, done)
	return done, nil
}
