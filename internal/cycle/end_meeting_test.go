package cycle

import (
	"errors"
	"testing"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

func TestMeetingIsEndedOnlyIfItIsStillTheSame(t *testing.T) {
	long := pool.Meeting{ID: "course", InternalID: "c-1", Created: noon.Add(-11 * time.Hour), Participants: 2}
	again, young := long, long
	again.InternalID, again.Created = "c-2", noon
	young.Created = noon.Add(-9 * time.Hour)
	unknown := long
	unknown.Created = time.Time{}
	for name, test := range map[string]struct {
		now     []pool.Meeting
		fail    string
		ordered bool // an operator ends the server's drain
		calls   []string
		result  scaling.Result
		detail  string
	}{
		"it is still there":                        {now: []pool.Meeting{long}, calls: []string{"end course"}, result: scaling.Done, detail: "course"},
		"it is over":                               {now: nil, result: scaling.Done, detail: "course is over"},
		"it is over, and a new one has its id":     {now: []pool.Meeting{again}, result: scaling.Done, detail: "course is over"},
		"it is younger than it seemed":             {now: []pool.Meeting{young}, result: scaling.Held, detail: "course has lasted 9h, the limit is 10h"},
		"its age is unknown":                       {now: []pool.Meeting{unknown}, result: scaling.Held, detail: "it is not known how long course has lasted"},
		"an operator ends it, however young":       {now: []pool.Meeting{young}, ordered: true, calls: []string{"end course"}, result: scaling.Done, detail: "course"},
		"an operator does not end the next course": {now: []pool.Meeting{again}, ordered: true, result: scaling.Done, detail: "course is over"},
		"the server does not answer":               {fail: "meetings bbb-w2.example.com", result: scaling.Held, detail: "its meetings could not be read again"},
		"it ends by itself":                        {now: []pool.Meeting{long}, fail: "end course", calls: []string{"end course"}, result: scaling.Done, detail: "course is over"},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(2)
			f.meetings["bbb-w2.example.com"] = test.now
			f.fails[test.fail] = pool.ErrGone
			if test.ordered {
				memory := f.state.Memory(2)
				memory.EndDrain = &pool.EndDrain{Hold: pool.Hold{Reason: "new image", Author: "Ada"}}
				f.state.Remember(2, memory)
			}
			outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.EndMeeting, Server: 2, Meeting: &long}))
			f.want(t, test.calls...)
			wantOutcome(t, outcomes[0], test.result, test.detail)
		})
	}
}

func TestMeetingsAreAskedForOnceIfTheyAreEndedAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		takes time.Duration // to end a meeting
		looks int
	}{
		"at once":         {500 * time.Millisecond, 1},
		"after some time": {3 * time.Second, 2},
	} {
		f, c := newFake(2)
		k := new(clock)
		a := pool.Meeting{ID: "a", Created: noon.Add(-11 * time.Hour)}
		b := pool.Meeting{ID: "b", Created: noon.Add(-11 * time.Hour)}
		f.meetings["bbb-w2.example.com"] = []pool.Meeting{a, b}
		f.on["end a"] = k.pass(test.takes)
		f.act(t, c, k, planOf(scaling.Action{Kind: scaling.EndMeeting, Server: 2, Meeting: &a}, scaling.Action{Kind: scaling.EndMeeting, Server: 2, Meeting: &b}))
		f.want(t, "end a", "end b")
		if looks := f.asked["bbb-w2.example.com"] - 1; looks != test.looks {
			t.Errorf("%s: asked %d times, want %d", name, looks, test.looks)
		}
	}
}

func TestFailedEndIsAFailure(t *testing.T) {
	f, c := newFake(2)
	meeting := pool.Meeting{ID: "a", Created: noon.Add(-11 * time.Hour)}
	f.meetings["bbb-w2.example.com"] = []pool.Meeting{meeting}
	f.fails["end a"] = errors.New("500")
	outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.EndMeeting, Server: 2, Meeting: &meeting}))
	wantOutcome(t, outcomes[0], scaling.Failed, "500")
}
