package handler

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// TestMaintenanceExcludesOtherOrders checks that orders for a server in maintenance are
// refused, because evaluations would not act on them, and that maintenance cancels
// earlier orders.
func TestMaintenanceExcludesOtherOrders(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	server, by := pool.Servers(1, 0, "bbb-w{n}", "bbb-w{n}.example.com")[0], pool.Hold{Reason: "r", Author: "Ada"}
	recycle, end := Recycle(server, by), EndDrain(server, "bbb-w1", false, by)
	state := pool.State{Servers: map[int]pool.ServerMemory{1: {MachineID: "m1", DrainingSince: now}}}
	for _, order := range []Order{recycle, end, StartMaintenance(server, by)} {
		if _, err := order.carryOut(now, &state); err != nil {
			t.Fatalf("%s: %v", order.change, err)
		}
	}
	if memory := state.Servers[1]; memory.Recycle != nil || memory.EndDrain != nil || memory.Maintenance == nil {
		t.Errorf("in maintenance with the memory %+v", memory)
	}
	for _, order := range []Order{recycle, end} {
		if _, err := order.carryOut(now, &state); err == nil {
			t.Errorf("%s: accepted for a server in maintenance", order.change)
		}
	}
}
