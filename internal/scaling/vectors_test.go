package scaling

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/config/setting"
	"divims/internal/pool"
)

// vector is one recorded case of the predecessor. Its format is described in the README
// beside the data.
type vector struct {
	ID, Kind, Note string
	Bug, Quirk     string
	BugIn          []string `json:"bug_in"`
	Config         struct {
		Size                  int      `json:"pool_size"`
		BareMetal             int      `json:"bare_metal_servers_count"`
		Interval              int      `json:"controller_run_frequency"`
		Policy                string   `json:"capacity_adaptation_policy"`
		ServerParticipants    int      `json:"load_adaptation_server_participants_capacity"`
		ServerMeetings        int      `json:"load_adaptation_server_meetings_capacity"`
		MinimumRatio          *float64 `json:"load_adaptation_active_servers_minimum_ratio"`
		ParticipantsFactor1   float64  `json:"load_adaptation_participants_capacity_factor_1"`
		ParticipantsFactor2   float64  `json:"load_adaptation_participants_capacity_factor_2"`
		MeetingsFactor1       float64  `json:"load_adaptation_meetings_capacity_factor_1"`
		MeetingsFactor2       float64  `json:"load_adaptation_meetings_capacity_factor_2"`
		ParticipantsThreshold float64  `json:"load_adaptation_participants_variation_ratio_threshold"`
		MeetingsThreshold     float64  `json:"load_adaptation_meetings_variation_ratio_threshold"`
		MeetingMaxMinutes     int      `json:"meetings_max_duration_minutes"`
		RecordingMaxMinutes   int      `json:"recordings_max_processing_duration_minutes"`
	}
	Now   time.Time
	Input struct {
		ScheduleCount any `json:"schedule_count"`
		PastLoad      *struct {
			AgeSeconds   int `json:"age_seconds"`
			Participants int `json:"participants_count"`
			Meetings     int `json:"meetings_count"`
			Raw          *string
		} `json:"past_load"`
		Servers []vectorServer
		Failing map[string][]string
	}
	Expected struct {
		// load.json
		Count, ParticipantsServers, MeetingsServers, MinimumServers int
		Stored                                                      *struct {
			Participants int `json:"participants_count"`
			Meetings     int `json:"meetings_count"`
		}
		// adapt.json
		Actions []struct {
			Action  string
			Domains []string
			Failed  []string
			Meeting string
		}
		Required   *int
		Difference *int
		Final      map[string]string `json:"final_scalelite_state"`
	}
}

type vectorServer struct {
	Domain          string
	ScaleliteState  string `json:"scalelite_state"`
	ScaleliteStatus string `json:"scalelite_status"`
	Meetings, Users int
	HosterState     string `json:"hoster_state"`
	Seconds         int    `json:"hoster_state_duration_seconds"`
	Maintenances    []struct {
		Reason string
		Start  time.Time `json:"start_date"`
	} `json:"hoster_maintenances"`
	ServerType  string `json:"server_type"`
	DivimsState string `json:"divims_state"`
	CustomState string `json:"custom_state"`
	BBB         struct {
		Meetings []struct {
			ID  string
			Age int `json:"age_minutes"`
		}
		Recordings []struct {
			ID, State string
			Age       int `json:"age_minutes"`
		}
		EndedDir string `json:"ended_dir"`
		API      string
	}
}

// vectors reads a file of vectors, or skips the test if the file does not exist.
func vectors(t *testing.T, file string) []vector {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "divims", file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("the predecessor's vectors are not beside this repository: %v", err)
	}
	var list []vector
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return list
}

func (v vector) config() Config {
	or := func(value, otherwise float64) float64 {
		if value == 0 {
			return otherwise
		}
		return value
	}
	minimum := 0.01
	if v.Config.MinimumRatio != nil {
		minimum = *v.Config.MinimumRatio
	}
	interval := time.Duration(or(float64(v.Config.Interval), 5)) * time.Minute
	config := Config{
		Size: v.Config.Size, Capacity: 250 * v.Config.Size, BareMetal: v.Config.BareMetal,
		Interval:           interval,
		ServerParticipants: int(or(float64(v.Config.ServerParticipants), 250)),
		ServerMeetings:     int(or(float64(v.Config.ServerMeetings), 15)),
		MinimumMillionths:  setting.Percentage(math.Round(minimum * 1e6)),
		SteadyFactor:       Pair{or(v.Config.ParticipantsFactor1, 2), or(v.Config.MeetingsFactor1, 2)},
		GrowingFactor:      Pair{or(v.Config.ParticipantsFactor2, 3), or(v.Config.MeetingsFactor2, 3)},
		GrowthThreshold:    Pair{or(v.Config.ParticipantsThreshold, 1.2), or(v.Config.MeetingsThreshold, 1.2)},
		ScheduleMode:       ScheduleStep,
		MeetingMaxDuration: time.Duration(v.Config.MeetingMaxMinutes) * time.Minute, RecordingMaxProcessing: time.Duration(v.Config.RecordingMaxMinutes) * time.Minute,
		RecycleAfter: 7 * 24 * time.Hour, RollOutParallel: 2, Grace: 6 * time.Minute,
		UnresponsiveMillionths: 300_000, UnresponsiveRebootAfter: 20 * time.Minute,
		MaxCreations: 100, MaxDeletions: 100, MaxCordons: 100, MaxEnds: 100,
	}
	switch v.Config.Policy {
	case "load":
		config.Policies = []Policy{PolicyLoad}
	case "both":
		config.Policies = []Policy{PolicyLoad, PolicySchedule}
	default:
		config.Policies = []Policy{PolicySchedule}
	}
	return config
}

// observation translates the predecessor's view of a pool into ours. Where the
// predecessor had already judged a server, the server is given a condition that leads
// to the same judgement here.
func (v vector) observation() (pool.Observation, pool.State) {
	seen := pool.Observation{Images: pool.Unknown[[]pool.Image]("none in the vector")}
	state := pool.State{Servers: map[int]*pool.ServerMemory{}}
	var entries []pool.Entry
	var machines []pool.Machine
	for i, s := range v.Input.Servers {
		server := pool.Server{Number: i + 1, Hostname: s.Domain, Domain: s.Domain, BareMetal: s.ServerType == "bare metal"}
		memory := pool.ServerMemory{MachineID: "machine of " + s.Domain}
		observed := pool.ServerObservation{Server: server}
		entry := &pool.Entry{
			ID: s.Domain, State: pool.EntryState(s.ScaleliteState), Online: s.ScaleliteStatus == "online",
			Load: pool.Seen(float64(s.Users)), LoadMultiplier: 1,
		}
		entries = append(entries, *entry)
		observed.Entry = pool.Seen(entry)
		machine := v.machine(s)
		observed.Machine = pool.Seen(machine)
		if machine != nil {
			machines = append(machines, *machine)
			v.ask(s, machine, &observed, &memory)
		}
		if s.DivimsState == "in maintenance" {
			memory.Maintenance = &pool.Hold{Reason: "test", Author: "test", Since: v.Now}
		}
		// The previous evaluation saw the same pool.
		if entry.State != pool.Enabled && machine != nil && (machine.State != pool.Running || Gate(v.config(), observed).IsZero()) {
			memory.EmptySince = v.Now.Add(-5 * time.Minute)
		}
		state.Remember(server.Number, memory)
		seen.Servers = append(seen.Servers, observed)
	}
	seen.Entries, seen.Machines = pool.Seen(entries), pool.Seen(machines)
	seen.Leftovers = pool.Seen([]pool.Volume{})
	seen.Calendar = pool.Seen(v.calendar())
	if past := v.Input.PastLoad; past != nil {
		state.Load = &pool.PastLoad{At: v.Now.Add(-time.Duration(past.AgeSeconds) * time.Second), Participants: past.Participants, Meetings: past.Meetings}
	}
	return seen, state
}

// calendar returns a calendar that makes the schedule give the vector's answer.
func (v vector) calendar() pool.Calendar {
	count, ok := v.Input.ScheduleCount.(float64)
	if !ok || count < 0 {
		return pool.Calendar{}
	}
	return pool.Calendar{Events: []pool.Event{{
		Start: v.Now.Add(-time.Hour), End: v.Now.Add(time.Hour), Summary: fmt.Sprintf("users=%d", int(count)*250),
	}}}
}

func (v vector) machine(s vectorServer) *pool.Machine {
	if s.HosterState == "nonexistent" {
		return nil
	}
	state := pool.MachineState(s.HosterState)
	if s.HosterState == "unreachable" { // the predecessor's state of bare metal that does not answer
		state = pool.Running
	}
	machine := &pool.Machine{
		ID: "machine of " + s.Domain, Zone: "fr-par-1", Name: s.Domain, State: state, BareMetal: s.ServerType == "bare metal",
		Since: v.Now.Add(-time.Duration(s.Seconds) * time.Second), Created: v.Now.Add(-100 * time.Hour),
	}
	for _, m := range s.Maintenances {
		machine.Maintenances = append(machine.Maintenances, pool.PlannedMaintenance{Reason: m.Reason, Start: m.Start})
	}
	return machine
}

// ask adds what a running server answers to its observation.
func (v vector) ask(s vectorServer, machine *pool.Machine, observed *pool.ServerObservation, memory *pool.ServerMemory) {
	observed.Stats = pool.Unknown[pool.Stats]("the machine does not run")
	if machine.State != pool.Running {
		return
	}
	memory.LoadSeen, memory.Meetings, memory.Participants = v.Now.Add(-5*time.Minute), s.Meetings, s.Users
	stats := pool.Stats{Uptime: pool.Seen(time.Hour), Backlog: pool.Seen(map[string]int{}), Failed: pool.Seen(map[string]int{}), Age: pool.Seen(time.Duration(0))}
	switch s.CustomState {
	case "malfunctioning":
		stats.UnitsDown = pool.Seen([]string{"bbb-web.service"})
	case "to recycle":
		stats.Uptime = pool.Seen(8 * 24 * time.Hour)
	case "unresponsive":
		memory.Health, memory.HealthSince = string(Unresponsive), machine.Since
	}
	if s.BBB.EndedDir != "" {
		stats.Backlog = pool.Unknown[map[string]int](s.BBB.EndedDir)
	}
	observed.Stats = pool.Seen(stats)
	if s.ScaleliteStatus == "offline" {
		observed.Meetings = pool.Unknown[[]pool.Meeting]("does not answer")
		return
	}
	if s.BBB.API != "" {
		observed.Meetings = pool.Unknown[[]pool.Meeting](s.BBB.API)
		return
	}
	observed.Meetings = pool.Seen(v.meetings(s))
	recordings := []pool.Recording{}
	for _, r := range s.BBB.Recordings {
		if r.State == "unpublished" || r.State == "deleted" {
			continue // DiViMS does not ask for these
		}
		recordings = append(recordings, pool.Recording{
			ID: r.ID, State: pool.RecordingState(r.State), MeetingEnd: pool.Seen(v.Now.Add(-time.Duration(r.Age) * time.Minute)),
		})
	}
	observed.Recordings = pool.Seen(recordings)
}

// meetings returns the meetings of a server, with all its participants in the first one.
func (v vector) meetings(s vectorServer) []pool.Meeting {
	meetings := []pool.Meeting{}
	for _, m := range s.BBB.Meetings {
		meetings = append(meetings, pool.Meeting{ID: m.ID, Created: v.Now.Add(-time.Duration(m.Age) * time.Minute)})
	}
	if v.Kind != "terminate" { // a case of terminating has its own list of meetings
		for len(meetings) < s.Meetings {
			meetings = append(meetings, pool.Meeting{ID: fmt.Sprintf("%s-%d", s.Domain, len(meetings)), Created: v.Now.Add(-45 * time.Minute)})
		}
	}
	if len(meetings) > 0 {
		meetings[0].Participants = s.Users
	}
	return meetings
}

func TestLoadAgreesWithThePredecessor(t *testing.T) {
	for _, v := range vectors(t, "load.json") {
		t.Run(v.ID, func(t *testing.T) {
			config := v.config()
			seen, state := v.observation()
			d := newDecision(v.Now, config, seen, state)
			answer := loadRequired(v.Now, config, state.Load, d.plan.Load)
			got, _ := answer.Servers.Get()
			want := v.Expected.Count
			switch v.ID {
			case "load-033": // bug: 7 % of 100 is 7, and floating point made it 8
				want = 7
			case "load-049", "load-050": // bug: crashed on a bad past load, which is ignored here
				want = serversFor(config.SteadyFactor.Participants, max(1, d.plan.Load.Participants), config.ServerParticipants)
			default:
				if v.Bug != "" {
					t.Fatalf("a bug of the predecessor that this test does not know: %s", v.Bug)
				}
			}
			if got != want {
				t.Errorf("%s: required %d, want the predecessor's %d\n%s", v.Note, got, want, strings.Join(answer.Why, "\n"))
			}
			if stored := d.plan.Load.past(v.Now); v.Bug == "" && v.Expected.Stored != nil &&
				(stored.Participants != v.Expected.Stored.Participants || stored.Meetings != v.Expected.Stored.Meetings) {
				t.Errorf("remembered %d participants and %d meetings, want the predecessor's %+v", stored.Participants, stored.Meetings, *v.Expected.Stored)
			}
		})
	}
}

// difference is a case in which the design differs from the predecessor on purpose.
type difference struct {
	why string
	// enabled and deleted are the servers that are enabled and were deleted at the end.
	// If nil, they are the same as with the predecessor.
	enabled, deleted []int
}

const (
	laterDeletion    = "drain gate: a machine is deleted only by an evaluation that saw it empty and not enabled twice"
	oneAtATime       = "one replacement at a time, replacement first"
	switchedOff      = "drain gate: a machine that is switched off is deleted only if it was seen empty before"
	unseenRecordings = "drain gate: an unresponsive server's machine is kept, its recordings cannot be seen"
	rebootedOnce     = "an unresponsive machine is rebooted once, and this one answers again"
	joinable         = "a disabled server with people on it is cordoned, so that others can join them"
	networkGuard     = "guard: many servers that do not answer at once may mean a network failure; nothing is done to them, and others are created"
	bareMetalForFree = "a healthy bare-metal server is enabled without a reboot: it costs the same"
	seenTwice        = "a fault, and a machine that is switched off, must be seen twice before anything is done to the server for it"
	withoutHope      = "a fault that more than half of the servers have is not cured by replacing them"
	limitFromCordon  = "the limit of a meeting counts from the cordon, and this server is seen cordoned for the first time"
	rightAnswer      = "a bug of the predecessor, not copied"
)

var differences = map[string]difference{
	"adapt-004": {switchedOff, nil, []int{1}},
	"adapt-005": {switchedOff, nil, []int{}},
	"adapt-012": {rightAnswer + ": the server without a machine is the first to go", []int{1, 2}, nil},
	"adapt-017": {oneAtATime + ": server 3, enabled though to be recycled, goes when 2 is free", []int{1, 2, 4, 5, 6, 7, 8, 9}, []int{2, 3}},
	"adapt-020": {rebootedOnce, []int{1, 2, 4}, []int{}},
	"adapt-023": {bareMetalForFree, []int{1, 2}, nil},
	"adapt-031": {rightAnswer + ": the running server is preferred to the starting one", []int{1, 3}, nil},
	"adapt-036": {rightAnswer + ": capacity is kept; " + oneAtATime, []int{1, 4, 5}, nil},
	"adapt-033": {"a server that is up is enabled before a machine is created", []int{1, 2, 4}, []int{}},
	"adapt-037": {unseenRecordings + "; " + rebootedOnce, nil, []int{2}},
	"adapt-038": {networkGuard, []int{3, 4}, []int{}},
	"adapt-039": {oneAtATime, nil, nil},
	"adapt-040": {oneAtATime + ": with no replacement it stays", nil, nil},
	"adapt-041": {oneAtATime + "; " + rebootedOnce, []int{3, 4, 6, 7}, []int{}},
	"adapt-045": {oneAtATime, []int{2}, nil},
	"adapt-046": {oneAtATime, []int{2}, nil},
	"adapt-047": {oneAtATime, []int{3, 4}, nil},
	"adapt-048": {withoutHope, []int{1, 2}, nil},
	"adapt-013": {seenTwice, nil, nil},
	"adapt-014": {seenTwice, nil, nil},
	"adapt-042": {seenTwice, nil, nil},
	"adapt-054": {seenTwice, nil, nil},
	"adapt-061": {limitFromCordon, nil, nil},
	"adapt-069": {seenTwice, nil, nil},
	"adapt-078": {seenTwice, nil, nil},
	"adapt-049": {oneAtATime, []int{3}, nil},
	"adapt-050": {rightAnswer + ": a machine that still starts is not malfunctioning", []int{1, 2}, nil},
	"adapt-051": {rightAnswer + ": a machine that still starts is waited for", []int{2, 3}, nil},
	"adapt-052": {rightAnswer + ": the last server online stays until another is", []int{2}, nil},
	"adapt-062": {joinable, nil, nil},
	"adapt-059": {unseenRecordings, nil, []int{}},
	"adapt-065": {rightAnswer + ": a recording without a playback format is a recording in work", nil, []int{3}},
	"adapt-072": {oneAtATime + "; enabled again after the reboot", []int{1, 2}, nil},
	"adapt-073": {oneAtATime, nil, nil},
}

func TestAdaptationAgreesWithThePredecessor(t *testing.T) {
	for _, v := range vectors(t, "adapt.json") {
		t.Run(v.ID, func(t *testing.T) {
			if v.ID == "adapt-035" { // an unknown policy is refused by package config; see its tests
				return
			}
			config := v.config()
			seen, state := v.observation()
			plan, next := Decide(v.Now, config, seen, state)
			named := differences[v.ID]
			t.Logf("%s; %s", v.Note, named.why)
			for _, action := range plan.Actions {
				t.Logf("  %s %d: %s", action.Kind, action.Server, action.Reason)
			}
			if v.Bug != "" && len(v.BugIn) == 0 && named.why == "" {
				t.Fatalf("a bug of the predecessor that this test does not know: %s", v.Bug)
			}
			if named.why == "" {
				v.checkPlan(t, plan)
			}
			v.checkEnd(t, config, seen, plan, next, named)
		})
	}
}

// checkPlan compares the plan of one evaluation with the actions of the predecessor.
// Machines that the predecessor deleted right after cordoning are deleted later here.
func (v vector) checkPlan(t *testing.T, plan Plan) {
	t.Helper()
	wanted := map[Kind][]int{}
	meetings := []string{}
	for _, a := range v.Expected.Actions {
		if a.Action == "end_meeting" {
			meetings = append(meetings, a.Meeting)
		}
		kind, ok := map[string]Kind{"cordon": Cordon, "enable": Enable, "clone": Create, "poweron": PowerOn, "terminate": Delete, "reboot": Reboot}[a.Action]
		if !ok {
			continue // DiViMS does not panic servers
		}
		for _, domain := range a.Domains {
			number := v.number(domain)
			cordonedNow := v.Input.Servers[number-1].ScaleliteState == "enabled" && slices.Contains(wanted[Cordon], number)
			cannotBeEnabled := (kind == Create || kind == PowerOn) && slices.Contains(v.Input.Failing["enable"], domain)
			if kind == Delete && cordonedNow || cannotBeEnabled {
				continue // see laterDeletion
			}
			wanted[kind] = append(wanted[kind], number)
		}
	}
	for _, kind := range []Kind{Cordon, Enable, Create, PowerOn, Delete, Reboot} {
		got := numbers(plan, kind)
		got = slices.DeleteFunc(got, func(n int) bool {
			return kind == Create && slices.Contains(v.Input.Failing["enable"], v.Input.Servers[n-1].Domain)
		})
		want := wanted[kind]
		if kind != Cordon && kind != Enable { // these are done in parallel, so their order does not matter
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: servers %v, want the predecessor's %v", kind, got, want)
		}
	}
	if ended := endedMeetings(plan); !slices.Equal(ended, meetings) {
		t.Errorf("ended the meetings %v, want the predecessor's %v", ended, meetings)
	}
	if v.Expected.Required != nil && len(v.BugIn) == 0 {
		if required, _ := plan.Required.Servers.Get(); required != *v.Expected.Required {
			t.Errorf("required %d, want the predecessor's %d", required, *v.Expected.Required)
		}
	}
}

// endedMeetings returns the meetings that a plan ends.
func endedMeetings(plan Plan) []string {
	ended := []string{}
	for _, a := range plan.Actions {
		if a.Kind == EndMeeting {
			ended = append(ended, a.Meeting.ID)
		}
	}
	return ended
}

// checkEnd evaluates until nothing more happens, and compares what is then enabled and
// deleted with the result of the predecessor.
func (v vector) checkEnd(t *testing.T, config Config, seen pool.Observation, plan Plan, state pool.State, named difference) {
	t.Helper()
	wantEnabled, wantDeleted := named.enabled, named.deleted
	if wantEnabled == nil {
		for domain, entry := range v.Expected.Final {
			if entry == "enabled" {
				wantEnabled = append(wantEnabled, v.number(domain))
			}
		}
		slices.Sort(wantEnabled)
	}
	if wantDeleted == nil {
		for _, a := range v.Expected.Actions {
			for _, domain := range a.Domains {
				if a.Action == "terminate" && !slices.Contains(a.Failed, domain) {
					wantDeleted = append(wantDeleted, v.number(domain))
				}
			}
		}
		slices.Sort(wantDeleted)
	}
	deleted := []int{}
	now := v.Now
	for range 12 {
		deleted = append(deleted, v.carryOut(now, &seen, plan, &state)...)
		// Only what must be seen twice gets older by an interval: a longer time would
		// change the ages of meetings and machines, too.
		now = now.Add(time.Millisecond)
		for number := range state.Servers {
			memory := state.Memory(number)
			for _, since := range []*time.Time{&memory.EmptySince, &memory.SilentSince, &memory.Stopped, &memory.FaultSince, &memory.LateSince, &memory.Gone} {
				if !since.IsZero() {
					*since = since.Add(-config.Interval)
				}
			}
			state.Remember(number, memory)
		}
		for tag, since := range state.SurplusSince {
			state.SurplusSince[tag] = since.Add(-time.Hour)
		}
		plan, state = Decide(now, config, seen, state)
	}
	enabled := []int{}
	for _, s := range seen.Servers {
		if entry, _ := s.Entry.Get(); entry.State == pool.Enabled {
			enabled = append(enabled, s.Server.Number)
		}
	}
	slices.Sort(deleted)
	if !slices.Equal(enabled, wantEnabled) {
		t.Errorf("enabled at the end %v, want %v", enabled, wantEnabled)
	}
	if !slices.Equal(slices.Compact(deleted), wantDeleted) {
		t.Errorf("deleted %v, want %v", slices.Compact(deleted), wantDeleted)
	}
}

// carryOut applies a plan to a pool whose machines boot at once, and returns which
// machines were deleted. Scripted failures fail.
func (v vector) carryOut(now time.Time, seen *pool.Observation, plan Plan, state *pool.State) (deleted []int) {
	failing := func(kind Kind, domain string) bool {
		name := map[Kind]string{Cordon: "cordon", Enable: "enable", Delete: "terminate", PowerOn: "poweron", Create: "clone", Reboot: "reboot"}[kind]
		return slices.Contains(v.Input.Failing[name], domain)
	}
	for i := range seen.Servers {
		bootOn(now, &seen.Servers[i])
	}
	stuck := map[int]bool{}
	for _, action := range plan.Actions {
		if action.Server == 0 || stuck[action.Server] {
			continue
		}
		s := &seen.Servers[action.Server-1]
		if failing(action.Kind, s.Server.Domain) {
			stuck[action.Server] = true
			continue
		}
		if action.Kind == Delete {
			deleted = append(deleted, action.Server)
		}
		apply(now, s, action)
		bootOn(now, s)
	}
	var machines []pool.Machine
	for _, s := range seen.Servers {
		if machine, _ := s.Machine.Get(); machine != nil {
			machines = append(machines, *machine)
		}
	}
	seen.Machines = pool.Seen(machines)
	// The past load stays the same, so that later evaluations require the same.
	state.Load = nil
	if past := v.Input.PastLoad; past != nil {
		state.Load = &pool.PastLoad{At: v.Now.Add(-time.Duration(past.AgeSeconds) * time.Second), Participants: past.Participants, Meetings: past.Meetings}
	}
	return deleted
}

// apply changes a server as an action does that succeeds.
func apply(now time.Time, s *pool.ServerObservation, action Action) {
	entry, _ := s.Entry.Get()
	changed := *entry
	machine, _ := s.Machine.Get()
	switch action.Kind {
	case Cordon:
		changed.State = pool.Cordoned
	case Enable:
		changed.State = pool.Enabled
	case Create:
		machine = &pool.Machine{ID: fmt.Sprint("new ", action.Server), Name: s.Server.Hostname, Since: now, Created: now}
	case Delete:
		changed.State, changed.Online = pool.Disabled, false
		machine = nil
		s.Meetings = pool.Unknown[[]pool.Meeting]("gone")
	}
	if action.Kind == PowerOn || action.Kind == Create || action.Kind == Reboot {
		starting := *machine
		starting.State = pool.Starting
		machine = &starting
	}
	s.Entry, s.Machine = pool.Seen(&changed), pool.Seen(machine)
}

// bootOn finishes the start or stop of a machine.
func bootOn(now time.Time, s *pool.ServerObservation) {
	machine, _ := s.Machine.Get()
	if machine == nil {
		return
	}
	entry, _ := s.Entry.Get()
	changed, moved := *entry, *machine
	switch machine.State {
	case pool.Stopping:
		if entry.State == pool.Enabled { // otherwise its server drains
			moved.State = pool.Stopped
		}
	case pool.Starting, pool.Running:
		if machine.State == pool.Running && (changed.Online || now.Sub(machine.Since) > 6*time.Minute) {
			break // it is up, or will never come up
		}
		moved.State, moved.Since, changed.Online = pool.Running, now, true
		s.Meetings, s.Recordings = pool.Seen([]pool.Meeting{}), pool.Seen([]pool.Recording{})
		s.Stats = pool.Seen(pool.Stats{Uptime: pool.Seen(time.Duration(0)), Backlog: pool.Seen(map[string]int{}), Failed: pool.Seen(map[string]int{}), Age: pool.Seen(time.Duration(0))})
	}
	s.Entry, s.Machine = pool.Seen(&changed), pool.Seen(&moved)
}

// number returns the number of the server with a domain.
func (v vector) number(domain string) int {
	return 1 + slices.IndexFunc(v.Input.Servers, func(s vectorServer) bool { return s.Domain == domain })
}

// numbers returns the servers of the actions of a kind, in the order of the plan.
func numbers(plan Plan, kind Kind) []int {
	list := []int{}
	for _, action := range plan.Actions {
		if action.Kind == kind {
			list = append(list, action.Server)
		}
	}
	return list
}
