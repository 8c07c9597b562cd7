package scenario

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// scaleliteKinds are the events of Scalelite: its API, its poller, its entries, and those
// who change them.
var scaleliteKinds = []kind{
	worldKind("scalelite-down", "Scalelite's management API fails. Meetings are still placed and servers still polled.",
		"for=1h", (*world.World).StopScaleliteAPI),
	worldKind("redis-empty", "Scalelite has lost all entries and refuses new meetings. At the end the entries are as they were.",
		"for=20m", (*world.World).EmptyRedis),
	{
		name: "scalelite-new", instant: true,
		happens: "Scalelite is set up again: entries with the same URLs and new ids, all disabled.",
		begin:   func(h *happening) error { h.with((*world.World).RenewEntries); return nil },
	},
	worldKind("poller-stops", "Scalelite's poller stops, so its flags and polled loads stand still.",
		"for=30m", (*world.World).StopPoller),
	{
		name: "poller",
		keys: []key{
			{name: "threads", check: checkWholeFrom(2)}, {name: "connect", check: checkPositive},
			{name: "wait", check: checkPositive}, {name: "every", check: checkInterval}, {name: "unhealthy", check: checkWholeFrom(1)},
		},
		happens: "Scalelite's poller is started with other settings.",
		example: "threads=5 connect=5s for=2h",
		check:   checkPoller,
		begin:   changePoller,
	},
	byHand("hand-cordon", "A person cordons the servers in Scalelite.", setStateByHand(pool.Cordoned)),
	byHand("hand-disable", "A person disables the servers in Scalelite.", setStateByHand(pool.Disabled)),
	byHand("hand-enable", "A person enables the servers in Scalelite.", setStateByHand(pool.Enabled)),
	byHand("hand-delete-entry", "A person deletes the servers' entries in Scalelite.", (*world.World).RemoveByHand),
	byHand("hand-duplicate-entry", "A person adds the servers to Scalelite a second time.", (*world.World).DuplicateByHand),
	{
		name:    "hand-multiplier",
		keys:    []key{onServers, {name: "value", required: true, check: checkMultiplier}},
		happens: "A person sets the servers' load multiplier, which may be negative or NaN.",
		example: "servers=3 value=-1 for=1h",
		begin:   toServers("no entry", setMultiplierByHand),
	},
	worldKind("predecessor", "Another orchestrator enables and cordons the servers whose machine runs, by the load rule, every 5 minutes.",
		"for=1h", (*world.World).StartPredecessor),
}

// worldKind returns the kind of event that changes the world until its end and has no keys.
func worldKind(name, happens, example string, change func(*world.World) (undo func())) kind {
	return kind{name: name, happens: happens, example: example, begin: lasting(func(_ *happening, w *world.World) func() {
		return change(w)
	})}
}

// byHand returns the kind of event in which a person does something to servers' entries.
func byHand(name, happens string, do func(w *world.World, server int) (undo func())) kind {
	return kind{
		name: name, happens: happens, example: "servers=3 for=1h", keys: []key{onServers},
		begin: toServers("no entry", func(_ *happening, w *world.World, server int) func() { return do(w, server) }),
	}
}

func setStateByHand(state pool.EntryState) func(*world.World, int) func() {
	return func(w *world.World, server int) func() { return w.SetStateByHand(server, state) }
}

func setMultiplierByHand(h *happening, w *world.World, server int) (undo func()) {
	multiplier, _ := strconv.ParseFloat(h.Values["value"], 64) // it has been checked
	return w.SetMultiplierByHand(server, multiplier)
}

// changePoller changes the settings that the event gives.
func changePoller(h *happening) (err error) {
	change := func(p *world.Poller) {
		p.Threads, p.Unhealthy = h.number("threads", p.Threads), h.number("unhealthy", p.Unhealthy)
		p.Connect, p.Wait = h.duration("connect", p.Connect), h.duration("wait", p.Wait)
		p.Every = h.duration("every", p.Every)
	}
	h.with(func(w *world.World) {
		var withdraw func()
		if withdraw, err = w.ChangePoller(change); err == nil {
			h.undo(withdraw)
		}
	})
	return err
}

// checkPoller requires at least one setting.
func checkPoller(e *Event, _ int) error {
	if len(e.Values) == 0 {
		return errors.New("it needs at least one of threads, connect, wait, every and unhealthy")
	}
	return nil
}

func checkMultiplier(value string) error {
	if number, err := strconv.ParseFloat(value, 64); err != nil || number == 0 || math.IsInf(number, 0) {
		return fmt.Errorf("%q must be a number other than 0, or NaN", value)
	}
	return nil
}
