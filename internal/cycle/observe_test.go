package cycle

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// answering is a fake whose servers answer as a test says, by domain.
type answering struct {
	*fake
	conferences map[string]pool.Conference
	stats       map[string]pool.Stats
	// clocks has the time of each server's clock as the stats were read with it.
	clocks map[string]time.Time
}

func (a *answering) Meetings(_ context.Context, at pool.Endpoint) (pool.Conference, error) {
	return a.conferences[domainOf(at)], a.fails["meetings "+domainOf(at)]
}

func (a *answering) Stats(_ context.Context, server pool.Server, clock func() time.Time) (pool.Stats, error) {
	at := clock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clocks[server.Domain] = at
	return a.stats[server.Domain], a.fails["stats "+server.Domain]
}

func newAnswering() (*answering, *Cycle) {
	f, c := newFake(2)
	a := &answering{f, map[string]pool.Conference{}, map[string]pool.Stats{}, map[string]time.Time{}}
	c.Services.Meetings, c.Services.Stats = a, a
	return a, c
}

const first = "bbb-w1.example.com"

func TestAliveIsWhoAnsweredAtAll(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*answering)
		want   bool
	}{
		"it lists its meetings":    {func(*answering) {}, true},
		"it answers with an error": {func(a *answering) { a.fails["meetings "+first] = &pool.AnsweredError{Err: errors.New("502")} }, true},
		"nobody answers":           {func(a *answering) { a.fails["meetings "+first] = context.DeadlineExceeded }, false},
		"only its stats endpoint does": {func(a *answering) {
			a.fails["meetings "+first] = errors.New("reset")
			a.stats[first] = pool.Stats{Alive: true}
		}, true},
		"another host has stats of it": {func(a *answering) {
			a.fails["meetings "+first] = errors.New("reset")
			a.stats[first] = pool.Stats{CPUs: pool.Seen(8)}
		}, false},
		"its machine is off, so not asked": {func(a *answering) { a.machines[0].State = pool.Stopped }, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, cycle := newAnswering()
			c.change(a)
			seen, _ := cycle.observe(t.Context(), noon, nil)
			if seen.Servers[0].Alive != c.want {
				t.Errorf("alive: %v, want %v", seen.Servers[0].Alive, c.want)
			}
		})
	}
}

// Only a machine that cannot answer is not asked. The hoster's word alone makes no server
// silent.
func TestWhoIsAsked(t *testing.T) {
	for state, want := range map[pool.MachineState]bool{
		pool.Running: true, pool.Locked: true, "error": true, "some new state": true,
		pool.Starting: false, pool.Stopping: false, pool.Stopped: false, pool.StoppedInPlace: false,
	} {
		a, c := newAnswering()
		a.machines[0].State = state
		if seen, _ := c.observe(t.Context(), noon, nil); seen.Servers[0].Meetings.Known() != want {
			t.Errorf("%s: asked %v (%s), want %v", state, !want, seen.Servers[0].Meetings.Reason(), want)
		}
	}
	a, c := newAnswering()
	a.machines = a.machines[1:]
	if seen, _ := c.observe(t.Context(), noon, nil); seen.Servers[0].Meetings.Known() {
		t.Error("a server without a machine was asked")
	}
	a, c = newAnswering()
	a.fails["machines"] = errors.New("500")
	if seen, _ := c.observe(t.Context(), noon, nil); !seen.Servers[0].Meetings.Known() {
		t.Error("a server whose machine is unknown was not asked")
	}
}

// The Date of BBB's answer, also of an error, shows the server's clock: for its meetings, and
// for its stats.
func TestServersOwnClockCounts(t *testing.T) {
	late := noon.Add(-11 * time.Hour)
	a, c := newAnswering()
	a.conferences[first] = pool.Conference{Date: late, Meetings: []pool.Meeting{{ID: "m", Created: late.Add(-5 * time.Minute)}}}
	seen, _ := c.observe(t.Context(), noon, nil)
	meetings, _ := seen.Servers[0].Meetings.Get()
	if len(meetings) != 1 || !meetings[0].Created.Equal(noon.Add(-5*time.Minute)) || !a.clocks[first].Equal(late) {
		t.Errorf("meetings %+v, clock %s; want a meeting of five minutes, and %s", meetings, a.clocks[first], late)
	}
	if second := "bbb-w2.example.com"; !a.clocks[second].Equal(noon) {
		t.Errorf("the clock of a server without a Date is %s, want our own, %s", a.clocks[second], noon)
	}
	a.fails["meetings "+first] = &pool.AnsweredError{Err: errors.New("502")}
	if _, _ = c.observe(t.Context(), noon, nil); !a.clocks[first].Equal(late) {
		t.Errorf("the clock of a server that answers with an error is %s, want %s", a.clocks[first], late)
	}
}

func TestAnswersOfAnotherMachineAreUnknown(t *testing.T) {
	begin := func() (*answering, *Cycle) {
		a, c := newAnswering()
		for i := range a.machines {
			a.machines[i].Addresses = []pool.Address{{IP: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})}}
		}
		a.conferences["bbb-w2.example.com"] = pool.Conference{Address: netip.MustParseAddr("192.0.2.1")}
		return a, c
	}
	a, c := begin()
	seen, _ := c.observe(t.Context(), noon, nil)
	s := seen.Servers[1]
	for what, reading := range map[string]interface{ Reason() string }{
		"machine": s.Machine, "meetings": s.Meetings, "recordings": s.Recordings, "stats": s.Stats,
	} {
		if !strings.Contains(reading.Reason(), "192.0.2.1 answers there, the address of machine m1 (bbb-w1)") {
			t.Errorf("%s: %q; want unknown with the contradiction", what, reading.Reason())
		}
	}
	if !seen.Servers[0].Machine.Known() || !seen.Servers[0].Meetings.Known() {
		t.Error("the server whose machine answered is unknown, too")
	}
	evaluate(t, c)
	a.want(t)

	_, c = begin()
	c.Config.Redirected = true
	if seen, _ := c.observe(t.Context(), noon, nil); !seen.Servers[1].Machine.Known() {
		t.Errorf("the address counts although connections are redirected: %s", seen.Servers[1].Machine.Reason())
	}
}

// A machine that answers, be it with an error or with its stats alone, is not rebooted for
// being unresponsive.
func TestMachineThatIsAliveIsNotRebooted(t *testing.T) {
	for name, change := range map[string]func(*answering){
		"an error": func(a *answering) {
			a.fails["meetings bbb-w2.example.com"] = &pool.AnsweredError{Err: errors.New("502")}
		},
		"stats alone": func(a *answering) { a.stats["bbb-w2.example.com"] = pool.Stats{Alive: true} },
	} {
		t.Run(name, func(t *testing.T) {
			a, c := newAnswering()
			a.fails["meetings bbb-w2.example.com"] = errors.New("no answer")
			seen, _ := c.observe(t.Context(), noon, nil)
			reboot := func() Outcome {
				return c.act(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }}, seen,
					planOf(scaling.Action{Kind: scaling.Reboot, Server: 2, Unanswered: true}), a.state)[0]
			}
			if outcome := reboot(); outcome.Result != scaling.Done {
				t.Errorf("silent, and kept: %+v", outcome)
			}
			change(a)
			if outcome := reboot(); outcome.Result != scaling.Held {
				t.Errorf("rebooted although it is alive: %+v", outcome)
			}
			a.want(t, "reboot m2")
		})
	}
}
