package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"divims/internal/lab/world"
)

// machineKinds are the events of machines, BBB and the stats, and of the people who come.
var machineKinds = []kind{
	{
		name: "machine-dies", keys: []key{onServers},
		happens: "The machine is dead to everybody, and its people are thrown out. The hoster goes on to report it as running.",
		example: "servers=3 for=1h",
		begin:   breaks(func(*happening) []world.Fault { return []world.Fault{world.Dead{}} }),
	},
	{
		name: "bbb-stops",
		keys: []key{onServers, {name: "answer", words: []string{"hang", "refuse", "502", "checksum"}}},
		happens: "BBB never answers (hang), resets each connection (refuse), or answers with an error. " +
			"Its meetings and the stats endpoint go on.",
		example: "servers=3,4 answer=502 for=40m",
		begin: breaks(func(h *happening) []world.Fault {
			return []world.Fault{world.BBBStopped{Contact: answers[cmp.Or(h.Values["answer"], "hang")]}}
		}),
	},
	{
		name: "cut", keys: []key{onServers, {name: "from", words: []string{"us", "scalelite", "both"}}},
		happens: "Packets between the server and DiViMS (us) or Scalelite are lost. A server that is cut off from both, as without from=, " +
			"has lost its network: its people leave within a minute.",
		example: "servers=30% from=both for=1h",
		begin:   breaks(cuts),
	},
	{
		name: "certificate",
		keys: []key{onServers, {name: "fault", words: []string{"expired", "wrong-name"}}, {name: "expires", check: checkPositive}},
		happens: "The server's certificate has expired, is for another name, or expires after that time and is not renewed. " +
			"Scalelite does not trust it either.",
		example: "servers=3 expires=72h",
		check:   checkCertificate,
		begin:   spoilCertificates,
	},
	{
		name: "unit-fails", keys: []key{onServers, {name: "unit", required: true}},
		happens: "A systemd unit of BBB is down. The stats say so, and BBB goes on to answer.",
		example: "servers=3 unit=bbb-webrtc-sfu for=2h",
		begin:   breaks(func(h *happening) []world.Fault { return []world.Fault{world.UnitDown{Unit: unit(h)}} }),
	},
	{
		name: "recording-stuck", keys: recordingKeys(),
		happens: "The next recording that comes to the stage (processing) stays there. At the end it goes on.",
		example: "servers=3 stage=processing for=6h",
		begin:   toServers("no machine", onRecordings((*world.World).StickRecording)),
	},
	{
		name: "recording-fails", keys: recordingKeys(),
		happens: "The work on the next recording that comes to the stage (processing) fails, for good.",
		example: "servers=3 stage=published",
		begin:   toServers("no machine", onRecordings((*world.World).BreakRecording)),
	},
	{
		name: "stats-stop", keys: []key{onServers, {name: "how", words: []string{"silent", "stale", "cached", "cached-with-date"}}},
		happens: "The stats endpoint is gone and answers 502 (silent), its counts are not renewed while node_exporter goes on (stale), " +
			"or one old page is served from a cache, with a new Date (cached) or with its own (cached-with-date).",
		example: "servers=3 how=stale for=2h",
		begin: breaks(func(h *happening) []world.Fault {
			return []world.Fault{world.StatsStopped{How: statsFailures[cmp.Or(h.Values["how"], "silent")]}}
		}),
	},
	{
		name: "clock", keys: []key{onServers, {name: "offset", required: true, check: checkOffset}},
		happens: "The server's clock is ahead, or behind if the offset is negative: in BBB's answers, the stats and the Date.",
		example: "servers=3 offset=-11h for=2h",
		begin: breaks(func(h *happening) []world.Fault {
			return []world.Fault{world.ClockOff{Ahead: h.duration("offset", 0)}}
		}),
	},
	{
		name: "dns", keys: []key{onServers, {name: "to", required: true, check: checkWholeFrom(1)}},
		happens: "The server's domain leads to the machine of another server, which has a certificate for its own name.",
		example: "servers=3 to=4 for=2h",
		check:   checkTarget,
		begin:   mislead,
	},
	{
		name: "people", instant: true,
		keys: []key{
			{name: "add", check: checkWholeFrom(1)}, {name: "meetings", check: checkWholeFrom(1)},
			{name: "length", check: checkPositive}, {name: "recorded", words: []string{"yes", "no"}},
		},
		happens: "People (500) come beside the profile's, in meetings (20) of a length (50m) that are created evenly over two minutes. " +
			"All have joined after five.",
		example: "add=500 meetings=20 length=50m recorded=no",
		check:   func(e *Event, _ int) error { return rush(e).Check() },
		begin: func(h *happening) (err error) {
			h.with(func(w *world.World) { err = w.StartRush(fmt.Sprintf("people, line %d", h.Line), rush(h.Event)) })
			return err
		},
	},
}

// answers has what a caller meets at a stopped BBB, by the value of answer=.
var answers = map[string]world.Contact{
	"hang": world.Hangs, "refuse": world.Refuses, "502": world.Fails, "checksum": world.Denies,
}

// statsFailures has the failures of the stats, by the value of how=.
var statsFailures = map[string]world.StatsFailure{
	"silent": world.StatsSilent, "stale": world.StatsStale, "cached": world.StatsCached,
	"cached-with-date": world.StatsCachedWithDate,
}

// breaks returns the beginning of an event that gives the machine of each server faults.
func breaks(faults func(*happening) []world.Fault) func(*happening) error {
	return toServers("no machine", func(h *happening, w *world.World, server int) func() {
		fixes := []func(){}
		for _, fault := range faults(h) {
			fix := w.Break(server, fault)
			if fix == nil {
				return nil
			}
			fixes = append(fixes, fix)
		}
		return func() {
			for _, fix := range fixes {
				fix()
			}
		}
	})
}

// cuts returns the faults of a server that is cut off.
func cuts(h *happening) []world.Fault {
	us, scalelite := world.CutOff{From: world.Us}, world.CutOff{From: world.Scalelite}
	switch h.Values["from"] {
	case "us":
		return []world.Fault{us}
	case "scalelite":
		return []world.Fault{scalelite}
	}
	return []world.Fault{us, scalelite}
}

// unit returns the full name of a unit.
func unit(h *happening) string {
	name := h.Values["unit"]
	if !strings.Contains(name, ".") {
		name += ".service"
	}
	return name
}

func recordingKeys() []key {
	return []key{onServers, {name: "stage", words: world.RecordingPoints()}}
}

// onRecordings calls do for each server, with the stage that an event names.
func onRecordings(do func(w *world.World, server int, point string) (end func())) func(*happening, *world.World, int) func() {
	return func(h *happening, w *world.World, server int) func() {
		return do(w, server, cmp.Or(h.Values["stage"], "processing"))
	}
}

// spoilCertificates gives each server a certificate with a fault.
func spoilCertificates(h *happening) error {
	sandbox := h.Run.Sandbox()
	fault := world.CertificateFault{WrongName: h.Values["fault"] == "wrong-name"}
	if !fault.WrongName {
		fault.Expires = sandbox.Now().Add(h.duration("expires", -time.Hour))
	}
	for _, server := range h.Servers {
		renew, err := sandbox.SpoilCertificate(server, fault)
		if err != nil {
			return err
		}
		h.atEnd(renew)
	}
	return nil
}

// mislead makes the domain of each server lead to another server's machine.
func mislead(h *happening) error {
	to := h.number("to", 0)
	for _, server := range h.Servers {
		if server == to {
			h.note(fmt.Sprintf("server %d leads to itself", server))
			continue
		}
		correct, err := h.Run.Sandbox().Mislead(server, to)
		if err != nil {
			return err
		}
		h.atEnd(correct)
	}
	h.missed = len(h.ends) == 0
	return nil
}

// rush returns the rush of an event.
func rush(e *Event) world.Rush {
	return world.Rush{
		People: e.number("add", 500), Meetings: e.number("meetings", 20),
		Length: e.duration("length", 50*time.Minute), Recorded: e.Values["recorded"] == "yes",
	}
}

func checkCertificate(e *Event, _ int) error {
	if (e.Values["fault"] == "") == (e.Values["expires"] == "") {
		return errors.New("either fault= or expires= is needed")
	}
	return nil
}

func checkTarget(e *Event, servers int) error {
	if to, err := parseNumber(e.Values["to"]); err != nil || to > servers {
		return fmt.Errorf("to=: %q must be the number of a server from 1 to %d", e.Values["to"], servers)
	}
	return nil
}
