package cycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

// fake is all outside services of a small pool. It records the calls that change
// something, and fails those that a test names in fails.
type fake struct {
	mu    sync.Mutex
	calls []string
	// all has the calls that read something, too.
	all []string
	// on has what happens at a call, before it is answered.
	on       map[string]func()
	fails    map[string]error
	entries  []pool.Entry
	machines []pool.Machine
	volumes  []pool.Volume
	// others are the zones that were listed besides the configured ones.
	others []string
	// meetings has the answer of each domain, asked how often each was asked.
	meetings map[string][]pool.Meeting
	asked    map[string]int
	// meanwhile is called before a server answers its second request for meetings.
	meanwhile  func()
	recordings map[string][]pool.Recording
	backlog    map[string]pool.Reading[map[string]int]
	orders     []pool.MachineOrder
	// userData has the document of each created machine.
	userData  map[string]string
	state     pool.State
	committed []pool.State
	samples   []pool.Sample
	decisions []json.RawMessage
	held      error
	// stored is the stored copy of the calendar, fresh the new one to store.
	stored, fresh []byte
}

var (
	_ pool.LoadBalancer    = (*fake)(nil)
	_ pool.MeetingService  = (*fake)(nil)
	_ pool.Hoster          = (*fake)(nil)
	_ pool.StatsService    = (*fake)(nil)
	_ pool.CalendarService = (*fake)(nil)
	_ Store                = (*fake)(nil)
)

func (f *fake) note(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	call := fmt.Sprintf(format, args...)
	f.calls = append(f.calls, call)
	return f.answer(call)
}

// reads records a call that changes nothing.
func (f *fake) reads(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answer(fmt.Sprintf(format, args...))
}

// answer returns the error that a call is answered with. The lock is held.
func (f *fake) answer(call string) error {
	f.all = append(f.all, call)
	if happens := f.on[call]; happens != nil {
		happens()
	}
	return f.fails[call]
}

func (f *fake) Entries(context.Context) ([]pool.Entry, error) { return f.entries, f.reads("entries") }
func (f *fake) SetState(_ context.Context, id string, state pool.EntryState) error {
	return f.note("%s %s", state, id)
}
func (f *fake) Register(_ context.Context, url string, _ pool.Secret) (pool.Entry, error) {
	return pool.Entry{ID: "new"}, f.note("register %s", url)
}
func (f *fake) Unregister(_ context.Context, id string) error { return f.note("unregister %s", id) }

func domainOf(at pool.Endpoint) string {
	return strings.TrimSuffix(strings.TrimPrefix(at.URL, "https://"), "/bigbluebutton/api")
}

func (f *fake) Meetings(_ context.Context, at pool.Endpoint) (pool.Conference, error) {
	domain := domainOf(at)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[domain]++
	if f.asked[domain] > 1 && f.meanwhile != nil {
		f.meanwhile()
	}
	err := f.answer("meetings " + domain)
	return pool.Conference{Meetings: f.meetings[domain]}, err
}

func (f *fake) Recordings(_ context.Context, at pool.Endpoint, _ ...pool.RecordingState) ([]pool.Recording, error) {
	return f.recordings[domainOf(at)], f.reads("recordings %s", domainOf(at))
}
func (f *fake) End(_ context.Context, _ pool.Endpoint, meeting pool.Meeting) error {
	return f.note("end %s", meeting.ID)
}
func (f *fake) Stats(_ context.Context, server pool.Server, _ func() time.Time) (pool.Stats, error) {
	backlog, ok := f.backlog[server.Domain]
	if !ok {
		backlog = pool.Seen(map[string]int{})
	}
	return pool.Stats{Backlog: backlog, Failed: pool.Seen(map[string]int{}), Age: pool.Seen(time.Second)}, f.reads("stats %s", server.Domain)
}
func (f *fake) Events(_ context.Context, _, _ time.Time, stored []byte) (pool.Calendar, []byte, error) {
	return pool.Calendar{Source: "after " + string(stored)}, f.fresh, f.fails["calendar"]
}
func (f *fake) Machines(_ context.Context, others []string) ([]pool.Machine, error) {
	f.others = others
	return f.machines, f.fails["machines"]
}
func (f *fake) Images(context.Context) ([]pool.Image, error) { return nil, f.fails["image"] }
func (f *fake) Leftovers(context.Context, []string) ([]pool.Volume, error) {
	return f.volumes, f.fails["leftovers"]
}
func (f *fake) Create(_ context.Context, order pool.MachineOrder) (pool.Machine, error) {
	f.mu.Lock()
	f.userData[order.Server.Hostname] = string(order.UserData)
	f.orders = append(f.orders, order)
	f.mu.Unlock()
	return pool.Machine{ID: "new", Type: order.Types[0], Zone: order.Zones[0]}, f.note("create %s", order.Server.Hostname)
}
func (f *fake) PowerOn(_ context.Context, m pool.Machine) error { return f.note("power on %s", m.ID) }
func (f *fake) Reboot(_ context.Context, m pool.Machine) error  { return f.note("reboot %s", m.ID) }
func (f *fake) PrepareDelete(_ context.Context, m pool.Machine) (pool.Deletion, error) {
	if err := f.reads("prepare %s", m.ID); err != nil {
		return pool.Deletion{}, err
	}
	return pool.Deletion{
		Delete: func(context.Context) error { return f.note("delete %s", m.ID) },
		Cancel: func(context.Context) error { return f.note("cancel the deletion of %s", m.ID) },
	}, nil
}
func (f *fake) DeleteVolume(_ context.Context, v pool.Volume) error {
	return f.note("delete volume %s", v.ID)
}
func (f *fake) UnmarkVolume(_ context.Context, v pool.Volume) error {
	return f.note("unmark volume %s", v.ID)
}
func (f *fake) Acquire(context.Context, string, time.Time, time.Time) (pool.State, error) {
	return f.state, f.held
}
func (f *fake) State(context.Context) (pool.State, error) { return f.state, nil }
func (f *fake) Commit(_ context.Context, _ string, state pool.State) error {
	f.committed = append(f.committed, state)
	return f.fails["commit"]
}
func (f *fake) AppendSample(_ context.Context, sample pool.Sample) error {
	f.samples = append(f.samples, sample)
	return f.fails["sample"]
}
func (f *fake) Recent(context.Context, time.Time) ([]pool.Sample, error) {
	return f.samples, f.fails["history"]
}
func (f *fake) AppendDecision(_ context.Context, _ time.Time, record json.RawMessage) error {
	f.decisions = append(f.decisions, record)
	return f.fails["decision"]
}
func (f *fake) LoadCalendar(context.Context) ([]byte, error) { return f.stored, nil }
func (f *fake) SaveCalendar(_ context.Context, calendar []byte) error {
	f.stored = calendar
	return nil
}

// newFake returns a pool in which server 1 is enabled and busy. The others are drained:
// cordoned, running, and empty since the evaluation before.
func newFake(size int) (*fake, *Cycle) {
	f := &fake{
		fails: map[string]error{}, on: map[string]func(){}, asked: map[string]int{}, meetings: map[string][]pool.Meeting{},
		recordings: map[string][]pool.Recording{}, backlog: map[string]pool.Reading[map[string]int]{},
		userData: map[string]string{}, state: pool.State{Servers: map[int]*pool.ServerMemory{}},
	}
	servers := pool.Servers(size, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	for _, s := range servers {
		f.entries = append(f.entries, pool.Entry{
			ID: fmt.Sprint(s.Number), URL: "https://" + s.Domain + "/bigbluebutton/api", State: pool.Cordoned, Online: true, Load: pool.Seen(1.0),
		})
		f.machines = append(f.machines, pool.Machine{
			ID: "m" + fmt.Sprint(s.Number), Name: s.Hostname, State: pool.Running, Since: noon.Add(-5 * time.Hour), Created: noon.Add(-6 * time.Hour),
			Volumes: []pool.Volume{{ID: "v" + fmt.Sprint(s.Number), Kind: pool.BlockVolume}},
		})
		f.state.Servers[s.Number] = &pool.ServerMemory{MachineID: "m" + fmt.Sprint(s.Number), EmptySince: noon.Add(-5 * time.Minute)}
	}
	f.entries[0].State = pool.Enabled
	f.meetings[servers[0].Domain] = []pool.Meeting{{ID: "course", Created: noon.Add(-time.Hour), Participants: 100}}
	return f, &Cycle{
		Config: Config{
			Settings: Settings{Types: []string{"PRO2-S"}, ObserveParallel: 10, ActParallel: 10, CallTimeout: 10 * time.Second, Timeout: time.Minute},
			Servers:  servers, Zones: []string{"fr-par-1"},
			Scaling: scaling.Config{
				Size: size, Capacity: 250 * size, Policies: []scaling.Policy{scaling.PolicyLoad}, Interval: 5 * time.Minute,
				ServerParticipants: 250, ServerMeetings: 15, MinimumMillionths: 10_000, SteadyFactor: scaling.Pair{Participants: 2, Meetings: 2},
				GrowingFactor: scaling.Pair{Participants: 3, Meetings: 3}, GrowthThreshold: scaling.Pair{Participants: 1.2, Meetings: 1.2},
				MeetingMaxDuration: 10 * time.Hour, RecordingMaxProcessing: 5 * time.Hour, Grace: 6 * time.Minute,
				UnresponsiveMillionths: 300_000, MaxCreations: 5, MaxDeletions: 5, MaxCordons: 5, MaxEnds: 5,
			},
		},
		Services: Services{LoadBalancer: f, Meetings: f, Hoster: f, Stats: f, Store: f},
		Log:      slog.New(slog.DiscardHandler),
	}
}

func evaluate(t *testing.T, c *Cycle) Record {
	t.Helper()
	record, err := c.Run(context.Background(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }, Source: "test", Holder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// want checks the calls that change something.
func (f *fake) want(t *testing.T, calls ...string) {
	t.Helper()
	if !slices.Equal(f.calls, calls) {
		t.Errorf("calls that change something: %q, want %q", f.calls, calls)
	}
}

func TestActionsOnAServerStopAtAFailure(t *testing.T) {
	f, c := newFake(2)
	f.entries[1].State, f.entries[1].Online = pool.Disabled, false
	f.machines = f.machines[:1]
	f.meetings["bbb-w1.example.com"][0].Participants = 200
	f.fails["create bbb-w2"] = errors.New("Scaleway is tired")
	record := evaluate(t, c)
	f.want(t, "create bbb-w2")
	if record.Outcomes[0].Result != scaling.Failed || record.Outcomes[1].Result != scaling.Skipped {
		t.Errorf("outcomes %+v", record.Outcomes)
	}
}

func TestNoActionAfterTheTimeLimit(t *testing.T) {
	f, c := newFake(2)
	record, err := c.Run(context.Background(), Request{Now: noon, Elapsed: func() time.Duration { return 59 * time.Second }, Source: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f.want(t)
	if record.Outcomes[0].Result != scaling.Skipped {
		t.Errorf("outcome %+v", record.Outcomes[0])
	}
}

func TestNothingIsWrittenAfterTheLease(t *testing.T) {
	f, c := newFake(2)
	_, err := c.Run(context.Background(), Request{Now: noon, Elapsed: func() time.Duration { return 2 * time.Minute }, Source: "test"})
	if !errors.Is(err, pool.ErrLeaseLost) {
		t.Errorf("error %v", err)
	}
	f.want(t)
	if written := len(f.committed) + len(f.samples) + len(f.decisions); written != 0 {
		t.Errorf("%d objects written", written)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	f, c := newFake(2)
	f.held = errors.New("a dry run needs no lease")
	record, err := c.Run(context.Background(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	f.want(t)
	if len(record.Plan.Actions) != 1 || len(f.committed)+len(f.samples)+len(f.decisions) != 0 {
		t.Errorf("plan %+v, wrote %d states, %d samples, %d decisions", record.Plan.Actions, len(f.committed), len(f.samples), len(f.decisions))
	}
}

func TestNothingIsReadWithoutTheLease(t *testing.T) {
	f, c := newFake(2)
	f.held = &pool.LeaseHeldError{Holder: "cron 1", Until: noon}
	_, err := c.Run(context.Background(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }})
	var held *pool.LeaseHeldError
	if !errors.As(err, &held) || len(f.asked) != 0 {
		t.Errorf("error %v, asked %v", err, f.asked)
	}
}

func TestBlindEvaluationIsRecordedWithoutSample(t *testing.T) {
	f, c := newFake(2)
	f.fails["machines"] = errors.New("zone fr-par-2: 503")
	var log strings.Builder
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	record := evaluate(t, c)
	f.want(t)
	if want := `msg=evaluation source=test dry_run=false blind=true reason="machines at Scaleway: zone fr-par-2: 503"`; !strings.Contains(log.String(), want) {
		t.Errorf("logged %s, want %s", log.String(), want)
	}
	if !record.Blind || len(f.samples) != 0 || len(f.committed) != 1 {
		t.Errorf("blind %t, %d samples, %d states", record.Blind, len(f.samples), len(f.committed))
	}
}

func TestNewMachinesGetUserDataOfTheirServer(t *testing.T) {
	f, c := newFake(4)
	f.machines = f.machines[:1]
	for i := 1; i < 4; i++ {
		f.entries[i].State, f.entries[i].Online = pool.Enabled, false
	}
	f.meetings["bbb-w1.example.com"][0].Participants = 500
	prepared := 0
	c.Services.UserData = func(context.Context) (UserData, error) {
		prepared++
		return func(server pool.Server) ([]byte, error) {
			if server.Number == 3 {
				return nil, errors.New("it is too long")
			}
			return []byte("I am " + server.Domain), nil
		}, nil
	}
	record := evaluate(t, c)
	if want := map[string]string{"bbb-w2": "I am bbb-w2.example.com", "bbb-w4": "I am bbb-w4.example.com"}; !maps.Equal(f.userData, want) || prepared != 1 {
		t.Errorf("user data %v, prepared %d times; want %v, once", f.userData, prepared, want)
	}
	for _, outcome := range record.Outcomes {
		if outcome.Server == 3 && (outcome.Result != scaling.Failed || outcome.Detail != "write the user data of bbb-w3.example.com: it is too long") {
			t.Errorf("outcome %+v", outcome)
		}
	}

	f.userData = map[string]string{}
	c.Services.UserData = func(context.Context) (UserData, error) { return nil, errors.New("the bucket is gone") }
	if evaluate(t, c); len(f.userData) != 0 {
		t.Errorf("machines were created without their user data: %v", f.userData)
	}
}

func TestFailedCreationBacksOff(t *testing.T) {
	f, c := newFake(2)
	f.entries[1].State, f.entries[1].Online = pool.Enabled, false
	f.machines = f.machines[:1]
	f.meetings["bbb-w1.example.com"][0].Participants = 200
	f.fails["create bbb-w2"] = errors.New("no address is reserved")
	for failures, wait := range []time.Duration{4 * time.Minute, 9 * time.Minute, 19 * time.Minute, 39 * time.Minute, time.Hour, time.Hour} {
		memory := f.state.Memory(2)
		memory.NotBefore = time.Time{}
		f.state.Remember(2, memory)
		evaluate(t, c)
		f.state = f.committed[len(f.committed)-1]
		memory = f.state.Memory(2)
		if memory.Failures != failures+1 || memory.NotBefore.Sub(noon) != wait {
			t.Errorf("after failure %d: %d failures, waits %s, want %s", failures+1, memory.Failures, memory.NotBefore.Sub(noon), wait)
		}
	}
}

func TestShortageIsRememberedForAWhile(t *testing.T) {
	f, c := newFake(2)
	f.entries[1].State, f.entries[1].Online = pool.Enabled, false
	f.machines = f.machines[:1]
	f.meetings["bbb-w1.example.com"][0].Participants = 200
	f.fails["create bbb-w2"] = &pool.RefusalError{Refusals: []pool.Refusal{
		{Zone: "fr-par-1", Type: "PRO2-S", Reason: "out of stock"}, {Zone: "fr-par-1", Type: "old", Until: noon.Add(time.Minute)},
	}}
	evaluate(t, c)
	state := f.committed[0]
	if len(state.Refusals) != 1 || state.Refusals[0].Type != "PRO2-S" || !state.Refusals[0].Until.Equal(noon.Add(30*time.Minute)) {
		t.Errorf("shortages %+v", state.Refusals)
	}
	if memory := state.Memory(2); memory.Failures != 0 || !memory.NotBefore.Equal(noon.Add(time.Minute)) {
		t.Errorf("memory %+v; want no failure of the server, and a retry when the first shortage may be over", memory)
	}
}

func TestServersWithTwoEntriesOrMachinesAreUnknown(t *testing.T) {
	f, c := newFake(3)
	f.entries = append(f.entries, f.entries[1])
	f.machines = append(f.machines, f.machines[2])
	record := evaluate(t, c)
	f.want(t)
	for _, s := range record.Servers[1:] {
		if s.Health != scaling.Unseen {
			t.Errorf("server %d is %s", s.Number, s.Health)
		}
	}
}

func TestRecordingsAreReadOnDrainingServersOnly(t *testing.T) {
	f, c := newFake(2)
	f.fails["recordings bbb-w1.example.com"] = errors.New("slow")
	f.recordings["bbb-w2.example.com"] = []pool.Recording{{ID: "r", State: pool.Processing}}
	record := evaluate(t, c)
	f.want(t)
	if record.Servers[1].LeftAlone != "1 recording in work" || record.Servers[0].Health != scaling.Healthy {
		t.Errorf("servers %+v", record.Servers)
	}
}

func TestCalendarCopyIsStored(t *testing.T) {
	for name, test := range map[string]struct {
		fresh []byte
		fail  error
		want  string
	}{
		"a new calendar":        {[]byte("new"), nil, "new"},
		"an unchanged calendar": {nil, nil, "old"},
		"no calendar":           {nil, errors.New("404"), "old"},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(1)
			c.Services.Calendar = f
			f.stored, f.fresh, f.fails["calendar"] = []byte("old"), test.fresh, test.fail
			seen, _ := c.observe(t.Context(), noon, nil)
			calendar, known := seen.Calendar.Get()
			if known != (test.fail == nil) || known && calendar.Source != "after old" {
				t.Errorf("calendar %+v, known %t", calendar, known)
			}
			if evaluate(t, c); string(f.stored) != test.want {
				t.Errorf("%q is stored, want %q", f.stored, test.want)
			}
		})
	}
}
