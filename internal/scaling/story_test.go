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

// evaluate decides, five minutes after the previous evaluation.
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

// dead makes a server answer neither DiViMS nor Scalelite.
func (s *story) dead(n int) {
	s.entry(n).Online = false
	s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting]("no answer in time")
	s.seen.Servers[n-1].Recordings = pool.Unknown[[]pool.Recording]("no answer in time")
}

// operator changes the memory of a server, as an operator's order does.
func (s *story) operator(n int, change func(*pool.ServerMemory)) {
	memory := s.state.Servers[n]
	change(&memory)
	s.state.Servers[n] = memory
}
