package main

import (
	"testing"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// TestEnableIsRepeatedIfAPollUndoesIt enables a cordoned server while Scalelite's poller,
// which has read it as cordoned and without load, still waits for servers without a machine.
func TestEnableIsRepeatedIfAPollUndoesIt(t *testing.T) {
	sandbox.TestInVirtualTime(t, sandboxStart, func(t *testing.T) {
		o := &operator{start: sandboxStart}
		o.site = startSite(t, sandbox.Config{Moving: true, World: world.Config{
			Start: sandboxStart, Seed: 1, Shipped: true, RecordingWork: 1, Running: 1,
			Servers: pool.Servers(3, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
			Poller:  world.Poller{Threads: 2, Connect: 2500 * time.Millisecond},
		}})
		o.deploy()
		o.with(func(w *world.World) error {
			w.RemoveByHand(1)() // it is polled last now
			return nil
		})
		time.Sleep(100 * time.Second)
		o.with(func(w *world.World) error { return w.SetState(w.Entries()[2].ID, pool.Cordoned) })
		time.Sleep(21500 * time.Millisecond)
		o.evaluate() // the poll takes from 2.6 s to 7.7 s after this; the entry is enabled after 6.6 s
		if len(o.last.Outcomes) != 1 || o.last.Outcomes[0].Detail != "enabled twice, because Scalelite's poller disabled it at once" {
			t.Errorf("%v, want one enable that was repeated", o.last.Outcomes)
		}
		o.with(func(w *world.World) error {
			if e := w.Entries()[2]; e.State != pool.Enabled {
				t.Errorf("the entry is %s, want it enabled", e.State)
			}
			return nil
		})
	})
}
