package cycle

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// clock is the time since an evaluation began.
type clock struct{ elapsed time.Duration }

func (k *clock) pass(d time.Duration) func() { return func() { k.elapsed += d } }

// act carries out a plan on the fake pool as it is now, and forgets the calls of observing.
func (f *fake) act(t *testing.T, c *Cycle, k *clock, plan scaling.Plan) []Outcome {
	t.Helper()
	seen, _ := c.observe(t.Context(), noon, nil)
	f.calls, f.all = nil, nil
	return c.act(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return k.elapsed }}, seen, plan, f.state)
}

func planOf(actions ...scaling.Action) scaling.Plan { return scaling.Plan{Actions: actions} }

// wantAll checks all calls, also those that change nothing.
func (f *fake) wantAll(t *testing.T, calls ...string) {
	t.Helper()
	if !slices.Equal(f.all, calls) {
		t.Errorf("calls: %q\nwant %q", f.all, calls)
	}
}

// wantOutcome checks an outcome's result and detail.
func wantOutcome(t *testing.T, got Outcome, result scaling.Result, detail string) {
	t.Helper()
	if got.Result != result || got.Detail != detail {
		t.Errorf("outcome %s: %s, %q; want %s, %q", got.Kind, got.Result, got.Detail, result, detail)
	}
}

func TestServerIsEnabledOnlyAfterItsMachineWasCreated(t *testing.T) {
	plan := planOf(scaling.Action{Kind: scaling.Create, Server: 2}, scaling.Action{Kind: scaling.Enable, Server: 2})
	f, c := newFake(2)
	f.act(t, c, new(clock), plan)
	f.want(t, "create bbb-w2", "enabled 2")

	f, c = newFake(2)
	f.fails["create bbb-w2"] = &pool.RefusalError{Refusals: []pool.Refusal{{Zone: "fr-par-1", Type: "PRO2-S", Reason: "out of stock"}}}
	outcomes := f.act(t, c, new(clock), plan)
	f.want(t, "create bbb-w2")
	if outcomes[0].Result != scaling.Failed || outcomes[1].Result != scaling.Skipped {
		t.Errorf("outcomes %+v", outcomes)
	}
	if refusals := scalingOutcomes(outcomes)[0].Refusals; len(refusals) != 1 || refusals[0].Reason != "out of stock" {
		t.Errorf("the decision learns of the refusals %+v", refusals)
	}
}

func TestOrderOfAMachine(t *testing.T) {
	refused := []pool.Refusal{{Zone: "fr-par-1", Type: "PRO2-S", Until: noon.Add(time.Minute)}}
	for name, test := range map[string]struct {
		ignore  bool
		refused int
	}{
		"what was refused lately is skipped": {false, 1},
		"what was refused lately is tried":   {true, 0},
	} {
		f, c := newFake(2)
		f.state.Refusals = refused
		f.act(t, c, new(clock), scaling.Plan{
			Images:  map[string]string{"fr-par-1": "the older one"},
			Actions: []scaling.Action{{Kind: scaling.Create, Server: 2, IgnoreRefusals: test.ignore}},
		})
		if len(f.orders) != 1 || len(f.orders[0].Refused) != test.refused || f.orders[0].Images["fr-par-1"] != "the older one" {
			t.Errorf("%s: orders %+v", name, f.orders)
		}
	}
}

// TestGrowthComesFirst measures how long it takes until 40 servers are enabled beside 20
// cordons, if Scalelite takes 1.5 s for each change, which is the most that the sandbox
// lets it take.
func TestGrowthComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(61)
		c.Config.Timeout, c.Config.ActParallel = 240*time.Second, 5
		var actions []scaling.Action
		for n := 42; n <= 61; n++ {
			actions = append(actions, scaling.Action{Kind: scaling.Cordon, Server: n})
		}
		for n := 2; n <= 41; n++ {
			actions = append(actions, scaling.Action{Kind: scaling.Enable, Server: n})
		}
		begun := time.Now()
		c.Services.LoadBalancer = &slowScalelite{fake: f, takes: 1500 * time.Millisecond}
		seen, _ := c.observe(t.Context(), noon, nil)
		f.calls = nil
		outcomes := c.act(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return time.Since(begun) }}, seen, planOf(actions...), f.state)
		for _, outcome := range outcomes {
			if outcome.Result != scaling.Done {
				t.Errorf("outcome %+v", outcome)
			}
		}
		for i, call := range f.calls[:40] {
			if want := fmt.Sprintf("enabled %d", i+2); call != want {
				t.Errorf("change %d is %q, want %q", i, call, want)
			}
		}
		if took := time.Since(begun); took > 100*time.Second {
			t.Errorf("60 changes took %s", took)
		}
	})
}

func TestChangesAtScaleliteComeOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(6)
		f.entries = f.entries[:4]
		f.machines[1].State = pool.Stopped // the deletion need not ask it
		scalelite := &slowScalelite{fake: f, takes: time.Second}
		c.Services.LoadBalancer = scalelite
		outcomes := f.act(t, c, new(clock), planOf(
			scaling.Action{Kind: scaling.Delete, Server: 2}, scaling.Action{Kind: scaling.Enable, Server: 3},
			scaling.Action{Kind: scaling.Cordon, Server: 4}, scaling.Action{Kind: scaling.Register, Server: 5},
			scaling.Action{Kind: scaling.Register, Server: 6}, scaling.Action{Kind: scaling.Repair, Server: 1}))
		for _, outcome := range outcomes {
			if outcome.Result != scaling.Done {
				t.Errorf("outcome %+v", outcome)
			}
		}
		if scalelite.changes != 7 || scalelite.beside {
			t.Errorf("%d changes, some side by side: %t; want 7, one after the other", scalelite.changes, scalelite.beside)
		}
	})
}

func TestWaitingForScaleliteEndsWithTheEvaluation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		c.Services.LoadBalancer = &slowScalelite{fake: f, takes: time.Second}
		seen, _ := c.observe(t.Context(), noon, nil)
		begun := time.Now().Add(-53500 * time.Millisecond) // of 54 s
		outcomes := c.act(t.Context(), Request{Now: noon, Elapsed: func() time.Duration { return time.Since(begun) }}, seen,
			planOf(scaling.Action{Kind: scaling.Enable, Server: 2}, scaling.Action{Kind: scaling.Enable, Server: 3}), f.state)
		f.want(t, "enabled 2")
		wantOutcome(t, outcomes[1], scaling.Failed, errTimeUp.Error())
	})
}

// slowScalelite is a Scalelite whose changes take a time. It notices changes that come
// side by side.
type slowScalelite struct {
	*fake
	takes   time.Duration
	lock    sync.Mutex
	inWork  int
	changes int
	beside  bool
}

func (s *slowScalelite) begin() {
	s.lock.Lock()
	s.inWork++
	s.changes++
	s.beside = s.beside || s.inWork > 1
	s.lock.Unlock()
	<-time.After(s.takes)
	s.lock.Lock()
	defer s.lock.Unlock()
	s.inWork--
}

func (s *slowScalelite) SetState(ctx context.Context, id string, state pool.EntryState) error {
	s.begin()
	return s.fake.SetState(ctx, id, state)
}

func (s *slowScalelite) Register(ctx context.Context, url string, secret pool.Secret) (pool.Entry, error) {
	s.begin()
	return s.fake.Register(ctx, url, secret)
}
