package storage

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestStateOfAnotherPoolIsRefused: two pools that were given the same place by mistake do
// not use each other's state. The error names both and says what to do.
func TestStateOfAnotherPoolIsRefused(t *testing.T) {
	config := service(t)
	config.Owner = pool.Owner{Scalelite: "https://one.example.com", Project: "1111"}
	one := New(config, http.DefaultClient)
	raw(t, one, one.key(stateName), `{"schema":1,"state":{"kept":7}}`)
	state, err := one.Acquire(t.Context(), "one", now, now.Add(time.Minute))
	if err != nil || state.Kept != 7 {
		t.Fatalf("a state of an earlier version is not adopted: %+v, %v", state, err)
	}
	if err := one.Commit(t.Context(), "one", state); err != nil {
		t.Fatal(err)
	}
	before := content(t, one, one.key(stateName))
	for name, owner := range map[string]pool.Owner{
		"another Scalelite": {Scalelite: "https://two.example.com", Project: "1111"},
		"another project":   {Scalelite: "https://one.example.com", Project: "2222"},
	} {
		config.Owner = owner
		two := New(config, http.DefaultClient)
		_, readErr := two.State(t.Context())
		_, leaseErr := two.Acquire(t.Context(), "two", now, now.Add(time.Minute))
		for _, err := range []error{readErr, leaseErr} {
			var unusable *StateError
			if !errors.As(err, &unusable) {
				t.Fatalf("%s: got %v", name, err)
			}
			for _, part := range []string{"https://one.example.com", "1111", owner.Scalelite, owner.Project, "DIVIMS_STORAGE_PREFIX", "take-over"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: %q is not in %v", name, part, err)
				}
			}
		}
	}
	if after := content(t, one, one.key(stateName)); after != before {
		t.Errorf("the state became %s", after)
	}
}

func TestTakeOver(t *testing.T) {
	config := service(t)
	config.Owner = pool.Owner{Scalelite: "https://old.example.com", Project: "1111"}
	old := New(config, http.DefaultClient)
	config.Owner.Scalelite = "https://new.example.com"
	moved := New(config, http.DefaultClient)
	done := pool.Intervention{At: now, Change: "the state is taken over", Author: "Ada"}

	if err := moved.TakeOver(t.Context(), now, done); !errors.Is(err, ErrOwn) {
		t.Errorf("without a state: got %v", err)
	}
	state, err := old.Acquire(t.Context(), "old", now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var held *pool.LeaseHeldError
	if err := moved.TakeOver(t.Context(), now, done); !errors.As(err, &held) {
		t.Errorf("while the other pool is evaluated: got %v", err)
	}
	state.Kept = 7
	if err := old.Commit(t.Context(), "old", state); err != nil {
		t.Fatal(err)
	}
	if owner, err := moved.StateOwner(t.Context()); err != nil || owner.Scalelite != "https://old.example.com" {
		t.Errorf("the owner is %v, %v", owner, err)
	}
	if err := moved.TakeOver(t.Context(), now, done); err != nil {
		t.Fatal(err)
	}
	if got, err := moved.State(t.Context()); err != nil || got.Kept != 7 || len(got.Interventions) != 1 {
		t.Errorf("after it: got %+v, %v; want the state and the intervention", got, err)
	}
	if _, err := old.State(t.Context()); err == nil {
		t.Error("the state still belongs to the old pool, too")
	}
	if err := moved.TakeOver(t.Context(), now, done); !errors.Is(err, ErrOwn) {
		t.Errorf("a second time: got %v", err)
	}
}
