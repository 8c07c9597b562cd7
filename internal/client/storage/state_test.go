package storage

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestNextHolderGetsTheState(t *testing.T) {
	config := service(t)
	first, second := New(config, http.DefaultClient), New(config, http.DefaultClient)
	state, err := first.Acquire(t.Context(), "first", now, now.Add(time.Minute))
	if err != nil || !state.LastEvaluation.IsZero() || state.Servers != nil {
		t.Fatalf("a new pool: got %+v, %v; want the zero state", state, err)
	}
	state.LastEvaluation = now
	state.Servers = map[int]*pool.ServerMemory{3: {Maintenance: &pool.Hold{Reason: "disk", Author: "eva", Since: now}}}

	var held *pool.LeaseHeldError
	if _, err := second.Acquire(t.Context(), "second", now.Add(59*time.Second), now.Add(time.Hour)); !errors.As(err, &held) {
		t.Fatalf("a valid lease was taken: got %v", err)
	}
	if held.Holder != "first" || !held.Until.Equal(now.Add(time.Minute)) {
		t.Errorf("got %+v; want the holder named", held)
	}
	if err := first.Commit(t.Context(), "first", state); err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(t.Context(), "first", state); !errors.Is(err, pool.ErrLeaseLost) {
		t.Errorf("a second Commit with the same lease: got %v", err)
	}
	got, err := second.Acquire(t.Context(), "second", now.Add(time.Second), now.Add(time.Hour))
	if err != nil || !got.LastEvaluation.Equal(now) || got.Servers[3].Maintenance.Author != "eva" || got.TakenOver != "" {
		t.Errorf("the next holder got %+v, %v", got, err)
	}
	read, err := first.State(t.Context())
	if err != nil || !read.LastEvaluation.Equal(now) {
		t.Errorf("reading without a lease: got %+v, %v", read, err)
	}
}

func TestLeaseOfTheSameProcessIsTakenOver(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	for _, holder := range []struct {
		name string
		now  time.Time
	}{{"late", now}, {"next", now.Add(time.Minute)}} {
		if _, err := s.Acquire(t.Context(), holder.name, holder.now, holder.now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context(), "late", pool.State{}); !errors.Is(err, pool.ErrLeaseLost) {
		t.Errorf("the late evaluation committed with the next one's lease: got %v", err)
	}
	if err := s.Commit(t.Context(), "next", pool.State{}); err != nil {
		t.Errorf("the next one's commit: got %v", err)
	}
}

func TestLeaseIsTakenOver(t *testing.T) {
	config := service(t)
	late, next := New(config, http.DefaultClient), New(config, http.DefaultClient)
	if _, err := late.Acquire(t.Context(), "late", now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	until := now.Add(2 * time.Minute)
	if state, err := next.Acquire(t.Context(), "next", now.Add(time.Minute), until); err != nil || state.TakenOver != "late" {
		t.Fatalf("an expired lease must be taken over and its holder named: got %q, %v", state.TakenOver, err)
	}
	before := content(t, next, next.key(stateName))
	if err := late.Commit(t.Context(), "late", pool.State{LastEvaluation: now}); !errors.Is(err, pool.ErrLeaseLost) {
		t.Errorf("a holder that lost the lease committed: got %v", err)
	}
	if after := content(t, next, next.key(stateName)); after != before {
		t.Errorf("the state became %s", after)
	}
	if err := next.Commit(t.Context(), "next", pool.State{}); err != nil {
		t.Errorf("the holder's commit: got %v", err)
	}
	if err := New(config, http.DefaultClient).Commit(t.Context(), "late", pool.State{}); !errors.Is(err, pool.ErrLeaseLost) {
		t.Errorf("a commit without a lease: got %v", err)
	}
}

// TestOnlyOneGetsTheLease: when hundreds try at once, exactly one gets the lease: on a
// new pool, after an expired lease, and from warm processes.
func TestOnlyOneGetsTheLease(t *testing.T) {
	const many = 300
	config := service(t)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 64, MaxIdleConnsPerHost: 64}}
	stores := make([]*Store, many)
	for i := range stores {
		stores[i] = New(config, client)
	}
	for round := range 3 {
		at := now.Add(time.Duration(round) * time.Minute)
		var winners, holders atomic.Int32
		var winner atomic.Value
		atOnce(many, func(i int) {
			name := fmt.Sprint("evaluation ", i)
			_, err := stores[i].Acquire(t.Context(), name, at, at.Add(time.Minute))
			var held *pool.LeaseHeldError
			switch {
			case err == nil:
				winners.Add(1)
				winner.Store(name)
			case errors.As(err, &held):
				holders.Add(1)
			default:
				t.Errorf("%s: %v", name, err)
			}
		})
		if winners.Load() != 1 || holders.Load() != many-1 {
			t.Fatalf("round %d: %d got the lease, %d got the holder's name", round, winners.Load(), holders.Load())
		}
		_, err := stores[0].Acquire(t.Context(), "afterwards", at, at.Add(time.Minute))
		var held *pool.LeaseHeldError
		if !errors.As(err, &held) || held.Holder != winner.Load() {
			t.Errorf("round %d: %v has the lease, got %v", round, winner.Load(), err)
		}
	}
}

// TestWriteWithLostAnswerIsRecognised: when the server did a write but its answer was
// lost, the retry is refused, and the store recognises its own write.
func TestWriteWithLostAnswerIsRecognised(t *testing.T) {
	config := service(t)
	network := &losing{}
	s := New(config, &http.Client{Transport: network})
	state, err := s.Acquire(t.Context(), "test", now, now.Add(time.Minute))
	if err != nil {
		t.Fatalf("take the lease: %v", err)
	}
	for range 2 {
		err = errors.Join(err, s.AppendSample(t.Context(), pool.Sample{At: now}), s.SaveCalendar(t.Context(), []byte("calendar")))
		now := now.Add(time.Minute)
		err = errors.Join(err, s.AppendDecision(t.Context(), now, []byte(`{"decision": 1}`)))
	}
	state.LastEvaluation = now
	if err := errors.Join(err, s.Commit(t.Context(), "test", state)); err != nil {
		t.Fatal(err)
	}
	if network.lost != 5 {
		t.Errorf("%d answers were lost, want 5", network.lost)
	}
	samples, err := s.History(t.Context(), now)
	if err != nil || len(samples) != 1 {
		t.Errorf("got %v, %v; want the sample once", samples, err)
	}
	records, err := s.Decisions(t.Context(), now)
	if err != nil || len(records) != 1 {
		t.Errorf("got %q, %v; want the record once", records, err)
	}
	got, err := New(config, http.DefaultClient).Acquire(t.Context(), "next", now, now.Add(time.Minute))
	if err != nil || !got.LastEvaluation.Equal(now) {
		t.Errorf("got %+v, %v; want the committed state and no lease", got, err)
	}
}

func TestUnusableStateIsNotOverwritten(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"cut off", `{"schema":1,"state":{"last_eval`, `is corrupt: "unexpected end of JSON input"; restore an earlier copy`},
		{"empty", ``, `is corrupt: "unexpected end of JSON input"; restore an earlier copy`},
		{"a page", `<html>sign in</html>`, `is corrupt: "invalid character '<'`},
		{"something else", `{}`, "is corrupt: it has no schema number"},
		{"wrong type", `{"schema":1,"state":{"servers":[1]}}`, `is corrupt: "json: cannot unmarshal array`},
		{"newer", `{"schema":2,"state":{}}`, "was written by a newer DiViMS, with schema 2; this one knows schema 1; deploy the newer version"},
		{"newer, other form", `{"schema":2,"state":[]}`, "was written by a newer DiViMS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(service(t), http.DefaultClient)
			key := s.key(stateName)
			raw(t, s, key, test.body)
			_, readErr := s.State(t.Context())
			_, leaseErr := s.Acquire(t.Context(), "test", now, now.Add(time.Minute))
			_ = s.Commit(t.Context(), "test", pool.State{LastEvaluation: now})
			for _, err := range []error{readErr, leaseErr} {
				var unusable *StateError
				if !errors.As(err, &unusable) || !strings.Contains(err.Error(), key+" "+test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
			}
			if got := content(t, s, key); got != test.body {
				t.Errorf("the state became %q", got)
			}
			raw(t, s, key, `{"schema":1,"state":{}}`)
			if _, err := s.Acquire(t.Context(), "test", now, now.Add(time.Minute)); err != nil {
				t.Errorf("after the state was repaired: got %v", err)
			}
		})
	}
}
