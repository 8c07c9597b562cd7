package cycle

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

func TestMachineIsDeletedAfterALastLook(t *testing.T) {
	f, c := newFake(2)
	record := evaluate(t, c)
	f.want(t, "disabled 2", "delete m2")
	if f.asked["bbb-w2.example.com"] != 3 {
		t.Errorf("asked for its meetings %d times, want once for the decision, and before and after everything that takes time", f.asked["bbb-w2.example.com"])
	}
	if record.Outcomes[0].Result != scaling.Done || len(f.committed) != 1 || len(f.samples) != 1 || len(f.decisions) != 1 {
		t.Errorf("outcomes %+v, %d states, %d samples, %d decisions", record.Outcomes, len(f.committed), len(f.samples), len(f.decisions))
	}
}

// TestLastLookIsTheLastCall checks the order of all calls of a deletion: everything that
// takes time first, and nothing between the meetings and the deletion.
func TestLastLookIsTheLastCall(t *testing.T) {
	f, c := newFake(2)
	k := new(clock)
	f.on["recordings bbb-w2.example.com"] = k.pass(20 * time.Second)
	plan := planOf(scaling.Action{Kind: scaling.Delete, Server: 2})
	f.on["meetings bbb-w2.example.com"] = k.pass(400 * time.Millisecond)
	outcomes := f.act(t, c, k, plan)
	f.wantAll(t, "disabled 2", "meetings bbb-w2.example.com", "recordings bbb-w2.example.com", "stats bbb-w2.example.com", "prepare m2",
		"meetings bbb-w2.example.com", "delete m2")
	wantOutcome(t, outcomes[0], scaling.Done, "m2; its meetings were asked for 0.4 s before")
}

func TestLastLookIsRepeatedUntilItIsFresh(t *testing.T) {
	for name, test := range map[string]struct {
		answers []time.Duration // how long each answer takes
		result  scaling.Result
		looks   int
	}{
		"an answer within 2 s is fresh":       {[]time.Duration{2 * time.Second}, scaling.Done, 1},
		"a late answer is asked for again":    {[]time.Duration{2001 * time.Millisecond, time.Second}, scaling.Done, 2},
		"the third repetition may be in time": {[]time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second, time.Second}, scaling.Done, 4},
		"there is no fourth repetition":       {[]time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second, 3 * time.Second, time.Second}, scaling.Held, 4},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			k, looks := new(clock), -2 // the first two are those of the observation and beside the recordings
			f.on["meetings bbb-w2.example.com"] = func() {
				if looks >= 0 {
					k.elapsed += test.answers[looks]
				}
				looks++
			}
			outcomes := f.act(t, c, k, planOf(scaling.Action{Kind: scaling.Delete, Server: 2}))
			if outcomes[0].Result != test.result || looks != test.looks {
				t.Errorf("%+v after %d looks; want %s after %d", outcomes[0], looks, test.result, test.looks)
			}
			if test.result == scaling.Held {
				f.want(t, "disabled 2", "cancel the deletion of m2", "cordoned 2")
			}
		})
	}
}

func TestMeetingThatBeginsBetweenTwoLooksPreventsDeletion(t *testing.T) {
	f, c := newFake(2)
	k, looks := new(clock), 0
	f.on["meetings bbb-w2.example.com"] = func() {
		if looks++; looks == 3 {
			k.elapsed += 3 * time.Second
		}
		if looks == 4 {
			f.startLateMeeting()
		}
	}
	outcomes := f.act(t, c, k, planOf(scaling.Action{Kind: scaling.Delete, Server: 2}))
	f.want(t, "disabled 2", "cancel the deletion of m2", "cordoned 2")
	wantOutcome(t, outcomes[0], scaling.Held, "1 meeting with 1 participant")
}

// startLateMeeting starts a meeting on server 2 between the decision and the last look.
func (f *fake) startLateMeeting() {
	f.meetings["bbb-w2.example.com"] = []pool.Meeting{{ID: "late", Participants: 1}}
}

func TestLastLookPreventsDeletion(t *testing.T) {
	for name, test := range map[string]struct {
		at     string // the call at which it happens
		change func(*fake)
		calls  []string
	}{
		"a meeting has started": {"prepare m2", (*fake).startLateMeeting, []string{"disabled 2", "cancel the deletion of m2", "cordoned 2"}},
		"its meetings cannot be read": {"prepare m2", func(f *fake) {
			f.fails["meetings bbb-w2.example.com"] = errors.New("502")
		}, []string{"disabled 2", "cancel the deletion of m2", "cordoned 2"}},
		"a recording is being processed": {"disabled 2", func(f *fake) {
			f.recordings["bbb-w2.example.com"] = []pool.Recording{{ID: "r", State: pool.Processing}}
		}, []string{"disabled 2", "cordoned 2"}},
		"a recording waits to be processed": {"disabled 2", func(f *fake) {
			f.backlog["bbb-w2.example.com"] = pool.Seen(map[string]int{"archived": 1})
		}, []string{"disabled 2", "cordoned 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			f.on[test.at] = func() { test.change(f) }
			record := evaluate(t, c)
			f.want(t, test.calls...)
			if record.Outcomes[0].Result != scaling.Held {
				t.Errorf("outcome %+v", record.Outcomes[0])
			}
		})
	}
}

func TestMachineThatStaysIsAsBefore(t *testing.T) {
	for name, test := range map[string]struct {
		fails  []string
		state  pool.EntryState
		calls  []string
		detail string
	}{
		"the deletion is refused": {[]string{"delete m2"}, pool.Cordoned,
			[]string{"disabled 2", "delete m2", "cancel the deletion of m2", "cordoned 2"}, "no to delete m2"},
		"a disabled entry stays disabled": {[]string{"delete m2"}, pool.Disabled,
			[]string{"disabled 2", "delete m2", "cancel the deletion of m2"}, "no to delete m2"},
		"the volumes cannot be marked": {[]string{"prepare m2"}, pool.Cordoned,
			[]string{"disabled 2", "cordoned 2"}, "no to prepare m2"},
		"the marks cannot be taken off": {[]string{"delete m2", "cancel the deletion of m2"}, pool.Cordoned,
			[]string{"disabled 2", "delete m2", "cancel the deletion of m2", "cordoned 2"},
			"no to delete m2; and unmark its volumes: no to cancel the deletion of m2"},
		"it cannot be cordoned again": {[]string{"delete m2", "cordoned 2"}, pool.Cordoned,
			[]string{"disabled 2", "delete m2", "cancel the deletion of m2", "cordoned 2"},
			"no to delete m2; and cordon it again: no to cordoned 2"},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			f.entries[1].State = test.state
			for _, call := range test.fails {
				f.fails[call] = errors.New("no to " + call)
			}
			outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Delete, Server: 2}))
			f.want(t, test.calls...)
			wantOutcome(t, outcomes[0], scaling.Failed, test.detail)
		})
	}
}

func TestMachineThatIsGoneIsNoFailure(t *testing.T) {
	for _, call := range []string{"prepare m2", "delete m2"} {
		f, c := newFake(2)
		f.fails[call] = pool.ErrGone
		outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Delete, Server: 2}))
		wantOutcome(t, outcomes[0], scaling.Done, "m2; it was gone already")
	}
}

func TestMachineThatIsSwitchedOffIsNotAsked(t *testing.T) {
	f, c := newFake(2)
	f.machines[1].State = pool.Stopped
	f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Delete, Server: 2, Unanswered: true}))
	f.wantAll(t, "disabled 2", "prepare m2", "delete m2")
}

func TestSilentServerIsAskedOnceMore(t *testing.T) {
	for name, test := range map[string]struct {
		kind   scaling.Kind
		by     func(f *fake) // what changes until the last look
		calls  []string
		result scaling.Result
		detail string
	}{
		"it is still silent and rebooted": {scaling.Reboot, func(*fake) {}, []string{"reboot m2"}, scaling.Done, "m2; it still does not answer"},
		"it is still silent and deleted":  {scaling.Delete, func(*fake) {}, []string{"disabled 2", "delete m2"}, scaling.Done, "m2; it still does not answer"},
		"it answers again": {scaling.Reboot, func(f *fake) { delete(f.fails, "meetings bbb-w2.example.com") },
			nil, scaling.Held, "it answers again"},
		"it answers again and keeps its machine": {scaling.Delete, func(f *fake) { delete(f.fails, "meetings bbb-w2.example.com") },
			[]string{"disabled 2", "cancel the deletion of m2", "cordoned 2"}, scaling.Held, "it answers again"},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			f.fails["meetings bbb-w2.example.com"] = errors.New("no answer")
			k := new(clock)
			f.meanwhile = func() {
				k.elapsed += 8 * time.Second // silence takes as long as the call timeout
				test.by(f)
			}
			outcomes := f.act(t, c, k, planOf(scaling.Action{Kind: test.kind, Server: 2, Unanswered: true}))
			f.want(t, test.calls...)
			wantOutcome(t, outcomes[0], test.result, test.detail)
		})
	}
}

func TestServerThatAnswersAgainIsNotRebooted(t *testing.T) {
	f, c := newFake(2)
	c.Config.Scaling.UnresponsiveRebootAfter = 20 * time.Minute
	f.entries[1].Online = false
	f.fails["meetings bbb-w2.example.com"] = errors.New("no answer")
	f.state.Servers[2] = &pool.ServerMemory{MachineID: "m2", Health: string(scaling.Unresponsive), HealthSince: noon.Add(-time.Hour), LoadSeen: noon.Add(-2 * time.Hour)}
	f.meanwhile = func() {
		f.startLateMeeting()
		delete(f.fails, "meetings bbb-w2.example.com")
	}
	record := evaluate(t, c)
	f.want(t)
	if len(record.Outcomes) != 1 || record.Outcomes[0].Kind != scaling.Reboot || record.Outcomes[0].Result != scaling.Held {
		t.Errorf("outcomes %+v", record.Outcomes)
	}
}

// TestRebootHasTheSameLastLook checks the reboot of bare metal, which takes the place of
// a deletion.
func TestRebootHasTheSameLastLook(t *testing.T) {
	plan := planOf(scaling.Action{Kind: scaling.Reboot, Server: 2})
	f, c := newFake(2)
	outcomes := f.act(t, c, new(clock), plan)
	f.wantAll(t, "meetings bbb-w2.example.com", "recordings bbb-w2.example.com", "stats bbb-w2.example.com", "meetings bbb-w2.example.com", "reboot m2")
	wantOutcome(t, outcomes[0], scaling.Done, "m2; its meetings were asked for 0.0 s before")

	f, c = newFake(2)
	f.on["stats bbb-w2.example.com"] = f.startLateMeeting
	outcomes = f.act(t, c, new(clock), plan)
	f.want(t)
	if outcomes[0].Result != scaling.Held {
		t.Errorf("outcome %+v", outcomes[0])
	}
}

// Scalelite may still count meetings that BBB no longer has. DiViMS does not panic the
// entry, which would end meetings that have begun meanwhile.
func TestStaleLoadKeepsNoMachine(t *testing.T) {
	f, c := newFake(2)
	f.entries[1].Load = pool.Seen(15.0)
	evaluate(t, c)
	f.want(t, "disabled 2", "delete m2")
}

func TestNoFurtherCallAfterASuspension(t *testing.T) {
	f, c := newFake(2)
	elapsed := time.Duration(0)
	f.meanwhile = func() { elapsed = 59 * time.Second } // the clock jumps, but no timer has fired
	record, err := c.Run(context.Background(), Request{Now: noon, Elapsed: func() time.Duration { return elapsed }, Source: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f.want(t, "disabled 2")
	if outcome := record.Outcomes[0]; outcome.Result != scaling.Failed || !strings.Contains(outcome.Detail, errTimeUp.Error()) {
		t.Errorf("outcome %+v", outcome)
	}
}
