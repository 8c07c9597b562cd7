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

// story is a pool that a test changes and decides on, evaluation by evaluation.
type story struct {
	t      *testing.T
	now    time.Time
	config Config
	seen   pool.Observation
	state  pool.State
	plan   Plan
	// strangers are entries besides those of the servers.
	strangers []pool.Entry
}

// newStory returns a pool whose servers all run and are healthy, enabled, online and
// empty. It has the load policy, and everything is known.
func newStory(t *testing.T, size int) *story {
	s := &story{t: t, now: noon, config: Config{
		Size: size, Capacity: 250 * size, Policies: []Policy{PolicyLoad}, Interval: 5 * time.Minute, BootTime: 7 * time.Minute,
		ServerParticipants: 250, ServerMeetings: 15, MinimumMillionths: 10_000,
		SteadyFactor: Pair{2, 2}, GrowingFactor: Pair{3, 3}, GrowthThreshold: Pair{1.2, 1.2}, ScheduleMode: ScheduleStep,
		MeetingMaxDuration: 10 * time.Hour, RecordingMaxProcessing: 5 * time.Hour, RecycleAfter: 7 * 24 * time.Hour, RollOutParallel: 2, Grace: 6 * time.Minute,
		CertificateWarning: 15 * 24 * time.Hour, CertificateAlert: 5 * 24 * time.Hour,
		UnresponsiveMillionths: 300_000, UnresponsiveRebootAfter: 20 * time.Minute, MaxCreations: 10, MaxDeletions: 10, MaxCordons: 20, MaxEnds: 10,
		ScalelitePoll: time.Minute,
	}}
	for _, server := range pool.Servers(size, 0, "bbb-w{n}", "bbb-w{n}.example.com") {
		observed := pool.ServerObservation{Server: server}
		observed.Entry = pool.Seen(&pool.Entry{ID: fmt.Sprint("entry ", server.Number), State: pool.Enabled, Online: true, LoadMultiplier: 1, Load: pool.Seen(0.)})
		observed.Machine = pool.Seen(&pool.Machine{
			ID: fmt.Sprint("machine ", server.Number), Zone: "fr-par-1", Name: server.Hostname, State: pool.Running, ImageID: "image", Type: "PRO2-S",
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
	id := fmt.Sprintf("meeting %d of %d", len(meetings)+1, n)
	s.seen.Servers[n-1].Meetings = pool.Seen(append(meetings, pool.Meeting{
		ID: id, InternalID: id, Created: s.now.Add(-time.Hour), Participants: participants,
	}))
}

// evaluate decides, five minutes after the previous evaluation. Scalelite's load of a server
// that is online and answers is its people; that of one that is offline is unavailable.
func (s *story) evaluate() {
	entries := slices.Clone(s.strangers)
	var machines []pool.Machine
	for _, observed := range s.seen.Servers {
		if entry, _ := observed.Entry.Get(); entry != nil {
			meetings, known := observed.Meetings.Get()
			switch {
			case !entry.Online:
				entry.Load = pool.Unknown[float64]("unavailable")
			case known:
				entry.Load = pool.Seen(float64(pool.Participants(meetings)) * entry.LoadMultiplier)
			}
			listed := *entry
			listed.URL = "https://" + observed.Server.Domain + "/bigbluebutton/api"
			entries = append(entries, listed)
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

// planned returns the actions of the plan as "cordon 3, delete 4".
func (s *story) planned() string {
	var list []string
	for _, action := range s.plan.Actions {
		list = append(list, strings.TrimSuffix(fmt.Sprintf("%s %d", action.Kind, action.Server), " 0"))
	}
	return strings.Join(list, ", ")
}

// want fails the test if the plan has other actions. because says why they are right.
func (s *story) want(planned, because string) {
	s.t.Helper()
	if got := s.planned(); got != planned {
		s.t.Errorf("planned %q, want %q: %s", got, planned, because)
		for _, v := range s.plan.Verdicts {
			s.t.Logf("  server %d %s %s %s %s", v.Server, v.Stage, v.Health, v.Why, v.LeftAlone)
		}
		s.t.Logf("  withheld %q", s.plan.Withheld)
	}
}

func (s *story) wantAlert(subject string) {
	s.t.Helper()
	if !slices.ContainsFunc(s.plan.Alerts, func(a Alert) bool { return a.Subject == subject }) {
		s.t.Errorf("no alert about %q in %+v", subject, s.plan.Alerts)
	}
}

// requireThree gives servers 1 to 3 so many people that three servers are required.
func requireThree(s *story) {
	for n := 1; n <= 3; n++ {
		s.meeting(n, 120)
	}
}

// schedule adds the schedule policy and a calendar with one event, which has begun.
func (s *story) schedule(summary string) {
	s.config.Policies = append(s.config.Policies, PolicySchedule)
	s.seen.Calendar = pool.Seen(pool.Calendar{Events: []pool.Event{{Summary: summary, Start: s.now.Add(-time.Minute), End: s.now.Add(time.Hour)}}})
}

// stats changes the stats of a server.
func (s *story) stats(n int, change func(*pool.Stats)) {
	stats, _ := s.seen.Servers[n-1].Stats.Get()
	change(&stats)
	s.seen.Servers[n-1].Stats = pool.Seen(stats)
}

// tagged gives servers a tag.
func (s *story) tagged(tag string, numbers ...int) {
	for _, n := range numbers {
		s.entry(n).Tag = tag
	}
}

// dead makes servers answer neither DiViMS nor Scalelite.
func (s *story) dead(numbers ...int) {
	for _, n := range numbers {
		s.entry(n).Online = false
		s.silent(n)
	}
}

// silent makes a server answer DiViMS nothing. Its figures stay in the observation only if
// the test adds them again.
func (s *story) silent(n int) {
	observed := &s.seen.Servers[n-1]
	observed.Alive = false
	observed.Meetings = pool.Unknown[[]pool.Meeting]("no answer in time")
	observed.Recordings = pool.Unknown[[]pool.Recording]("no answer in time")
	observed.Stats = pool.Unknown[pool.Stats]("no answer in time")
}

// broken makes a server answer DiViMS with an error, while its figures come.
func (s *story) broken(n int) {
	observed := &s.seen.Servers[n-1]
	observed.Alive = true
	observed.Meetings = pool.Unknown[[]pool.Meeting]("502 Bad Gateway")
	observed.Recordings = pool.Unknown[[]pool.Recording]("502 Bad Gateway")
}

// refusesSecret makes a server answer everybody that the secret of its entry is wrong.
func (s *story) refusesSecret(n int) {
	s.broken(n)
	s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting](`getMeetings of bbb-w.example.com: FAILED, "checksumError"`)
}

// comes makes servers answer DiViMS, and Scalelite call them online.
func (s *story) comes(numbers ...int) {
	for _, n := range numbers {
		s.entry(n).Online = true
		s.seen.Servers[n-1].Alive = true
		answersEmpty(&s.seen.Servers[n-1])
	}
}

// rest makes servers disabled and without a machine.
func (s *story) rest(numbers ...int) {
	for _, n := range numbers {
		s.withoutMachine(n)
		s.entry(n).State = pool.Disabled
	}
}

// carryOut makes all actions of the plan work. A machine that is created, started or
// rebooted answers nobody until it comes.
func (s *story) carryOut() {
	outcomes := make([]Outcome, len(s.plan.Actions))
	for i, action := range s.plan.Actions {
		outcomes[i].Result = Done
		if action.Server != 0 {
			s.carryOutAction(action)
		}
	}
	Settle(&s.state, s.now, s.config, s.plan, outcomes)
}

func (s *story) carryOutAction(action Action) {
	n := action.Server
	observed := &s.seen.Servers[n-1]
	switch action.Kind {
	case Enable:
		s.entry(n).State = pool.Enabled
	case Cordon:
		s.entry(n).State = pool.Cordoned
	case Create:
		images, _ := s.seen.Images.Get()
		image := images[0].ID
		if other := s.plan.Images["fr-par-1"]; other != "" {
			image = other
		}
		observed.Machine = pool.Seen(&pool.Machine{ID: fmt.Sprintf("machine %d of %s", n, s.now.Format("15:04")), Zone: "fr-par-1",
			Name: observed.Server.Hostname, State: pool.Running, ImageID: image, Type: "PRO2-S", Created: s.now, Since: s.now})
		s.dead(n)
	case PowerOn:
		s.machine(n).State = pool.Running
		s.dead(n)
	case Reboot:
		s.dead(n)
	case Delete:
		s.rest(n)
	case EndMeeting:
		meetings, _ := observed.Meetings.Get()
		observed.Meetings = pool.Seen(slices.DeleteFunc(slices.Clone(meetings), func(m pool.Meeting) bool { return m.ID == action.Meeting.ID }))
	}
}

// live evaluates and carries out for some time.
func (s *story) live(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.evaluate()
		s.carryOut()
	}
}

// stage returns the stage of a server at the last evaluation.
func (s *story) stage(n int) Stage { return s.plan.Verdicts[n-1].Stage }

// wantStage fails the test if the server has another stage.
func (s *story) wantStage(n int, stage Stage, because string) {
	s.t.Helper()
	if got := s.stage(n); got != stage {
		s.t.Errorf("server %d is %s, want %s: %s", n, got, stage, because)
	}
}

// wantDoubt fails the test if the last plan has no doubt with the cause, or has one
// although none is wanted.
func (s *story) wantDoubt(cause Cause, want bool, because string) {
	s.t.Helper()
	if got := slices.ContainsFunc(s.plan.Doubts, func(d Doubt) bool { return d.Cause == cause }); got != want {
		s.t.Errorf("at %s there is doubt about the %s: %t, want %t: %s; %+v", s.now.Format("15:04"), cause, got, want, because, s.plan.Doubts)
	}
}

// leftAlone fails the test if the reason why a server is left alone lacks a text.
func (s *story) wantLeftAlone(n int, text string) {
	s.t.Helper()
	if got := s.plan.Verdicts[n-1].LeftAlone.String(); !strings.Contains(got, text) {
		s.t.Errorf("server %d is left alone because %q, want %q", n, got, text)
	}
}

// operator changes the memory of a server, as an operator's order does.
func (s *story) operator(n int, change func(*pool.ServerMemory)) {
	memory := s.state.Memory(n)
	change(&memory)
	s.state.Remember(n, memory)
}

// countOf returns the number of actions of a kind.
func countOf(plan Plan, kind Kind) int {
	n := 0
	for _, action := range plan.Actions {
		if action.Kind == kind {
			n++
		}
	}
	return n
}
