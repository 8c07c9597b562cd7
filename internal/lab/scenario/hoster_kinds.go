package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// hosterKinds are the events at the hoster, and what a person does there.
var hosterKinds = []kind{
	{
		name: "zone-down", keys: []key{{name: "zone", required: true, words: hosterZones}},
		happens: "The zone's machines are dead to everybody, and creations in it fail with 503. Lists go on, with state running.",
		example: "zone=fr-par-1 for=2h",
		begin: func(h *happening) error {
			h.lasting(func(w *world.World) func() { return w.BeginOutage(h.Values["zone"]) })
			return nil
		},
	},
	{
		name: "out-of-stock", keys: offerKeys(),
		happens: "Creations are refused as out of stock, and the availability is shortage.",
		example: "zone=fr-par-1 type=POP2-HC-8C-16G for=3h",
		begin:   onOffer((*world.World).SellOut),
	},
	{
		name: "quota", keys: offerKeys(),
		happens: "Creations are refused with 403 quotas_exceeded.",
		example: "type=POP2-HC-8C-16G for=3h",
		begin:   onOffer((*world.World).ExhaustQuota),
	},
	{
		name: "refuse",
		keys: []key{
			{name: "call", required: true, check: checkCall},
			{name: "status", check: checkStatus},
			{name: "text"},
		},
		happens: "Scaleway refuses a call, named by its method and the last fixed word of its path, " +
			"or by an action, with a status (403) and a text.",
		example: `call="POST servers" status=403 text="no permission"`,
		begin:   refuse,
	},
	{
		name: "bad-image",
		keys: []key{
			{name: "how", words: []string{"never-up", "unit-down", "slow"}, required: true},
			{name: "minutes", check: checkMinutes},
		},
		happens: "A newer image appears. Its machines never come up, have a unit of BBB down, or take MINUTES (11) to boot. At the end the image is withdrawn.",
		example: "how=slow minutes=11 for=4h",
		check:   checkBadImage,
		begin: func(h *happening) error {
			h.lasting(func(w *world.World) func() { return w.AddBadImage(defect(h)) })
			return nil
		},
	},
	{
		name: "boot-time", keys: []key{{name: "minutes", check: checkMinutes}},
		happens: "Machines made from now on take MINUTES (11) to boot.",
		example: "minutes=11 for=6h",
		begin: func(h *happening) error {
			h.lasting(func(w *world.World) func() { return w.SlowBoots(minutes(h)) })
			return nil
		},
	},
	{
		name: "machine-state", keys: []key{{name: serversKey}, {name: "state"}},
		happens: "The API reports a state (error) for the machine. Nothing else changes.",
		example: "servers=3 state=error for=1h",
		begin: toMachines("no machine", func(h *happening, w *world.World, server int) func() {
			return w.ReportState(server, pool.MachineState(cmp.Or(h.Values["state"], "error")))
		}),
	},
	{
		name: "power-on-fails", keys: []key{{name: serversKey}, {name: "status", check: checkStatus}},
		happens: "Starting a stopped machine of the server is refused with a status (500), also right after its creation.",
		example: "servers=3 status=500 for=1h",
		begin: toMachines("no place in the pool", func(h *happening, w *world.World, server int) func() {
			return w.RefuseStarts(server, number(h, "status", 500))
		}),
	},
	{
		name: "hand-stop", keys: []key{{name: serversKey}},
		happens: "A person stops the machine. At the end it is started again.",
		example: "servers=3 for=1h",
		begin: toMachines("no machine to stop", func(_ *happening, w *world.World, server int) func() {
			return w.StopByHand(server)
		}),
	},
	{
		name: "hand-start", keys: []key{{name: serversKey}},
		happens: "A person starts the stopped machine. At the end it is stopped again.",
		example: "servers=3 for=1h",
		begin: toMachines("no stopped machine", func(_ *happening, w *world.World, server int) func() {
			return w.StartByHand(server)
		}),
	},
	{
		name: "hand-rename", keys: []key{{name: serversKey}, {name: "to", required: true}},
		happens: "A person gives the machine another name. Its address stays.",
		example: "servers=3 to=bbb-w4 for=1h",
		begin: toMachines("no machine of another name", func(h *happening, w *world.World, server int) func() {
			return w.RenameByHand(server, h.Values["to"])
		}),
	},
	{
		name: "hand-tag", keys: []key{{name: serversKey}, {name: "tag", required: true}},
		happens: "A person adds a tag to the machine. Its other tags stay.",
		example: "servers=3 tag=test for=1h",
		begin: toMachines("no machine without the tag", func(h *happening, w *world.World, server int) func() {
			return w.TagByHand(server, h.Values["tag"])
		}),
	},
	{
		name: "hand-detach-volume", keys: []key{{name: serversKey}},
		happens: "A person stops the machine and detaches its volume. At the end the volume is attached again, and the machine is started.",
		example: "servers=3 for=1h",
		begin: toMachines("no machine with a volume", func(_ *happening, w *world.World, server int) func() {
			return w.DetachVolumeByHand(server)
		}),
	},
}

// hosterZones are the availability zones of the pool that scenarios happen to.
var hosterZones = []string{"fr-par-1", "fr-par-2"}

// offerKeys are the keys of an event about some types of machines in some zones.
func offerKeys() []key {
	types := []string{}
	for _, t := range world.DefaultTypes() {
		types = append(types, t.Name)
	}
	return []key{{name: "zone", words: hosterZones}, {name: "type", words: types}}
}

// onOffer makes something happen to the types and zones that an event names.
func onOffer(do func(*world.World, world.Offer) (undo func())) func(*happening) error {
	return func(h *happening) error {
		h.lasting(func(w *world.World) func() {
			return do(w, world.Offer{Zone: h.Values["zone"], Type: h.Values["type"]})
		})
		return nil
	}
}

// toMachines makes something happen to the machine of each server. If there is nothing to
// undo, it has not happened, and the progress line says that the server has no such
// machine.
func toMachines(missing string, do func(h *happening, w *world.World, server int) (undo func())) func(*happening) error {
	return func(h *happening) error {
		h.with(func(w *world.World) {
			for _, server := range h.Servers {
				undo := do(h, w, server)
				if undo == nil {
					h.note(fmt.Sprintf("server %d has %s", server, missing))
					continue
				}
				h.undo(undo)
			}
		})
		return nil
	}
}

// lasting makes something happen to the world as a whole, until the event's end.
func (h *happening) lasting(do func(*world.World) (undo func())) {
	h.with(func(w *world.World) { h.undo(do(w)) })
}

// undo has a change of the world undone at the event's end.
func (h *happening) undo(undo func()) {
	h.atEnd(func() { h.with(func(*world.World) { undo() }) })
}

// refuse makes Scaleway refuse a call.
func refuse(h *happening) error {
	answer := world.RefusedError{Status: number(h, "status", 403), Text: cmp.Or(h.Values["text"], "the call is refused")}
	h.lasting(func(w *world.World) func() { return w.Refuse(h.Values["call"], answer) })
	return nil
}

// defect returns what is wrong with the machines of a bad image.
func defect(h *happening) world.Defect {
	switch h.Values["how"] {
	case "never-up":
		return world.Defect{NeverUp: true}
	case "unit-down":
		return world.Defect{UnitDown: "bbb-webrtc-sfu.service"}
	}
	return world.Defect{Boot: minutes(h)}
}

// minutes returns the value of the key "minutes".
func minutes(h *happening) time.Duration {
	return time.Duration(number(h, "minutes", 11)) * time.Minute
}

// number returns the value of a key that takes a whole number.
func number(h *happening, name string, otherwise int) int {
	if value, err := strconv.Atoi(h.Values[name]); err == nil {
		return value
	}
	return otherwise
}

func checkBadImage(e *Event, _ int) error {
	if e.Values["minutes"] != "" && e.Values["how"] != "slow" {
		return errors.New("minutes= goes with how=slow only")
	}
	return nil
}

func checkMinutes(value string) error {
	if minutes, err := parseNumber(value); err != nil || minutes > 24*60 {
		return fmt.Errorf("%q must be a whole number from 1 to %d", value, 24*60)
	}
	return nil
}

func checkStatus(value string) error {
	if status, err := parseNumber(value); err != nil || status < 400 || status > 599 {
		return fmt.Errorf("%q must be an HTTP status from 400 to 599", value)
	}
	return nil
}

func checkCall(value string) error {
	if calls := scalewayapi.Calls(); !slices.Contains(calls, value) {
		return fmt.Errorf("%q is no call of Scaleway's API that the sandbox serves%s", value, suggest(value, calls))
	}
	return nil
}
