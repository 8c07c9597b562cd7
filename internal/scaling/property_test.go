package scaling

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"divims/internal/config/setting"
	"divims/internal/pool"
)

// drawPool draws any possible pool: servers in every state, with anything unknown, and
// any memory of them.
func drawPool(t *rapid.T) (Config, pool.Observation, pool.State) {
	config := drawConfig(t)
	seen, state := drawObservation(t, config)
	return config, seen, state
}

func drawConfig(t *rapid.T) Config {
	size := rapid.IntRange(1, 12).Draw(t, "size")
	return Config{
		Size: size, Capacity: 250 * size, BareMetal: rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "bare metal"),
		Policies:       rapid.SampledFrom([][]Policy{{PolicyLoad}, {PolicySchedule}, {PolicyLoad, PolicySchedule}, {PolicyForecast}, {PolicyForecast, PolicySchedule}, {}}).Draw(t, "policies"),
		ForecastMargin: rapid.SampledFrom([]Margin{"", Lean, Balanced, Safe}).Draw(t, "margin"), Timezone: setting.Timezone{Location: paris},
		Interval: 5 * time.Minute, BootTime: 7 * time.Minute, ServerParticipants: 250, ServerMeetings: 15,
		MinimumMillionths: rapid.SampledFrom([]setting.Percentage{0, 10_000, 300_000, million}).Draw(t, "minimum"),
		SteadyFactor:      Pair{2, 2}, GrowingFactor: Pair{3, 3}, GrowthThreshold: Pair{1.2, 1.2}, ScheduleMode: ScheduleStep,
		MeetingMaxDuration: 10 * time.Hour, RecordingMaxProcessing: 5 * time.Hour, RecycleAfter: 7 * 24 * time.Hour, RollOutParallel: 2, Grace: 6 * time.Minute,
		Recordings:             rapid.SampledFrom([]RecordingsPolicy{RecordingsShipped, RecordingsKept, RecordingsNone}).Draw(t, "recordings"),
		UnresponsiveMillionths: 300_000, UnresponsiveRebootAfter: rapid.SampledFrom([]time.Duration{0, 20 * time.Minute}).Draw(t, "reboot after"),
		UnresponsiveDeleteAfter: rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "delete after"),
		MaxCreations:            rapid.IntRange(0, 4).Draw(t, "creations"), MaxDeletions: rapid.IntRange(0, 4).Draw(t, "deletions"),
		MaxCordons: rapid.IntRange(0, 4).Draw(t, "cordons"), MaxEnds: rapid.IntRange(0, 2).Draw(t, "ends"),
		RegisterEntries: rapid.Bool().Draw(t, "register"), ScalelitePoll: time.Minute,
	}
}

// drawObservation draws what is seen of a pool, and the state of the last evaluation.
func drawObservation(t *rapid.T, config Config) (pool.Observation, pool.State) {
	size := config.Size
	seen := pool.Observation{
		Images:   drawReading(t, "image", func() []pool.Image { return []pool.Image{{ID: "new", Zone: "fr-par-1", Created: noon.Add(-time.Hour)}} }),
		Calendar: drawReading(t, "calendar", func() pool.Calendar { return drawCalendar(t) }),
		History:  drawReading(t, "history", func() []pool.Sample { return drawHistory(t) }),
	}
	state := drawState(t, size)
	if rapid.IntRange(0, 4).Draw(t, "a zone is not read") == 0 {
		seen.UnreadZones = map[string]string{"fr-par-2": "503"}
	}
	if rapid.Bool().Draw(t, "past load") {
		state.Load = &pool.PastLoad{At: noon.Add(-5 * time.Minute), Participants: rapid.IntRange(1, 3000).Draw(t, "past"), Meetings: 10}
	}
	listed := rapid.SampledFrom([]string{"both", "both", "both", "both", "both", "entries", "machines"}).Draw(t, "lists")
	var entries []pool.Entry
	var machines []pool.Machine
	for _, server := range pool.Servers(size, config.BareMetal, "bbb-w{n}", "bbb-w{n}.example.com") {
		observed := drawServer(t, server)
		observed.MayBeUnread = len(seen.UnreadZones) > 0 && !observed.Machine.Known()
		if entry, _ := observed.Entry.Get(); entry != nil {
			entries = append(entries, *entry)
		}
		if machine, _ := observed.Machine.Get(); machine != nil {
			machines = append(machines, *machine)
		}
		if listed == "machines" {
			observed.Entry = pool.Unknown[*pool.Entry]("no list")
		}
		if listed == "entries" {
			observed.Machine = pool.Unknown[*pool.Machine]("no list")
		}
		seen.Servers = append(seen.Servers, observed)
		state.Remember(server.Number, drawMemory(t, server))
	}
	seen.Entries, seen.Machines = pool.Seen(entries), pool.Seen(machines)
	if listed == "machines" {
		seen.Entries = pool.Unknown[[]pool.Entry]("no list")
	}
	if listed == "entries" {
		seen.Machines = pool.Unknown[[]pool.Machine]("no list")
	}
	return seen, state
}

// drawReading draws a value that is sometimes unknown.
func drawReading[T any](t *rapid.T, what string, value func() T) pool.Reading[T] {
	if rapid.IntRange(0, 5).Draw(t, what+" unknown") == 0 {
		return pool.Unknown[T]("drawn")
	}
	return pool.Seen(value())
}

func drawCalendar(t *rapid.T) pool.Calendar {
	summary := rapid.SampledFrom([]string{"users=40%", "users=700", "users=", "holiday", ""}).Draw(t, "summary")
	if summary == "" {
		return pool.Calendar{}
	}
	return pool.Calendar{Events: []pool.Event{{Start: noon.Add(-time.Hour), End: noon.Add(time.Hour), Summary: summary}}}
}

func drawAge(t *rapid.T, what string) time.Time {
	minutes := rapid.SampledFrom([]int{-3, 0, 1, 5, 10, 20, 61, 300, 900, 20_000}).Draw(t, what)
	return noon.Add(-time.Duration(minutes) * time.Minute)
}

func drawServer(t *rapid.T, server pool.Server) pool.ServerObservation {
	observed := pool.ServerObservation{Server: server}
	observed.Entry = drawEntry(t, server)
	observed.Machine = drawMachine(t, server)
	machine, known := observed.Machine.Get()
	if known && (machine == nil || machine.State != pool.Running) {
		return observed // nothing runs that could be asked
	}
	drawAnswers(t, &observed)
	return observed
}

func drawEntry(t *rapid.T, server pool.Server) pool.Reading[*pool.Entry] {
	return drawReading(t, "entry", func() *pool.Entry {
		if rapid.IntRange(0, 9).Draw(t, "no entry") == 0 {
			return nil
		}
		return &pool.Entry{
			ID: server.Hostname, State: rapid.SampledFrom([]pool.EntryState{pool.Enabled, pool.Enabled, pool.Cordoned, pool.Disabled}).Draw(t, "state"),
			Online: rapid.Bool().Draw(t, "online"),
			Load:   drawReading(t, "load", func() float64 { return rapid.Float64Range(0, 300).Draw(t, "load") }),
			Tag:    rapid.SampledFrom([]string{"", "", "", "gpu", "exam"}).Draw(t, "tag"), LoadMultiplier: rapid.SampledFrom([]float64{1, 1, 1, 0.5, 2, 3}).Draw(t, "multiplier"),
		}
	})
}

func drawMachine(t *rapid.T, server pool.Server) pool.Reading[*pool.Machine] {
	return drawReading(t, "machine", func() *pool.Machine {
		state := rapid.SampledFrom([]pool.MachineState{"", pool.Running, pool.Running, pool.Running, pool.Starting, pool.Stopping,
			pool.Stopped, pool.StoppedInPlace, pool.Locked, "new to us"}).Draw(t, "machine state")
		if state == "" {
			return nil
		}
		machine := &pool.Machine{ID: "machine " + server.Hostname, Name: server.Hostname, Zone: "fr-par-1", State: state, BareMetal: server.BareMetal,
			Since: drawAge(t, "since"), Created: drawAge(t, "created"), ImageID: rapid.SampledFrom([]string{"", "old", "new"}).Draw(t, "image id")}
		if rapid.IntRange(0, 5).Draw(t, "maintenances") == 0 {
			machine.Maintenances = []pool.PlannedMaintenance{{Start: noon.Add(time.Hour)}}
		}
		if state == pool.Stopped && !server.BareMetal && rapid.Bool().Draw(t, "preparing") {
			machine.Detail = pool.Preparing
		}
		return machine
	})
}

// drawAnswers draws what a running server answers.
func drawAnswers(t *rapid.T, observed *pool.ServerObservation) {
	observed.Meetings = drawReading(t, "meetings", func() []pool.Meeting {
		var meetings []pool.Meeting
		for i := range rapid.IntRange(0, 3).Draw(t, "meetings") {
			meetings = append(meetings, pool.Meeting{ID: fmt.Sprint(i), Created: drawAge(t, "meeting"), Participants: rapid.IntRange(0, 300).Draw(t, "people"),
				Breakout: rapid.Bool().Draw(t, "breakout")})
		}
		return meetings
	})
	observed.Alive = observed.Meetings.Known() || rapid.Bool().Draw(t, "alive")
	observed.Recordings = drawReading(t, "recordings", func() []pool.Recording {
		if rapid.Bool().Draw(t, "any recording") {
			return nil
		}
		return []pool.Recording{{ID: "r", State: rapid.SampledFrom([]pool.RecordingState{pool.Processing, pool.Published}).Draw(t, "recording")}}
	})
	observed.Stats = drawReading(t, "stats", func() pool.Stats {
		counts := func(what string) pool.Reading[map[string]int] {
			return drawReading(t, what, func() map[string]int {
				return map[string]int{"archived": rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, what)}
			})
		}
		return pool.Stats{Backlog: counts("backlog"), Failed: counts("failed"),
			Age:    drawReading(t, "age", func() time.Duration { return rapid.SampledFrom([]time.Duration{0, 5 * time.Minute}).Draw(t, "age") }),
			Uptime: drawReading(t, "uptime", func() time.Duration { return noon.Sub(drawAge(t, "uptime")) })}
	})
}

// drawState draws the state of the last evaluation without the servers. A state of an
// earlier version has none of what came later.
func drawState(t *rapid.T, size int) pool.State {
	state := pool.State{Servers: map[int]*pool.ServerMemory{}, Kept: rapid.IntRange(0, size).Draw(t, "kept")}
	drawTimes(t, "state", &state.LastEvaluation)
	if rapid.IntRange(0, 3).Draw(t, "earlier version") == 0 {
		return state
	}
	state.Floors = map[string]int{"": rapid.IntRange(0, size).Draw(t, "floor")}
	state.SurplusSince = map[string]time.Time{"": drawAge(t, "surplus since")}
	state.BootTimes = map[string][]int{"cloud": {rapid.IntRange(0, 3000).Draw(t, "boot")}}
	state.TakenOver = rapid.SampledFrom([]string{"", "", "", "another"}).Draw(t, "taken over")
	if rapid.IntRange(0, 6).Draw(t, "forced") == 0 {
		state.Forced = &pool.Forced{Hold: pool.Hold{Author: "Ada"}, Servers: rapid.IntRange(0, size).Draw(t, "number"), Until: noon.Add(time.Hour)}
	}
	doubt := &state.Doubt
	drawTimes(t, "doubt", &doubt.FellTogether, &doubt.PollerSince, &doubt.PollerMoved, &doubt.Came, &doubt.Ordered)
	doubt.Fruitless = rapid.IntRange(0, 4).Draw(t, "fruitless")
	if rapid.IntRange(0, 3).Draw(t, "late") == 0 {
		n := rapid.IntRange(1, 3).Draw(t, "in a row")
		doubt.Late = map[string]pool.Late{"image new": {Count: n, At: drawAge(t, "late"), Mute: n}}
		doubt.LastGood = map[string]string{"fr-par-1": rapid.SampledFrom([]string{"old", "new"}).Draw(t, "good")}
	}
	if rapid.IntRange(0, 3).Draw(t, "set aside") == 0 {
		doubt.SetAside = []string{"new"}
	}
	return state
}

// drawTimes draws some times, of which most are zero.
func drawTimes(t *rapid.T, what string, times ...*time.Time) {
	set := rapid.SliceOfN(rapid.IntRange(0, 2), len(times), len(times)).Draw(t, what+" times")
	for i, at := range times {
		if set[i] == 0 {
			*at = drawAge(t, what)
		}
	}
}

func drawMemory(t *rapid.T, server pool.Server) pool.ServerMemory {
	memory := pool.ServerMemory{MachineID: rapid.SampledFrom([]string{"machine " + server.Hostname, "machine " + server.Hostname, "another", ""}).Draw(t, "memory of")}
	drawTimes(t, "memory", &memory.LoadSeen, &memory.DrainingSince, &memory.EmptySince, &memory.SilentSince, &memory.Rebooted, &memory.NotBefore)
	if rapid.Bool().Draw(t, "judged") {
		memory.Health, memory.HealthSince = string(rapid.SampledFrom([]Health{Healthy, Unresponsive}).Draw(t, "health")), drawAge(t, "health")
	}
	if rapid.IntRange(0, 6).Draw(t, "in maintenance") == 0 {
		memory.Maintenance = &pool.Hold{Reason: "disk", Author: "Ada"}
	}
	if rapid.IntRange(0, 6).Draw(t, "to be recycled") == 0 {
		memory.Recycle = &pool.Hold{Reason: "noises", Author: "Ada"}
	}
	if rapid.IntRange(0, 6).Draw(t, "drain to be ended") == 0 {
		memory.EndDrain = &pool.EndDrain{DiscardRecordings: rapid.Bool().Draw(t, "discard")}
	}
	memory.Participants = rapid.IntRange(0, 300).Draw(t, "remembered")
	if rapid.IntRange(0, 3).Draw(t, "memory of an earlier version") > 0 {
		drawNewMemory(t, server, &memory)
	}
	return memory
}

// drawNewMemory draws what earlier versions did not remember.
func drawNewMemory(t *rapid.T, server pool.Server, memory *pool.ServerMemory) {
	drawTimes(t, "machine", &memory.FirstSeen, &memory.Ordered, &memory.Came, &memory.LateSince, &memory.Served, &memory.Fell,
		&memory.Gone, &memory.Stopped, &memory.UnknownSince)
	memory.Watched, memory.BootSeen = rapid.Bool().Draw(t, "watched"), rapid.Bool().Draw(t, "boot seen")
	memory.Recordings = rapid.IntRange(0, 3).Draw(t, "recordings remembered") == 0
	memory.FellOf, memory.Reboots = rapid.IntRange(0, 12).Draw(t, "fell of"), rapid.IntRange(0, 4).Draw(t, "reboots")
	memory.Zone = rapid.SampledFrom([]string{"", "fr-par-1", "fr-par-2"}).Draw(t, "zone")
	if rapid.Bool().Draw(t, "a fault") {
		memory.Fault, memory.FaultSince = "recordings failed: archived 1", drawAge(t, "fault")
	}
	entry := &memory.Entry
	entry.ID = rapid.SampledFrom([]string{server.Hostname, server.Hostname, "another"}).Draw(t, "entry of")
	entry.EnabledAs = rapid.SampledFrom([]string{"", server.Hostname, "another"}).Draw(t, "enabled as")
	entry.Ours, entry.Online, entry.Answered = rapid.Bool().Draw(t, "ours"), rapid.Bool().Draw(t, "was online"), rapid.Bool().Draw(t, "answered")
	if rapid.IntRange(0, 5).Draw(t, "held by hand") == 0 {
		entry.HandSince = drawAge(t, "hand")
	}
	drawTimes(t, "entry", &entry.OnlineAt, &entry.AnsweredAt, &entry.UnavailableSince, &entry.MissingSince)
}

// TestDecideKeepsTheInvariants checks the plans for random pools against the safety
// invariants that a decision must keep.
func TestDecideKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config, seen, state := drawPool(t)
		before := written(t, seen, state)
		plan, next := Decide(noon, config, seen, state)

		again, nextAgain := Decide(noon, config, seen, state)
		if !reflect.DeepEqual(plan, again) || !reflect.DeepEqual(next, nextAgain) {
			t.Fatal("two decisions on the same input differ")
		}
		if written(t, seen, state) != before {
			t.Fatal("the decision changed its input")
		}
		if (!seen.Entries.Known() || !seen.Machines.Known()) && len(plan.Actions) > 0 {
			t.Fatalf("a list is unknown, but there are actions: %+v", plan.Actions)
		}
		for kind, most := range map[Kind]int{Create: config.MaxCreations, Delete: config.MaxDeletions, Cordon: config.MaxCordons, EndMeeting: config.MaxEnds} {
			if countOf(plan, kind) > most {
				t.Fatalf("%s is planned %d times, want %d at most", kind, countOf(plan, kind), most)
			}
		}
		for _, g := range newDecision(noon, config, seen, state).groups {
			required := plan.Required
			if i := slices.IndexFunc(plan.Tagged, func(other Group) bool { return other.Tag == g.Tag }); i >= 0 {
				required = plan.Tagged[i].Required
			}
			servers, ok := required.Servers.Get()
			all, _ := required.Size.Get()
			size := int(math.Ceil(all))
			if ok && (servers > size || servers < min(g.config.Minimum(), size)) {
				t.Fatalf("%d servers are required with the tag %q; the size is %g and the minimum %d", servers, g.Tag, all, g.config.Minimum())
			}
		}
		for _, alert := range plan.Alerts {
			if alert.Level.Rank() == 0 || alert.Subject == "" || alert.Text.IsZero() || alert.Advice.IsZero() {
				t.Fatalf("an alert without level, subject, text or advice: %+v", alert)
			}
		}
		for _, action := range plan.Actions {
			if action.Server != 0 {
				checkAction(t, config, seen.Servers[action.Server-1], state.Memory(action.Server), action)
			}
		}
		checkCapacity(t, config, seen, state, plan)
		checkDoubts(t, seen, state, plan)
		checkOrder(t, seen, plan)
		checkStages(t, seen, plan)
	})
}

// written returns an observation and a state as text, with what their pointers point to.
func written(t *rapid.T, seen pool.Observation, state pool.State) string {
	text, err := json.Marshal([]any{seen, state})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkDoubts: no more machines are started than each doubt allows, and no harm is done to
// a server in doubt without an order that names it.
func checkDoubts(t *rapid.T, seen pool.Observation, state pool.State, plan Plan) {
	for _, doubt := range plan.Doubts {
		if started := countOf(plan, Create) + countOf(plan, PowerOn); doubt.Starts >= 0 && started > doubt.Starts {
			t.Fatalf("%d machines are started, and the doubt %+v allows %d", started, doubt, doubt.Starts)
		}
		for _, action := range plan.Actions {
			if !slices.Contains(doubt.Servers, action.Server) || !slices.Contains([]Kind{Cordon, Delete, Reboot, EndMeeting}, action.Kind) {
				continue
			}
			machine, _ := seen.Servers[action.Server-1].Machine.Get()
			memory := state.Memory(action.Server)
			// A machine that is missing for the first time keeps its order.
			ordered := (machine == nil || memory.MachineID == machine.ID) && (memory.EndDrain != nil || memory.Recycle != nil)
			if !ordered && (machine == nil || machine.Detail != pool.Preparing) {
				t.Fatalf("%+v on a server in doubt: %+v", action, doubt)
			}
		}
	}
}

// checkOrder: a server without a running machine is enabled only after its machine is
// created or started in the same plan, none is both enabled and cordoned, and none is both
// rebooted and deleted.
func checkOrder(t *rapid.T, seen pool.Observation, plan Plan) {
	planned := map[int]map[Kind]bool{}
	for _, action := range plan.Actions {
		kinds := planned[action.Server]
		if kinds == nil {
			kinds = map[Kind]bool{}
			planned[action.Server] = kinds
		}
		if kinds[action.Kind] && action.Kind != EndMeeting && action.Server > 0 && action.Volume == nil {
			t.Fatalf("%+v is planned twice", action)
		}
		kinds[action.Kind] = true
		if action.Kind != Enable {
			continue
		}
		machine, _ := seen.Servers[action.Server-1].Machine.Get()
		off := machine == nil || machine.State == pool.Stopped || machine.State == pool.StoppedInPlace
		if off && !kinds[Create] && !kinds[PowerOn] {
			t.Fatalf("%+v, before its machine is created or started", action)
		}
	}
	for number, kinds := range planned {
		if kinds[Enable] && kinds[Cordon] || kinds[Reboot] && kinds[Delete] || kinds[Create] && kinds[PowerOn] || kinds[Enable] && kinds[Delete] {
			t.Fatalf("these are planned for server %d together: %v", number, kinds)
		}
	}
}

// checkStages: nothing is done to a server that is held, and to one that Scalelite does
// not list, only what gives it its one entry. What serves is online and has no machine that
// is known to be off or gone; whatever counts is enabled.
func checkStages(t *rapid.T, seen pool.Observation, plan Plan) {
	for _, action := range plan.Actions {
		if action.Server == 0 || action.Volume != nil {
			continue
		}
		stage := plan.Verdicts[action.Server-1].Stage
		if stage == StageHeld || stage == Unlisted && action.Kind != Register && action.Kind != Unregister {
			t.Fatalf("%+v on a server that is %s", action, stage)
		}
	}
	for i, verdict := range plan.Verdicts {
		entry, _ := seen.Servers[i].Entry.Get()
		machine, known := seen.Servers[i].Machine.Get()
		counts := verdict.Stage == Serving || verdict.Stage == Coming
		switch {
		case verdict.Stage == "":
			t.Fatalf("server %d has no stage", i+1)
		case counts && (entry == nil || entry.State != pool.Enabled):
			t.Fatalf("server %d is %s, and its entry %+v", i+1, verdict.Stage, entry)
		case verdict.Stage == Serving && (!entry.Online || known && (machine == nil || machine.State == pool.Stopped)):
			t.Fatalf("server %d serves: entry %+v, machine %+v", i+1, entry, machine)
		case verdict.Stage == Coming && !known && !seen.Servers[i].MayBeUnread:
			t.Fatalf("server %d comes, and its machine is unknown", i+1)
		}
	}
}

// checkAction checks one action against what is known of its server.
func checkAction(t *rapid.T, config Config, s pool.ServerObservation, memory pool.ServerMemory, action Action) {
	entry, entryKnown := s.Entry.Get()
	machine, machineKnown := s.Machine.Get()
	switch {
	case memory.Maintenance != nil:
		t.Fatalf("%+v on a server in maintenance", action)
	case action.Kind == Unregister:
		return
	case !entryKnown || !machineKnown && !s.MayBeUnread:
		t.Fatalf("%+v on an unknown server", action)
	case entry == nil && action.Kind != Register:
		t.Fatalf("%+v on a server without an entry", action)
	}
	switch action.Kind {
	case Create:
		since := memory.Entry.UnavailableSince
		gone := !entry.Load.Known() && !since.IsZero() && noon.Sub(since) >= config.Interval/2 // for Scalelite too
		if machine != nil || entry.Online && !gone || s.Server.BareMetal {
			t.Fatalf("%+v, but there is a machine %+v, or the server is online: %t, or bare metal", action, machine, entry.Online)
		}
	case PowerOn:
		if machine.Detail == pool.Preparing {
			t.Fatalf("%+v of a machine without user data", action)
		}
	case Delete, Reboot:
		checkEnding(t, config, s, memory, action)
	case EndMeeting:
		if entry.State == pool.Enabled || noon.Sub(action.Meeting.Created) < config.MeetingMaxDuration && !isEnded(machine, memory) {
			t.Fatalf("%+v on an enabled server, or of a meeting below the limit", action)
		}
	}
}

// isEnded reports whether an operator ended the drain of this machine.
func isEnded(machine *pool.Machine, memory pool.ServerMemory) bool {
	return memory.EndDrain != nil && memory.MachineID == machine.ID
}

// checkEnding checks a deletion or reboot against the drain gate. It does not call Gate,
// but implements the rules again.
func checkEnding(t *rapid.T, config Config, s pool.ServerObservation, memory pool.ServerMemory, action Action) {
	entry, _ := s.Entry.Get()
	machine, _ := s.Machine.Get()
	remembered := memory.MachineID == machine.ID
	discards := action.Kind == Delete && isEnded(machine, memory) && memory.EndDrain.DiscardRecordings
	if discards != action.DiscardRecordings {
		t.Fatalf("%+v, and the operator's order is %+v", action, memory.EndDrain)
	}
	if discards {
		config.Recordings = RecordingsNone
	}
	if action.Kind == Delete && s.Server.BareMetal {
		t.Fatalf("%+v of bare metal", action)
	}
	if machine.Detail == pool.Preparing {
		return // it never ran
	}
	if action.Kind == Delete && neverSeen(config, s, memory) {
		return
	}
	if entry.State == pool.Enabled && action.Kind == Delete {
		t.Fatalf("%+v of an enabled server", action)
	}
	if machine.State == pool.Stopped || machine.State == pool.StoppedInPlace {
		if !discards && (!remembered || memory.EmptySince.IsZero()) && machine.Since.Sub(machine.Created) >= neverBooted {
			t.Fatalf("%+v of a machine that may hold recordings", action)
		}
		if !discards && (memory.Stopped.IsZero() || noon.Sub(memory.Stopped) < config.Interval/2) {
			t.Fatalf("%+v of a machine that was not seen switched off twice", action)
		}
		return
	}
	if s.Meetings.Known() {
		checkEmptied(t, config, s, memory, action)
		return
	}
	after := config.UnresponsiveDeleteAfter
	if action.Kind == Reboot {
		after = config.UnresponsiveRebootAfter
	}
	switch {
	case entry.Online || s.Alive:
		t.Fatalf("%+v, but Scalelite sees it online, or something on it answers", action)
	case action.Kind == Delete && !discards && memory.Recordings:
		t.Fatalf("%+v of a machine whose recordings are known", action)
	case discards:
	case after == 0 || !remembered || memory.Health != string(Unresponsive) || noon.Sub(memory.HealthSince) < after:
		t.Fatalf("%+v of a server that does not answer, after %s", action, after)
	}
}

// neverSeen reports whether a machine provably never served and has had twice its time.
func neverSeen(config Config, s pool.ServerObservation, memory pool.ServerMemory) bool {
	entry, _ := s.Entry.Get()
	machine, _ := s.Machine.Get()
	stats, _ := s.Stats.Get()
	backlog, known := stats.Backlog.Get()
	remembered := memory.MachineID == machine.ID || memory.MachineID == ""
	isOfMachine := memory.MachineID != ""
	answers := s.Alive || memory.BootSeen && isOfMachine
	return remembered && memory.Watched && (!memory.Recordings || !isOfMachine) && !entry.Online && !s.Meetings.Known() && !s.Server.BareMetal &&
		!memory.Ordered.IsZero() && noon.Sub(memory.Ordered) >= 2*config.BootTime &&
		(!answers || config.Recordings == RecordingsNone || known && backlog["archived"] == 0)
}

// checkEmptied checks the deletion or reboot of a running machine that answers.
func checkEmptied(t *rapid.T, config Config, s pool.ServerObservation, memory pool.ServerMemory, action Action) {
	machine, _ := s.Machine.Get()
	meetings, _ := s.Meetings.Get()
	recordings, recordingsKnown := s.Recordings.Get()
	stats, _ := s.Stats.Get()
	backlog, backlogKnown := stats.Backlog.Get()
	switch {
	case len(meetings) > 0:
		t.Fatalf("%+v with meetings", action)
	case config.Recordings != RecordingsNone && (!recordingsKnown || !backlogKnown || backlog["archived"] > 0):
		t.Fatalf("%+v with recordings unknown or in work", action)
	case config.Recordings == RecordingsShipped && len(recordings) > 0:
		t.Fatalf("%+v with recordings on it", action)
	case config.Recordings != RecordingsNone && !stats.Age.Known():
		t.Fatalf("%+v with stats of unknown age", action)
	case memory.MachineID != machine.ID || memory.EmptySince.IsZero() || noon.Sub(memory.EmptySince) < config.Interval/2:
		t.Fatalf("%+v, but the evaluation before did not see it empty", action)
	}
}

// checkCapacity: in each group, cordoning never leaves less capacity than is required,
// and never the last server that is online.
func checkCapacity(t *rapid.T, config Config, seen pool.Observation, state pool.State, plan Plan) {
	d := newDecision(noon, config, seen, state)
	for _, g := range d.groups {
		g.require()
	}
	online := func(s *server) bool {
		return s.entry != nil && s.intended == pool.Enabled && s.entry.Online && !s.maintenance()
	}
	onlineBefore, before := map[string]int{}, map[string]float64{}
	for _, g := range d.groups {
		onlineBefore[g.Tag], before[g.Tag] = g.members.count(online), g.members.capacity((*server).counts)
	}
	cordoned := map[string]bool{}
	for _, action := range plan.Actions {
		s := d.servers[max(action.Server, 1)-1]
		switch action.Kind {
		case Enable:
			s.intended, s.planned = pool.Enabled, true
		case Create, PowerOn:
			s.planned = true
		case Cordon:
			cordoned[s.tag()] = cordoned[s.tag()] || s.machineState() != pool.Locked // that is cordoned in any case
			if s.machineState() != pool.Locked || !s.counts() {
				s.intended = pool.Cordoned
			}
		}
	}
	for _, g := range d.groups {
		tag, after := g.Tag, g.members.capacity((*server).counts)
		if cordoned[tag] && after < min(before[tag], float64(g.required()))-tolerance {
			t.Fatalf("cordoning leaves %g of %g servers with the tag %q, and %d are required", after, before[tag], tag, g.required())
		}
		if cordoned[tag] && onlineBefore[tag] > 0 && g.members.count(online) == 0 {
			t.Fatalf("the last server online with the tag %q is cordoned", tag)
		}
	}
}

// TestPlansConverge: if everything is known and every action works at once, there are
// no more actions after some evaluations.
func TestPlansConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStory(t, rapid.IntRange(1, 10).Draw(rt, "size"))
		for n := 1; n <= s.config.Size; n++ {
			s.entry(n).State = rapid.SampledFrom([]pool.EntryState{pool.Enabled, pool.Cordoned, pool.Disabled}).Draw(rt, "state")
			if rapid.Bool().Draw(rt, "machine") {
				for range rapid.IntRange(0, 4).Draw(rt, "meetings") {
					s.meeting(n, rapid.IntRange(1, 120).Draw(rt, "people"))
				}
			} else {
				s.withoutMachine(n)
			}
			if rapid.IntRange(0, 4).Draw(rt, "old") == 0 {
				stats, _ := s.seen.Servers[n-1].Stats.Get()
				stats.Uptime = pool.Seen(10 * 24 * time.Hour)
				s.seen.Servers[n-1].Stats = pool.Seen(stats)
			}
		}
		past := &pool.PastLoad{At: noon, Participants: 1_000_000, Meetings: 1_000_000} // no growth
		v := vector{}
		for range 12 + 6*s.config.Size {
			s.state.Load = past
			past.At = s.now
			s.evaluate()
			v.carryOut(s.now, &s.seen, s.plan, &s.state)
		}
		s.state.Load = past
		past.At = s.now
		s.evaluate()
		for _, action := range s.plan.Actions {
			rt.Errorf("still planned: %s %d: %s", action.Kind, action.Server, action.Reason)
		}
	})
}
