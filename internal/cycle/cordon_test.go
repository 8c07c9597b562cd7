package cycle

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// TestLastEnabledServerIsNotCordoned checks the fresh list of entries: the decision was
// made when all servers were enabled.
func TestLastEnabledServerIsNotCordoned(t *testing.T) {
	for name, test := range map[string]struct {
		now     []pool.EntryState
		offline bool   // of servers 2 and 3
		tag     string // of servers 2 and 3
		held    bool
	}{
		"all are enabled":         {[]pool.EntryState{pool.Enabled, pool.Enabled, pool.Enabled}, false, "", false},
		"the others are cordoned": {[]pool.EntryState{pool.Enabled, pool.Cordoned, pool.Disabled}, false, "", true},
		"all are out of service":  {[]pool.EntryState{pool.Cordoned, pool.Cordoned, pool.Disabled}, false, "", false},
		"the others are offline":  {[]pool.EntryState{pool.Enabled, pool.Enabled, pool.Enabled}, true, "", true},
		"the others have a tag":   {[]pool.EntryState{pool.Enabled, pool.Enabled, pool.Enabled}, false, "exam", true},
	} {
		f, c := newFake(3)
		f.on["entries"] = func() {
			for i, state := range test.now {
				f.entries[i].State, f.entries[i].Online = state, i == 0 || !test.offline
				if i > 0 {
					f.entries[i].Tag = test.tag
				}
			}
		}
		outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Cordon, Server: 1}))
		if held := outcomes[0].Result == scaling.Held; held != test.held || test.held == slices.Contains(f.calls, "cordoned 1") {
			t.Errorf("%s: %+v, calls %v", name, outcomes[0], f.calls)
		}
	}
	f, c := newFake(1)
	f.on["entries"] = func() { f.fails["entries"] = errors.New("no answer") }
	seen := pool.Observation{Servers: []pool.ServerObservation{{Server: c.Config.Servers[0], Entry: pool.Seen(&f.entries[0])}}}
	outcomes := c.act(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }}, seen, planOf(scaling.Action{Kind: scaling.Cordon, Server: 1}), f.state)
	if f.want(t); outcomes[0].Result != scaling.Held {
		t.Errorf("cordoned without a fresh list: %+v", outcomes[0])
	}
}

// TestCordonReliesOnlyOnEnablesThatWereDone checks a plan that puts server 2 in the place
// of server 1.
func TestCordonReliesOnlyOnEnablesThatWereDone(t *testing.T) {
	plan := planOf(scaling.Action{Kind: scaling.Cordon, Server: 1}, scaling.Action{Kind: scaling.Enable, Server: 2})
	f, c := newFake(2)
	c.Config.ActParallel = 1
	f.act(t, c, new(clock), plan)
	f.want(t, "enabled 2", "cordoned 1")

	f, c = newFake(2)
	c.Config.ActParallel = 1
	f.fails["enabled 2"] = errors.New("400")
	outcomes := f.act(t, c, new(clock), plan)
	f.want(t, "enabled 2")
	wantOutcome(t, outcomes[0], scaling.Held, "no other server is enabled and online by now")
}

func TestSurplusIsNotCordonedWhilePeopleAreOnTheirWay(t *testing.T) {
	awaited := pool.Meeting{ID: "new", Created: noon.Add(-4 * time.Minute)}
	joined := awaited
	joined.Participants = 1
	const reason = "it has a meeting younger than 5m that nobody has joined yet"
	for name, test := range map[string]struct {
		meetings []pool.Meeting
		fail     error
		urgent   bool // the cordon does not only save money
		after    time.Duration
		detail   string // why it is held; empty if it is not
	}{
		"nothing is on it":                    {},
		"a meeting that people have joined":   {meetings: []pool.Meeting{joined}},
		"a meeting that nobody has joined":    {meetings: []pool.Meeting{awaited}, detail: reason},
		"the same a minute later":             {meetings: []pool.Meeting{awaited}, after: time.Minute},
		"its meetings are unknown":            {fail: errors.New("no answer"), detail: "its meetings could not be read again: meetings of bbb-w2.example.com: no answer"},
		"a cordon for another reason is done": {meetings: []pool.Meeting{awaited}, fail: errors.New("no answer"), urgent: true},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			f.entries[1].State = pool.Enabled
			f.meanwhile = func() {
				f.meetings["bbb-w2.example.com"], f.fails["meetings bbb-w2.example.com"] = test.meetings, test.fail
			}
			k := new(clock)
			c.Config.Timeout = 10 * time.Minute
			f.on["entries"] = k.pass(test.after)
			outcomes := f.act(t, c, k, planOf(scaling.Action{Kind: scaling.Cordon, Server: 2, Surplus: !test.urgent}))
			if test.detail == "" {
				f.want(t, "cordoned 2")
				return
			}
			f.want(t)
			wantOutcome(t, outcomes[0], scaling.Held, test.detail)
		})
	}
}

// TestSurplusIsLookedAtRightBeforeAndRightAfterItsCordon: a meeting begins while the cordon
// waits for its turn, or in the moment in which Scalelite carries it out.
func TestSurplusIsLookedAtRightBeforeAndRightAfterItsCordon(t *testing.T) {
	const (
		look    = "meetings bbb-w2.example.com"
		awaited = "it has a meeting younger than 5m that nobody has joined yet"
		unread  = "its meetings could not be read again: meetings of bbb-w2.example.com: no answer"
	)
	begins := func(f *fake) { f.meetings["bbb-w2.example.com"] = []pool.Meeting{{ID: "new", Created: noon}} }
	silent := func(f *fake) { f.fails[look] = errors.New("no answer") }
	tired := errors.New("Scalelite is tired")
	for name, test := range map[string]struct {
		on      map[string]func(*fake) // what happens at a call, before it is answered
		fails   map[string]error
		changes []string // the calls between the look before and the end
		result  scaling.Result
		detail  string
	}{
		"nothing begins": {
			changes: []string{"cordoned 2", look}, result: scaling.Done,
		},
		"a meeting begins while it waits": {
			on:     map[string]func(*fake){"entries": begins},
			result: scaling.Held, detail: awaited,
		},
		"it falls silent while it waits": {
			on:     map[string]func(*fake){"entries": silent},
			result: scaling.Held, detail: unread,
		},
		"a meeting begins in that moment: it is enabled again": {
			on:      map[string]func(*fake){"cordoned 2": begins},
			changes: []string{"cordoned 2", look, "enabled 2"}, result: scaling.Held, detail: awaited,
		},
		"it falls silent in that moment: it is enabled again": {
			on:      map[string]func(*fake){"cordoned 2": silent},
			changes: []string{"cordoned 2", look, "enabled 2"}, result: scaling.Held, detail: unread,
		},
		"Scalelite does not enable it again: that may be DiViMS's cordon": {
			on: map[string]func(*fake){"cordoned 2": begins}, fails: map[string]error{"enabled 2": tired},
			changes: []string{"cordoned 2", look, "enabled 2"}, result: scaling.Failed, detail: awaited + "; and enable it again: Scalelite is tired",
		},
		"Scalelite does not cordon it": {
			fails:   map[string]error{"cordoned 2": tired},
			changes: []string{"cordoned 2"}, result: scaling.Failed, detail: "Scalelite is tired",
		},
		"a meeting that somebody joined meanwhile": {
			on: map[string]func(*fake){"entries": func(f *fake) {
				f.meetings["bbb-w2.example.com"] = []pool.Meeting{{ID: "new", Created: noon, Participants: 1}}
			}},
			changes: []string{"cordoned 2", look}, result: scaling.Done,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			f.entries[1].State = pool.Enabled
			seen, _ := c.observe(t.Context(), noon, nil)
			f.all = nil
			for call, happens := range test.on {
				f.on[call] = func() { happens(f) }
			}
			maps.Copy(f.fails, test.fails)
			outcomes := c.act(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }}, seen,
				planOf(scaling.Action{Kind: scaling.Cordon, Server: 2, Surplus: true}), f.state)
			f.wantAll(t, append([]string{look, "entries", look}, test.changes...)...)
			wantOutcome(t, outcomes[0], test.result, test.detail)
		})
	}
}
