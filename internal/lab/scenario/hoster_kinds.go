package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

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
		begin:   lasting(func(h *happening, w *world.World) func() { return w.BeginOutage(h.Values["zone"]) }),
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
		begin:   lasting(refuse),
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
		begin:   lasting(func(h *happening, w *world.World) func() { return w.AddBadImage(defect(h)) }),
	},
	{
		name: "boot-time", keys: []key{{name: "minutes", check: checkMinutes}},
		happens: "Machines made from now on take MINUTES (11) to boot.",
		example: "minutes=11 for=6h",
		begin:   lasting(func(h *happening, w *world.World) func() { return w.SlowBoots(h.minutes()) }),
	},
	{
		name: "machine-state", keys: []key{onServers, {name: "state"}},
		happens: "The API reports a state (error) for the machine. Nothing else changes.",
		example: "servers=3 state=error for=1h",
		begin: toServers("no machine", func(h *happening, w *world.World, server int) func() {
			return w.ReportState(server, pool.MachineState(cmp.Or(h.Values["state"], "error")))
		}),
	},
	{
		name: "power-on-fails", keys: []key{onServers, {name: "status", check: checkStatus}},
		happens: "Starting a stopped machine of the server is refused with a status (500), also right after its creation.",
		example: "servers=3 status=500 for=1h",
		begin: toServers("no place in the pool", func(h *happening, w *world.World, server int) func() {
			return w.RefuseStarts(server, h.number("status", 500))
		}),
	},
	{
		name: "hand-stop", keys: []key{onServers},
		happens: "A person stops the machine. At the end it is started again.",
		example: "servers=3 for=1h",
		begin: toServers("no machine to stop", func(_ *happening, w *world.World, server int) func() {
			return w.StopByHand(server)
		}),
	},
	{
		name: "hand-start", keys: []key{onServers},
		happens: "A person starts the stopped machine. At the end it is stopped again.",
		example: "servers=3 for=1h",
		begin: toServers("no stopped machine", func(_ *happening, w *world.World, server int) func() {
			return w.StartByHand(server)
		}),
	},
	{
		name: "hand-rename", keys: []key{onServers, {name: "to", required: true}},
		happens: "A person gives the machine another name. Its address stays.",
		example: "servers=3 to=bbb-w4 for=1h",
		begin: toServers("no machine, or it has that name already", func(h *happening, w *world.World, server int) func() {
			return w.RenameByHand(server, h.Values["to"])
		}),
	},
	{
		name: "hand-tag", keys: []key{onServers, {name: "tag", required: true}},
		happens: "A person adds a tag to the machine. Its other tags stay.",
		example: "servers=3 tag=test for=1h",
		begin: toServers("no machine without the tag", func(h *happening, w *world.World, server int) func() {
			return w.TagByHand(server, h.Values["tag"])
		}),
	},
	{
		name: "hand-detach-volume", keys: []key{onServers},
		happens: "A person stops the machine and detaches its volume. At the end the volume is attached again, and the machine is started.",
		example: "servers=3 for=1h",
		begin: toServers("no machine with a volume", func(_ *happening, w *world.World, server int) func() {
			return w.DetachVolumeByHand(server)
		}),
	},
}

// hosterZones are the availability zones of the sandbox's pool.
var hosterZones = []string{"fr-par-1", "fr-par-2"}

// offerKeys are the keys of an event about some types of machines in some zones.
func offerKeys() []key {
	types := []string{}
	for _, t := range world.DefaultTypes() {
		types = append(types, t.Name)
	}
	return []key{{name: "zone", words: hosterZones}, {name: "type", words: types}}
}

// onOffer returns the beginning of an event that changes the offers of the types and zones
// that it names.
func onOffer(do func(*world.World, world.Offer) (undo func())) func(*happening) error {
	return lasting(func(h *happening, w *world.World) func() {
		return do(w, world.Offer{Zone: h.Values["zone"], Type: h.Values["type"]})
	})
}

// refuse makes Scaleway refuse a call.
func refuse(h *happening, w *world.World) (end func()) {
	text := cmp.Or(h.Values["text"], "the call is refused")
	return w.Refuse(h.Values["call"], world.RefusedError{Status: h.number("status", 403), Text: text})
}

// defect returns the defect of a bad image.
func defect(h *happening) world.Defect {
	switch h.Values["how"] {
	case "never-up":
		return world.Defect{NeverUp: true}
	case "unit-down":
		return world.Defect{UnitDown: "bbb-webrtc-sfu.service"}
	}
	return world.Defect{Boot: h.minutes()}
}

func checkBadImage(e *Event, _ int) error {
	if e.Values["minutes"] != "" && e.Values["how"] != "slow" {
		return errors.New("minutes= goes with how=slow only")
	}
	return nil
}

func checkCall(value string) error {
	if calls := scalewayapi.Calls(); !slices.Contains(calls, value) {
		return fmt.Errorf("%q is not a call of Scaleway's API that the sandbox serves%s", value, suggest(value, calls))
	}
	return nil
}
