package cycle

import (
	"maps"
	"testing"

	"divims/internal/pool"
)

// TestOldSubjectsAreRenamed: an alert that an earlier version notified of is neither
// resolved nor new because its subject has another name today.
func TestOldSubjectsAreRenamed(t *testing.T) {
	servers := pool.Servers(12, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	for old, want := range map[string]string{
		"network": "network", "server 3": "server 3", "pool size": "pool size", "image bbb-2": "image bbb-2",
		"no server left": "pool size", "pool size of tag big": "pool size", "no server left of tag big": "pool size",
		"policy schedule": "policy", "required servers": "policy", "forced": "policy", "history": "storage",
		"stock and quota": "stock", "evaluations": "lease", "machine stranger": "Scaleway", "delete volume": "Scaleway",
		"certificate of bbb-w12.example.com": "certificate 12", "recordings of bbb-w1.example.com": "recording 1", "stats of bbb-w2.example.com": "stats 2",
		"certificate of gone.example.com": "", "outdated image": "", "roll-out": "",
		"replacement of server 3": "server 3", "reboot server 3": "server 3", "end meeting server 3": "server 3",
	} {
		memory := pool.NotifiedAlert{Level: "error", Since: noon, At: noon}
		wanted := map[string]pool.NotifiedAlert{}
		if want != "" {
			wanted[want] = memory
		}
		if got := renamed(map[string]pool.NotifiedAlert{old: memory}, servers); !maps.Equal(got, wanted) {
			t.Errorf("%q is now %v, want %q", old, got, want)
		}
	}
	planned := map[string]pool.NotifiedAlert{"create server 3": {Passing: true}}
	if got := renamed(planned, servers); !maps.Equal(got, planned) {
		t.Errorf("what a dry run reported is now %v", got)
	}
	both := renamed(map[string]pool.NotifiedAlert{"policy": {Level: "error"}, "forced": {Level: "warning"}, "required servers": {Level: "critical"}}, servers)
	if len(both) != 1 || both["policy"].Level != "error" {
		t.Errorf("an old subject displaced today's: %v", both)
	}
}
