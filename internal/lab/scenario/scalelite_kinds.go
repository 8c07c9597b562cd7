package scenario

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// scaleliteKinds are the events of Scalelite: its API, its poller, its entries, and those
// who change them.
var scaleliteKinds = []kind{
	lasting("scalelite-down", "Scalelite's management API fails; it goes on placing meetings and polling servers",
		"for=1h", (*world.World).StopScaleliteAPI),
	lasting("redis-empty", "Scalelite has lost all entries and refuses new meetings; at the end the entries are as they were",
		"for=20m", (*world.World).EmptyRedis),
	{
		name: "scalelite-new", instant: true,
		happens: "Scalelite is set up anew: entries with the same URLs and new ids, all disabled",
		begin:   func(h *happening) error { h.with((*world.World).RenewEntries); return nil },
	},
	lasting("poller-stops", "Scalelite's poller stops: its flags and polled loads stand still",
		"for=30m", (*world.World).StopPoller),
	{
		name: "poller",
		keys: []key{
			{name: "threads", check: checkWholeFrom(2)}, {name: "connect", check: checkPositive},
			{name: "wait", check: checkPositive}, {name: "every", check: checkInterval}, {name: "unhealthy", check: checkWholeFrom(1)},
		},
		happens: "Scalelite's poller is started with other settings",
		example: "threads=5 connect=5s for=2h",
		check:   checkPoller,
		begin:   changePoller,
	},
	byHand("hand-cordon", "a person cordons the servers in Scalelite", setStateByHand(pool.Cordoned)),
	byHand("hand-disable", "a person disables the servers in Scalelite", setStateByHand(pool.Disabled)),
	byHand("hand-enable", "a person enables the servers in Scalelite", setStateByHand(pool.Enabled)),
	byHand("hand-delete-entry", "a person deletes the servers' entries in Scalelite", (*world.World).RemoveByHand),
	byHand("hand-duplicate-entry", "a person adds the servers to Scalelite a second time", (*world.World).DuplicateByHand),
	{
		name:    "hand-multiplier",
		keys:    []key{{name: "servers", required: true}, {name: "value", required: true, check: checkMultiplier}},
		happens: "a person sets the servers' load multiplier, which may be negative or NaN",
		example: "servers=3 value=-1 for=1h",
		begin:   setMultiplierByHand,
	},
	lasting("predecessor", "another orchestrator enables and cordons the servers whose machine runs, by the load rule, every 5 minutes",
		"for=1h", (*world.World).Predecessor),
}

// lasting returns the kind of event that changes the world until its end.
func lasting(name, happens, example string, begin func(*world.World) (end func())) kind {
	return kind{name: name, happens: happens, example: example, begin: func(h *happening) error {
		h.with(func(w *world.World) { h.endInWorld(begin(w)) })
		return nil
	}}
}

// byHand returns the kind of event in which a person does something to servers' entries.
func byHand(name, happens string, do func(w *world.World, server int) (undo func())) kind {
	return kind{
		name: name, happens: happens, example: "servers=3 for=1h",
		keys:  []key{{name: "servers", required: true}},
		begin: func(h *happening) error { h.byHand(do); return nil },
	}
}

// byHand lets a person do something to the entries of each of the event's servers.
func (h *happening) byHand(do func(w *world.World, server int) (undo func())) {
	h.each(func(w *world.World, server int) func(*world.World) {
		undo := do(w, server)
		return func(*world.World) { undo() }
	})
}

// endInWorld has something undone at the event's end. Nothing else happens meanwhile.
func (h *happening) endInWorld(undo func()) {
	h.atEnd(func() { h.with(func(*world.World) { undo() }) })
}

func setStateByHand(state pool.EntryState) func(*world.World, int) func() {
	return func(w *world.World, server int) func() { return w.SetStateByHand(server, state) }
}

func setMultiplierByHand(h *happening) error {
	multiplier, err := strconv.ParseFloat(h.Values["value"], 64)
	if err != nil {
		return err
	}
	h.byHand(func(w *world.World, server int) func() { return w.SetMultiplierByHand(server, multiplier) })
	return nil
}

// changePoller changes the settings that are given. Their values have been checked.
func changePoller(h *happening) error {
	change := func(p *world.Poller) {
		setWhole(&p.Threads, h.Values["threads"])
		setDuration(&p.Connect, h.Values["connect"])
		setDuration(&p.Wait, h.Values["wait"])
		setDuration(&p.Every, h.Values["every"])
		setWhole(&p.Unhealthy, h.Values["unhealthy"])
	}
	var failure error
	h.with(func(w *world.World) {
		withdraw, err := w.ChangePoller(change)
		if err != nil {
			failure = err
			return
		}
		h.endInWorld(withdraw)
	})
	return failure
}

func setWhole(setting *int, value string) {
	if number, err := strconv.Atoi(value); err == nil {
		*setting = number
	}
}

func setDuration(setting *time.Duration, value string) {
	if duration, err := time.ParseDuration(value); err == nil {
		*setting = duration
	}
}

// checkPoller requires at least one setting.
func checkPoller(e *Event, _ int) error {
	if len(e.Values) == 0 {
		return errors.New("poller needs at least one of threads, connect, wait, every and unhealthy")
	}
	return nil
}

// maxWhole is above every sensible number of threads and polls.
const maxWhole = 100_000

func checkWholeFrom(least int) func(string) error {
	return func(value string) error {
		if number, err := strconv.Atoi(value); err != nil || number < least || number > maxWhole {
			return fmt.Errorf("%q must be a number from %d to %d", value, least, maxWhole)
		}
		return nil
	}
}

func checkPositive(value string) error {
	if duration, err := time.ParseDuration(value); err != nil || duration <= 0 {
		return fmt.Errorf("%q must be a duration above 0, like 5s", value)
	}
	return nil
}

func checkInterval(value string) error {
	if duration, err := time.ParseDuration(value); err != nil || duration < time.Second {
		return fmt.Errorf("%q must be a duration of 1s or more, like 15s", value)
	}
	return nil
}

func checkMultiplier(value string) error {
	if number, err := strconv.ParseFloat(value, 64); err != nil || number == 0 || math.IsInf(number, 0) {
		return fmt.Errorf("%q must be a number other than 0, or NaN", value)
	}
	return nil
}
