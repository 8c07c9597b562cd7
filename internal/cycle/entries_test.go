package cycle

import (
	"errors"
	"testing"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

func TestRegistrationLooksAtTheEntriesAgain(t *testing.T) {
	for name, test := range map[string]struct {
		by     func(*fake) // what changes until the registration
		calls  []string
		result scaling.Result
		detail string
		id     string // of the new entry
	}{
		"there is still none": {func(*fake) {}, []string{"register https://bbb-w2.example.com/bigbluebutton/api"}, scaling.Done, "new", "new"},
		"there is one by now": {func(f *fake) {
			f.entries = append(f.entries, pool.Entry{ID: "e7", URL: "https://BBB-W2.example.com:443/bigbluebutton/api/"})
		}, nil, scaling.Held, "Scalelite has an entry by now: e7", ""},
		"there is one that cannot be read": {func(f *fake) {
			f.entries = append(f.entries, pool.Entry{ID: "e7", URL: "https://bbb-w2.example.com/bigbluebutton/api", Problem: "load: null"})
		}, nil, scaling.Held, "Scalelite has an entry by now: e7", ""},
		"the list cannot be read": {func(f *fake) { f.fails["entries"] = errors.New("502") },
			nil, scaling.Held, "the entries could not be read again: 502", ""},
		"it is refused": {func(f *fake) { f.fails["register https://bbb-w2.example.com/bigbluebutton/api"] = errors.New("500") },
			[]string{"register https://bbb-w2.example.com/bigbluebutton/api"}, scaling.Failed, "500", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			f.entries = f.entries[:1]
			lists := 0
			f.on["entries"] = func() {
				if lists++; lists == 2 {
					test.by(f)
				}
			}
			outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Register, Server: 2}))
			f.want(t, test.calls...)
			wantOutcome(t, outcomes[0], test.result, test.detail)
			if id := scalingOutcomes(outcomes)[0].EntryID; id != test.id {
				t.Errorf("the decision learns of the entry %q, want %q", id, test.id)
			}
		})
	}
}

func TestEachRegistrationReadsTheListItself(t *testing.T) {
	f, c := newFake(3)
	f.entries = f.entries[:1]
	f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Register, Server: 2}, scaling.Action{Kind: scaling.Register, Server: 3}))
	lists := 0
	for i, call := range f.all {
		if call == "entries" && i+1 < len(f.all) && f.all[i+1] != "entries" {
			lists++
		}
	}
	if lists != 2 || len(f.calls) != 2 {
		t.Errorf("calls %q; want a list right before each registration", f.all)
	}
}

func TestUnregister(t *testing.T) {
	double := pool.Entry{ID: "e7", URL: "https://bbb-w2.example.com/bigbluebutton/api", State: pool.Disabled}
	used := double
	used.State = pool.Enabled
	for name, test := range map[string]struct {
		entries []pool.Entry // besides that of server 1
		first   bool         // the first entry of server 2 is still there
		fails   error
		calls   []string
		result  scaling.Result
		detail  string
	}{
		"a double is deleted":            {[]pool.Entry{double}, true, nil, []string{"unregister e7"}, scaling.Done, "e7"},
		"one that is gone":               {nil, true, nil, nil, scaling.Done, "e7"},
		"one that goes meanwhile":        {[]pool.Entry{double}, true, pool.ErrGone, []string{"unregister e7"}, scaling.Done, "e7"},
		"one that is in use stays":       {[]pool.Entry{used}, true, nil, nil, scaling.Held, `entry e7 is "enabled" by now`},
		"the only one stays":             {[]pool.Entry{double}, false, nil, nil, scaling.Held, "entry e7 is the only one for bbb-w2.example.com by now"},
		"a failure is told as a failure": {[]pool.Entry{double}, true, errors.New("500"), []string{"unregister e7"}, scaling.Failed, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			if !test.first {
				f.entries = f.entries[:1]
			}
			f.entries = append(f.entries, test.entries...)
			f.fails["unregister e7"] = test.fails
			outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Unregister, Server: 2, EntryID: "e7"}))
			f.want(t, test.calls...)
			want := test.detail
			wantOutcome(t, outcomes[0], test.result, want)
		})
	}
}

func TestRepairEnablesAndCordonsAgain(t *testing.T) {
	f, c := newFake(2)
	memory := f.state.Memory(2)
	memory.DrainingSince = noon.Add(-30 * time.Minute)
	f.state.Remember(2, memory)
	f.meetings["bbb-w2.example.com"] = []pool.Meeting{{ID: "newer", Created: noon.Add(-10 * time.Minute), Participants: 2}}
	evaluate(t, c)
	f.want(t, "enabled 2", "cordoned 2")
}
