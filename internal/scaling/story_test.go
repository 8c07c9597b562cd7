package scaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

// story is a pool that a test changes, decides on, and reads the plan of.
type story struct {
	t      *testing.T
	now    time.Time
	config Config
	seen   pool.Observation
	state  pool.State
	plan   Plan
}

// newStory is a pool of servers that all run, healthy, enabled, online and empty,
// with the load policy and an answer to everything.
func newStory(t *testing.T, size int) *story {
	s := &story{t: t, now: noon, config: Config{
		Size: size, Capacity: 250 * size, Policies: []Policy{PolicyLoad}, Interval: 5 * time.Minute, BootTime: 7 * time.Minute,
		ServerParticipants: 250, ServerMeetings: 15, MinimumMillionths: 10_000,
		SteadyFactor: Pair{2, 2}, GrowingFactor: Pair{3, 3}, GrowthThreshold: Pair{1.2, 1.2}, ScheduleMode: ScheduleStep,
		MeetingMaxDuration: 10 * time.Hour, RecordingMaxProcessing: 5 * time.Hour, RecycleAfter: 7 * 24 * time.Hour, RollOutParallel: 2, Grace: 6 * time.Minute,
		CertificateWarning: 15 * 24 * time.Hour, CertificateAlert: 5 * 24 * time.Hour,
		UnresponsiveMillionths: 300_000, UnresponsiveRebootAfter: 20 * time.Minute, MaxCreations: 10, MaxDeletions: 10, MaxCordons: 20, MaxEnds: 10,
	}}
	for _, server := range pool.Servers(size, 0, "bbb-w{n}", "bbb-w{n}.example.com") {
		observed := pool.ServerObservation{Server: server}
		observed.Entry = pool.Seen(&pool.Entry{ID: fmt.Sprint("entry ", server.Number), State: pool.Enabled, Online: true, LoadMultiplier: 1})
		observed.Machine = pool.Seen(&pool.Machine{
			ID: fmt.Sprint("machine ", server.Number), Zone: "fr-par-1", Name: server.Hostname, State: pool.Running, ImageID: "image",
			Created: noon.Add(-6 * time.Hour), Since: noon.Add(-5 * time.Hour),
			Volumes: []pool.Volume{{ID: fmt.Sprint("volume ", server.Number), Kind: pool.BlockVolume, Attached: true}},
		})
		observed.CertificateExpiry = pool.Seen(noon.Add(60 * 24 * time.Hour))
		answersEmpty(&observed)
		s.seen.Servers = append(s.seen.Servers, observed)
	}
	s.seen.Leftovers = pool.Seen([]pool.Volume{})
	s.seen.Images = pool.Seen([]pool.Image{{ID: "image", Zone: "fr-par-1", Name: "bbb-1", Created: noon.Add(-100 * time.Hour)}})
	return s
}

func answersEmpty(observed *pool.ServerObservation) {
	observed.Meetings, observed.Recordings = pool.Seen([]pool.Meeting{}), pool.Seen([]pool.Recording{})
	observed.Stats = pool.Seen(pool.Stats{Uptime: pool.Seen(5 * time.Hour), Backlog: pool.Seen(map[string]int{}), Failed: pool.Seen(map[string]int{}), Age: pool.Seen(5 * time.Second)})
}

func (s *story) entry(n int) *pool.Entry {
	entry, _ := s.seen.Servers[n-1].Entry.Get()
	return entry
}

func (s *story) machine(n int) *pool.Machine {
	machine, _ := s.seen.Servers[n-1].Machine.Get()
	return machine
}

func (s *story) withoutMachine(n int) {
	s.seen.Servers[n-1].Machine = pool.Seen[*pool.Machine](nil)
	s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting]("no machine")
	s.entry(n).Online = false
}

func (s *story) meeting(n, participants int) {
	meetings, _ := s.seen.Servers[n-1].Meetings.Get()
	s.seen.Servers[n-1].Meetings = pool.Seen(append(meetings, pool.Meeting{
		ID: fmt.Sprintf("meeting %d of %d", len(meetings)+1, n), Created: s.now.Add(-time.Hour), Participants: participants,
	}))
}

// evaluate decides, five minutes after the evaluation before.
func (s *story) evaluate() {
	var entries []pool.Entry
	var machines []pool.Machine
	for _, observed := range s.seen.Servers {
		if entry, _ := observed.Entry.Get(); entry != nil {
			entries = append(entries, *entry)
		}
		if machine, _ := observed.Machine.Get(); machine != nil {
			machines = append(machines, *machine)
		}
	}
	if s.seen.Entries.Reason() == "not looked at" || s.seen.Entries.Known() {
		s.seen.Entries = pool.Seen(entries)
	}
	if s.seen.Machines.Reason() == "not looked at" || s.seen.Machines.Known() {
		s.seen.Machines = pool.Seen(machines)
	}
	s.now = s.now.Add(5 * time.Minute)
	s.plan, s.state = Decide(s.now, s.config, s.seen, s.state)
}

// planned is the plan as "cordon 3, delete 4".
func (s *story) planned() string {
	var list []string
	for _, action := range s.plan.Actions {
		list = append(list, strings.TrimSuffix(fmt.Sprintf("%s %d", action.Kind, action.Server), " 0"))
	}
	return strings.Join(list, ", ")
}

func (s *story) want(planned, because string) {
	s.t.Helper()
	if got := s.planned(); got != planned {
		s.t.Errorf("planned %q, wanted %q: %s", got, planned, because)
		for _, v := range s.plan.Verdicts {
			s.t.Logf("  server %d %s %s %s", v.Server, v.Health, v.Why, v.LeftAlone)
		}
	}
}

func (s *story) wantAlert(subject string) {
	s.t.Helper()
	if !slices.ContainsFunc(s.plan.Alerts, func(a Alert) bool { return a.Subject == subject }) {
		s.t.Errorf("no alert about %q in %+v", subject, s.plan.Alerts)
	}
}

// three keeps all three servers of a pool busy enough to be required.
func three(s *story) {
	for n := 1; n <= 3; n++ {
		s.meeting(n, 120)
	}
}

func TestADrainingMachineGoesWhenItWasSeenEmptyTwice(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.want("", "seen empty once")
	s.evaluate()
	s.want("delete 2", "seen empty twice")
}

func TestFiguresFromBeforeTheFirstEmptySightingDoNotCount(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	stats, _ := s.seen.Servers[1].Stats.Get()
	stats.Age = pool.Seen(9 * time.Minute)
	s.seen.Servers[1].Stats = pool.Seen(stats)
	s.evaluate()
	s.evaluate()
	s.want("", "seen empty twice, but its figures were written before")
	s.evaluate()
	s.want("delete 2", "its figures are newer than the first sighting")
}

func TestTheCountOfEmptySightingsStartsAnewWithAnything(t *testing.T) {
	changes := map[string]func(*pool.ServerObservation){
		"a meeting comes":               func(o *pool.ServerObservation) { o.Meetings = pool.Seen([]pool.Meeting{{Breakout: true}}) },
		"the meetings cannot be read":   func(o *pool.ServerObservation) { o.Meetings = pool.Unknown[[]pool.Meeting]("502") },
		"the recordings cannot be read": func(o *pool.ServerObservation) { o.Recordings = pool.Unknown[[]pool.Recording]("504") },
		"the backlog is stale": func(o *pool.ServerObservation) {
			o.Stats = pool.Seen(pool.Stats{Backlog: pool.Unknown[map[string]int]("stale")})
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			s.entry(2).State = pool.Cordoned
			s.evaluate()
			change(&s.seen.Servers[1])
			s.evaluate()
			s.want("", name)
			answersEmpty(&s.seen.Servers[1])
			s.evaluate()
			s.want("", "empty again, once")
			s.evaluate()
			s.want("delete 2", "empty again, twice")
		})
	}
}

func TestTheDrainGate(t *testing.T) {
	yes := func(*story) {}
	stats := func(change func(*pool.Stats)) func(*story) {
		return func(s *story) {
			stats, _ := s.seen.Servers[0].Stats.Get()
			change(&stats)
			s.seen.Servers[0].Stats = pool.Seen(stats)
		}
	}
	recording := func(state pool.RecordingState) func(*story) {
		return func(s *story) {
			s.seen.Servers[0].Recordings = pool.Seen([]pool.Recording{{ID: "r", State: state}})
		}
	}
	policy := func(p RecordingsPolicy, then func(*story)) func(*story) {
		return func(s *story) { s.config.Recordings = p; then(s) }
	}
	tests := []struct {
		name   string
		change func(*story)
		closed string // part of the reason; "" for open
	}{
		{"cordoned, empty, everything known", yes, ""},
		{"disabled", func(s *story) { s.entry(1).State = pool.Disabled }, ""},
		{"enabled", func(s *story) { s.entry(1).State = pool.Enabled }, "entry"},
		{"a state that Scalelite does not have", func(s *story) { s.entry(1).State = "paused" }, "entry"},
		{"entry unknown", func(s *story) { s.seen.Servers[0].Entry = pool.Unknown[*pool.Entry]("down") }, "entry is unknown"},
		{"a meeting with nobody in", func(s *story) { s.meeting(1, 0) }, "1 meeting "},
		{"a breakout room", func(s *story) { s.seen.Servers[0].Meetings = pool.Seen([]pool.Meeting{{Breakout: true}}) }, "1 meeting "},
		{"meetings unknown", func(s *story) { s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("502") }, "meetings are unknown: 502"},
		{"meetings never asked for", func(s *story) { s.seen.Servers[0].Meetings = pool.Reading[[]pool.Meeting]{} }, "not looked at"},
		{"recordings unknown", func(s *story) { s.seen.Servers[0].Recordings = pool.Unknown[[]pool.Recording]("504") }, "recordings are unknown"},
		{"a recording in processing", recording(pool.Processing), "1 recording in work"},
		{"a recording processed", recording(pool.Processed), "1 recording in work"},
		{"a recording in a state that is new to us", recording("uploading"), "1 recording in work"},
		{"a published recording, to be shipped", recording(pool.Published), "not shipped"},
		{"a published recording, kept elsewhere", policy(RecordingsKept, recording(pool.Published)), ""},
		{"kept elsewhere, but in work", policy(RecordingsKept, recording(pool.Processed)), "in work"},
		{"stats unknown", func(s *story) { s.seen.Servers[0].Stats = pool.Unknown[pool.Stats]("401") }, "backlog is unknown: 401"},
		{"backlog unknown", stats(func(v *pool.Stats) { v.Backlog = pool.Unknown[map[string]int]("stale") }), "backlog is unknown: stale"},
		{"backlog at a stage", stats(func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"recorded": 0, "archived": 2}) }), "archived 2"},
		{"backlog of nothing at all stages", stats(func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"recorded": 0, "archived": 0}) }), ""},
		{"a failed recording", stats(func(v *pool.Stats) { v.Failed = pool.Seen(map[string]int{"sanity": 1}) }), "only a person"},
		{"a pool that does not record, without stats", policy(RecordingsNone, func(s *story) {
			s.seen.Servers[0].Stats = pool.Unknown[pool.Stats]("none")
			s.seen.Servers[0].Recordings = pool.Unknown[[]pool.Recording]("none")
		}), ""},
		{"a pool that does not record, with a meeting", policy(RecordingsNone, func(s *story) { s.meeting(1, 1) }), "1 meeting "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(t, 1)
			s.entry(1).State = pool.Cordoned
			test.change(s)
			got := Gate(s.config, s.seen.Servers[0])
			if (got == "") != (test.closed == "") || !strings.Contains(got, test.closed) {
				t.Errorf("gate says %q, wanted %q", got, test.closed)
			}
		})
	}
}

func TestASwitchedOffMachineGoesOnlyWhenItCannotHoldARecording(t *testing.T) {
	s := newStory(t, 3)
	for n := 2; n <= 3; n++ {
		s.entry(n).State, s.entry(n).Online = pool.Disabled, false
		s.machine(n).State = pool.Stopped
		s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting]("off")
	}
	s.machine(2).Since = s.machine(2).Created.Add(time.Minute) // never ran
	s.evaluate()
	s.want("delete 2", "2 never ran; 3 ran for hours, and nobody has seen it empty")
	s.wantAlert("server 3")
}

func TestPartialSightChangesNothing(t *testing.T) {
	for name, hide := range map[string]func(*story){
		"entries":  func(s *story) { s.seen.Entries = pool.Unknown[[]pool.Entry]("Scalelite is down") },
		"machines": func(s *story) { s.seen.Machines = pool.Unknown[[]pool.Machine]("page 2 is missing") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			s.withoutMachine(1)              // else: create
			s.entry(2).State = pool.Cordoned // else: delete
			s.state.Servers = map[int]pool.ServerMemory{2: {MachineID: "machine 2", EmptySince: noon}}
			hide(s)
			s.evaluate()
			s.want("", "half a view is none")
			if len(s.plan.Alerts) == 0 || s.plan.Alerts[0].Level != Critical || len(s.plan.Withheld) == 0 {
				t.Errorf("alerts %+v, withheld %v", s.plan.Alerts, s.plan.Withheld)
			}
		})
	}
}

func TestBlindnessIsNotTakenForAnEmptyPool(t *testing.T) {
	s := newStory(t, 4)
	s.config.Policies = nil // no answer: as many stay as are
	s.seen.Entries = pool.Unknown[[]pool.Entry]("Scalelite is down")
	known := make([]pool.Reading[*pool.Entry], len(s.seen.Servers))
	for i := range s.seen.Servers {
		known[i] = s.seen.Servers[i].Entry
		s.seen.Servers[i].Entry = pool.Unknown[*pool.Entry]("Scalelite is down")
	}
	s.evaluate()
	for i := range s.seen.Servers {
		s.seen.Servers[i].Entry = known[i]
	}
	s.seen.Entries = pool.Seen([]pool.Entry{})
	s.evaluate()
	s.want("", "the four that are enabled stay")
}

func TestAServerThatCannotBeReadIsLeftAlone(t *testing.T) {
	s := newStory(t, 3)
	s.seen.Servers[1].Machine = pool.Unknown[*pool.Machine]("2 machines bear the name bbb-w2")
	s.seen.Servers[2].Entry = pool.Unknown[*pool.Entry]("Scalelite has 2 entries")
	s.evaluate()
	s.want("", "server 1 is the last one online that may be touched, and the others may not")
	s.wantAlert("server 2")
	s.wantAlert("server 3")
}

func TestManySilentServersAreTheNetwork(t *testing.T) {
	for _, test := range []struct {
		size    int
		planned string
		because string
	}{
		{6, "", "2 of 6 are 33 %, more than 30"},
		{7, "cordon 4, cordon 5, cordon 6", "2 of 7 are 28 %: four servers are required, and 7 drains already"},
	} {
		s := newStory(t, test.size)
		three(s)
		s.config.Policies = nil
		s.evaluate()
		s.config.Policies = []Policy{PolicyLoad}
		for n := 1; n <= 2; n++ {
			s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting]("no answer in time")
		}
		s.entry(test.size).State = pool.Cordoned
		s.evaluate()
		s.want(test.planned, test.because)
	}
}

func TestOneSilentServerIsCordonedAtTheSecondSilence(t *testing.T) {
	s := newStory(t, 5)
	three(s)
	s.meeting(4, 120)
	s.evaluate()
	s.want("cordon 5", "480 participants need 4")
	s.seen.Servers[3].Meetings = pool.Unknown[[]pool.Meeting]("no answer in time")
	s.entry(5).State = pool.Cordoned
	s.evaluate()
	s.want("", "once may be chance; its last known load stands for it")
	s.evaluate()
	s.want("cordon 4, enable 5", "twice is unresponsive, and another takes its place")
	s.wantAlert("server 4")
}

func TestAnUnknownLoadNeverLowersWhatIsRequired(t *testing.T) {
	s := newStory(t, 5)
	s.seen.Servers[4].Meetings = pool.Unknown[[]pool.Meeting]("no answer in time")
	s.evaluate()
	s.want("", "four empty servers, and one of which nobody knows")
	if got, _ := s.plan.Required.Servers.Get(); got != 5 {
		t.Errorf("required %d, wanted the 5 that are enabled", got)
	}
}

func TestTheMinimumAndTheSizeLimit(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 500_000
	s.evaluate()
	s.want("cordon 1, cordon 2", "half of 4 stay")
	for n := 1; n <= 4; n++ {
		s.meeting(n, 240)
	}
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 4 {
		t.Errorf("required %d of 4", got)
	}
	if len(s.plan.Required.Limits) != 1 {
		t.Errorf("limits %q", s.plan.Required.Limits)
	}
	s.wantAlert("pool size")
}

func TestTheMinimumHoldsWithoutAnEvent(t *testing.T) {
	s := newStory(t, 4)
	s.config.Policies, s.config.ScheduleMode, s.config.MinimumMillionths = []Policy{PolicySchedule}, ScheduleWindow, 500_000
	s.seen.Calendar = pool.Seen(pool.Calendar{})
	s.evaluate()
	s.want("cordon 1, cordon 2", "half of 4 stay though the schedule asks for none")
}

func TestCreationsAndDeletionsAreBounded(t *testing.T) {
	s := newStory(t, 8)
	s.config.MaxCreations, s.config.MaxDeletions = 2, 1
	for n := 1; n <= 3; n++ {
		s.withoutMachine(n)
	}
	s.state.Servers = map[int]pool.ServerMemory{}
	for n := 4; n <= 5; n++ {
		s.entry(n).State = pool.Cordoned
		s.state.Servers[n] = pool.ServerMemory{MachineID: s.machine(n).ID, EmptySince: noon}
	}
	s.config.Policies = nil // no answer: what is enabled stays
	s.evaluate()
	s.want("create 1, create 2, delete 4", "two creations, one deletion")
	if len(s.plan.Withheld) != 2 {
		t.Errorf("withheld %q", s.plan.Withheld)
	}
}

func TestAServerInMaintenanceIsNotTouchedNorCounted(t *testing.T) {
	s := newStory(t, 3)
	s.meeting(1, 250)
	s.state.Servers = map[int]pool.ServerMemory{1: {MachineID: "machine 1", Maintenance: &pool.Hold{Reason: "disk", Author: "Ada"}}}
	s.machine(2).State = pool.Stopped
	s.entry(2).Online = false
	s.evaluate()
	s.want("cordon 2", "of 2 and 3, which count, one is enough: the people on 1 are the operator's")
	if s.state.Servers[1].Maintenance == nil {
		t.Error("the maintenance is forgotten")
	}
}

func TestLongMeetingsEndOnDrainingServersOnly(t *testing.T) {
	s := newStory(t, 2)
	for n := 1; n <= 2; n++ {
		s.seen.Servers[n-1].Meetings = pool.Seen([]pool.Meeting{{ID: fmt.Sprint("forgotten on ", n), Created: noon.Add(-11 * time.Hour), Participants: 1}})
	}
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.want("end meeting 2", "the meeting on 1 may go on")
	s.entry(2).State = pool.Disabled
	s.config.MaxEnds = 0
	s.evaluate()
	s.want("cordon 2", "nobody can join the meetings of a disabled server")
	if len(s.plan.Withheld) != 1 {
		t.Errorf("withheld %q", s.plan.Withheld)
	}
}

// dead makes a server answer neither us nor Scalelite.
func (s *story) dead(n int) {
	s.entry(n).Online = false
	s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting]("no answer in time")
	s.seen.Servers[n-1].Recordings = pool.Unknown[[]pool.Recording]("no answer in time")
}

func TestAnUnresponsiveMachineIsRebootedOnceAndThenKept(t *testing.T) {
	for _, test := range []struct {
		name        string
		deleteAfter time.Duration
		end         string
	}{{"kept by default", 0, ""}, {"deleted where that is allowed", 40 * time.Minute, "delete 4"}} {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(t, 4)
			three(s)
			s.config.UnresponsiveDeleteAfter = test.deleteAfter
			s.dead(4)
			s.evaluate()
			s.want("cordon 4", "it answers nobody")
			s.entry(4).State = pool.Cordoned
			for minutes := 5; minutes < 20; minutes += 5 {
				s.evaluate()
				s.want("", "it may come back by itself")
			}
			s.evaluate()
			s.want("reboot 4", "after 20 minutes")
			memory := s.state.Servers[4]
			memory.Rebooted = s.now // as whoever carries out the plan notes
			s.state.Servers[4] = memory
			for range 3 {
				s.evaluate()
				s.want("", "it starts")
			}
			for range 10 {
				s.evaluate()
			}
			s.want(test.end, "a second reboot would be of no use")
			s.wantAlert("server 4")
		})
	}
}

func TestAServerThatAnswersScaleliteButNotUsIsKept(t *testing.T) {
	s := newStory(t, 4)
	three(s)
	s.config.UnresponsiveDeleteAfter = 40 * time.Minute
	s.entry(4).State = pool.Cordoned
	s.dead(4)
	s.entry(4).Online = true
	for range 20 {
		s.evaluate()
		s.want("", "people may be on it")
	}
	s.wantAlert("server 4")
}

func TestANetworkThatFailsBitByBitTakesNoMachine(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter = 40 * time.Minute
	three(s)
	for _, n := range []int{4, 3} {
		s.dead(n)
		s.evaluate()
		s.entry(n).State = pool.Cordoned
	}
	for range 20 {
		s.evaluate()
		s.want("", "2 of 4 servers answer nobody, though the first was no news when the second went")
	}
}

func TestServersGivenUpDoNotLookLikeADeadNetwork(t *testing.T) {
	s := newStory(t, 10)
	s.config.UnresponsiveRebootAfter = 0
	three(s)
	for n := 9; n <= 10; n++ {
		s.dead(n)
	}
	s.evaluate()
	for n := 4; n <= 10; n++ {
		s.entry(n).State = pool.Cordoned
	}
	for n := 4; n <= 8; n++ {
		s.withoutMachine(n)
	}
	for n := 1; n <= 3; n++ {
		s.meeting(n, 200)
	}
	s.evaluate()
	if got := s.plan.count(Create); got == 0 {
		t.Errorf("the morning comes, and 2 dead servers of 5 stop everything: %s, %v", s.planned(), s.plan.Withheld)
	}
}

func TestTheLastServerThatScaleliteSeesIsNotCordonedBecauseWeCannotReachIt(t *testing.T) {
	s := newStory(t, 2)
	s.withoutMachine(2)
	s.entry(2).State = pool.Disabled
	s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("checksumError")
	s.evaluate()
	s.evaluate()
	s.want("enable 2, create 2", "another is started, and only then it goes")
}

func TestASickServerIsNotReplacedByASickOne(t *testing.T) {
	s := newStory(t, 4)
	three(s)
	s.config.Policies = nil
	for _, n := range []int{1, 4} {
		s.seen.Servers[n-1].Stats = pool.Seen(pool.Stats{Uptime: pool.Seen(8 * 24 * time.Hour), Backlog: pool.Seen(map[string]int{}), Failed: pool.Seen(map[string]int{})})
	}
	s.entry(4).State = pool.Cordoned
	s.meeting(4, 10)
	for range 4 {
		s.evaluate()
		s.want("", "4 is to be recycled as well, and there is no other")
	}
	if v := s.plan.Verdicts[0]; !strings.Contains(v.LeftAlone, "no healthy server is free") {
		t.Errorf("server 1 was left alone since %q", v.LeftAlone)
	}
}

func TestACordonThatScaleliteUndidIsRepaired(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 5) // an hour old
	s.evaluate()
	s.want("", "it had the meeting before")
	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{{ID: "newer", Created: s.now.Add(time.Minute), Participants: 3}})
	s.evaluate()
	s.want("repair 2", "cordoned, and it was given a meeting")
	memory := s.state.Servers[2]
	memory.Repaired = s.now // as whoever carries out the plan notes
	s.state.Servers[2] = memory
	s.evaluate()
	s.want("", "once for that meeting")
	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{{ID: "room", Created: s.now.Add(time.Minute), Participants: 3, Breakout: true}})
	s.evaluate()
	s.want("", "BBB makes breakout rooms itself")
}

func TestAPauseStopsEverything(t *testing.T) {
	s := newStory(t, 4)
	s.withoutMachine(1)
	s.entry(2).State = pool.Cordoned
	s.state.Servers = map[int]pool.ServerMemory{2: {MachineID: "machine 2", EmptySince: noon.Add(-time.Hour)}}
	s.state.Paused = &pool.Hold{Reason: "exams", Author: "Ada", Since: noon}
	s.evaluate()
	s.want("", "paused")
	s.wantAlert("paused")
	if s.state.Paused == nil {
		t.Error("the pause is forgotten")
	}
	s.state.Paused = nil
	s.evaluate()
	if len(s.plan.Actions) == 0 {
		t.Error("nothing is done after the pause")
	}
}

func TestAForcedNumberIsKeptUntilItsTimeIsOver(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(1, 600) // load wants 5
	s.state.Forced = &pool.Forced{Hold: pool.Hold{Reason: "budget", Author: "Ada"}, Servers: 3, Until: noon.Add(time.Hour)}
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 3 {
		t.Errorf("required %d; 3 are forced", got)
	}
	s.wantAlert("forced")
	if limits := s.plan.Required.Limits; len(limits) != 1 {
		t.Errorf("limits %q; there is no tag to speak of", limits)
	}
	s.state.Forced.Servers = 100
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 6 {
		t.Errorf("required %d; 100 are forced, and there are 6", got)
	}
	s.config.Policies = nil // nobody else has an answer
	s.state.Forced.Until = s.now.Add(time.Hour)
	s.evaluate()
	if got, ok := s.plan.Required.Servers.Get(); got != 6 || !ok {
		t.Errorf("required %d, known %t", got, ok)
	}
	s.config.Policies = []Policy{PolicyLoad}
	s.state.Forced.Until = s.now
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 5 || s.state.Forced != nil {
		t.Errorf("required %d, forced %+v; the time is over", got, s.state.Forced)
	}
}

func TestAnOperatorEndsADrain(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 12)
	s.evaluate()
	s.want("", "its meeting is waited for")
	s.operator(2, func(memory *pool.ServerMemory) { memory.EndDrain = &pool.EndDrain{Hold: pool.Hold{Author: "Ada"}} })
	s.evaluate()
	s.want("end meeting 2", "Ada does not wait")

	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{})
	s.seen.Servers[1].Recordings = pool.Seen([]pool.Recording{{ID: "r", State: pool.Processing}})
	s.evaluate()
	s.evaluate()
	s.want("", "its recording is waited for")
	s.operator(2, func(memory *pool.ServerMemory) { memory.EndDrain.DiscardRecordings = true })
	s.evaluate()
	s.want("", "empty at two evaluations")
	s.evaluate()
	s.want("delete 2", "Ada gives the recording up")
	if !s.plan.Actions[0].DiscardRecordings {
		t.Error("the last look before the deletion would wait for the recording")
	}
}

func TestAnEndedDrainIsNotTheNextOne(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.operator(2, func(memory *pool.ServerMemory) { memory.EndDrain = &pool.EndDrain{DiscardRecordings: true} })
	s.entry(2).State = pool.Enabled // somebody else enabled it
	s.evaluate()
	if s.state.Servers[2].EndDrain != nil {
		t.Error("the order holds for the next drain too")
	}
}

// TestAnEndedDrainOfBareMetalIsOver: its machine stays, so the server comes back once
// it is well and empty, and does not wait for somebody to take the order back.
func TestAnEndedDrainOfBareMetalIsOver(t *testing.T) {
	s := newStory(t, 4)
	s.seen.Servers[1].Server.BareMetal, s.config.BareMetal = true, 1
	s.machine(2).BareMetal = true
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 12)
	s.state.Servers = map[int]pool.ServerMemory{2: {MachineID: "machine 2", EndDrain: &pool.EndDrain{Hold: pool.Hold{Author: "Ada"}}}}
	s.evaluate()
	if got := s.planned(); !strings.Contains(got, "end meeting 2") || strings.Contains(got, "enable 2") {
		t.Errorf("planned %q", got)
	}
	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{})
	s.evaluate()
	s.evaluate()
	if got := s.planned(); !strings.Contains(got, "enable 2") {
		t.Errorf("planned %q, although its drain is over", got)
	}
}

func TestARecycledServerIsReplacedFirst(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.entry(4).State = pool.Cordoned
	s.meeting(4, 1)
	s.evaluate()
	s.want("", "nothing to do")
	s.operator(2, func(memory *pool.ServerMemory) { memory.Recycle = &pool.Hold{Author: "Ada", Reason: "noises"} })
	s.evaluate()
	s.want("enable 4", "its replacement comes first")
	s.entry(4).State = pool.Enabled
	s.evaluate()
	s.want("cordon 2", "the others suffice")
}

// operator changes the memory of a server that runs, as an operator's order does.
func (s *story) operator(n int, change func(*pool.ServerMemory)) {
	memory := s.state.Servers[n]
	change(&memory)
	s.state.Servers[n] = memory
}

func TestWhatHappensInMaintenanceIsNotHeldAgainstAServer(t *testing.T) {
	s := newStory(t, 5)
	three(s)
	s.config.UnresponsiveDeleteAfter = time.Hour
	s.entry(5).State = pool.Cordoned
	s.dead(5)
	s.state.Servers = map[int]pool.ServerMemory{5: {MachineID: "machine 5", Maintenance: &pool.Hold{Reason: "disk", Author: "Ada"}}}
	for range 24 {
		s.evaluate()
	}
	memory := s.state.Servers[5]
	memory.Maintenance = nil
	s.state.Servers[5] = memory
	s.evaluate()
	if got := s.plan.count(Delete) + s.plan.count(Reboot); got != 0 {
		t.Errorf("right after the maintenance: %s", s.planned())
	}
}

func TestAMachineThatNeverAnsweredDoesNotHoldThePoolAtItsSize(t *testing.T) {
	s := newStory(t, 5)
	s.dead(5)
	s.entry(5).State = pool.Cordoned
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 1 {
		t.Errorf("required %d for nobody", got)
	}
}

func TestAServerOfTwoMachinesKeepsItsPeopleInTheLoad(t *testing.T) {
	s := newStory(t, 4)
	for n := 1; n <= 4; n++ {
		s.meeting(n, 120)
	}
	s.seen.Servers[3].Machine = pool.Unknown[*pool.Machine]("2 machines bear the name bbb-w4")
	s.evaluate()
	if s.plan.Load.Participants != 480 {
		t.Errorf("load %+v", s.plan.Load)
	}
	s.seen.Servers[3].Meetings = pool.Unknown[[]pool.Meeting]("no answer")
	s.state.Servers = nil
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got < 4 {
		t.Errorf("required %d although nobody knows the load of server 4", got)
	}
}

func TestALockedMachineIsNoCapacity(t *testing.T) {
	s := newStory(t, 4)
	three(s)
	s.machine(1).State = pool.Locked
	s.entry(1).Online = false
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.meeting(2, 100)
	s.evaluate()
	s.want("cordon 1, enable 4, create 4", "340 people need 3")
}

func TestLeftoversGoUnlessAMachineHasThem(t *testing.T) {
	s := newStory(t, 1)
	s.seen.Leftovers = pool.Seen([]pool.Volume{{ID: "volume 1"}, {ID: "left"}})
	s.evaluate()
	s.want("delete volume", "volume 1 belongs to a machine")
	if s.plan.Actions[0].Volume.ID != "left" {
		t.Errorf("deletes %+v", s.plan.Actions)
	}
}

func TestABrokenOffCreationIsUndone(t *testing.T) {
	s := newStory(t, 1)
	s.machine(1).State, s.machine(1).Detail = pool.Stopped, pool.Preparing
	s.entry(1).Online = false
	s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("off")
	s.evaluate()
	s.want("delete 1", "a machine without its user data is never started")
}

func TestOutdatedImagesAreReplacedOneAtATime(t *testing.T) {
	s := newStory(t, 4)
	three(s)
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.seen.Images = pool.Seen([]pool.Image{{ID: "newer", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
	s.evaluate()
	s.want("enable 4, create 4", "replacement first")
	s.entry(4).State = pool.Enabled
	s.seen.Servers[3].Machine = pool.Seen(&pool.Machine{ID: "new", Zone: "fr-par-1", Name: "bbb-w4", State: pool.Running, ImageID: "newer", Since: s.now, Created: s.now})
	s.evaluate()
	s.want("", "the new machine is not online yet")
	s.entry(4).Online = true
	answersEmpty(&s.seen.Servers[3])
	s.evaluate()
	s.want("cordon 1", "three others are online now")
}

func TestCertificatesAndRecordingsAreWarnedOf(t *testing.T) {
	s := newStory(t, 3)
	three(s)
	s.seen.Servers[0].CertificateExpiry = pool.Seen(s.now.Add(10 * 24 * time.Hour))
	s.seen.Servers[1].CertificateExpiry = pool.Seen(s.now.Add(4 * 24 * time.Hour))
	s.entry(3).State = pool.Cordoned
	s.seen.Servers[2].Recordings = pool.Seen([]pool.Recording{
		{ID: "slow", State: pool.Processing, MeetingEnd: pool.Seen(s.now.Add(-6 * time.Hour))},
		{ID: "stuck", State: pool.Processing, MeetingStart: pool.Seen(s.now.Add(-16 * time.Hour))},
		{ID: "perhaps", State: pool.Processing, MeetingStart: pool.Seen(s.now.Add(-14 * time.Hour))},
		{ID: "quick", State: pool.Processing, MeetingEnd: pool.Seen(s.now.Add(-time.Hour))},
	})
	s.evaluate()
	s.wantAlert("certificate of bbb-w1.example.com")
	s.wantAlert("certificate of bbb-w2.example.com")
	s.wantAlert("recordings of bbb-w3.example.com")
	levels := map[string]Level{}
	for _, a := range s.plan.Alerts {
		levels[a.Subject] = a.Level
	}
	if levels["certificate of bbb-w1.example.com"] != Warning || levels["certificate of bbb-w2.example.com"] != Error || levels["recordings of bbb-w3.example.com"] != Warning {
		t.Errorf("levels %v", levels)
	}
	// The meeting of the stuck one may have lasted 10 hours, not more.
	if last := s.plan.Alerts[len(s.plan.Alerts)-1].Text; !strings.HasPrefix(last, "2 recordings not done 5h after the meeting") {
		t.Errorf("%q", last)
	}
}

func TestAnEvaluationOfTheSameIsTheSame(t *testing.T) {
	s := newStory(t, 9)
	three(s)
	s.withoutMachine(4)
	s.evaluate()
	again, _ := Decide(s.now, s.config, s.seen, pool.State{})
	if fmt.Sprint(s.plan) != fmt.Sprint(again) {
		t.Errorf("two plans of one observation:\n%+v\n%+v", s.plan, again)
	}
}
