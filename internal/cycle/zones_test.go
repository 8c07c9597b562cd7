package cycle

import (
	"slices"
	"testing"

	"divims/internal/pool"
)

// A zone is remembered while it has machines or volumes of the pool, or cannot be listed.
func TestZonesInUse(t *testing.T) {
	in := func(zone string) pool.Observation {
		return pool.Observation{Machines: pool.Seen([]pool.Machine{{Zone: zone}}), Leftovers: pool.Seen([]pool.Volume{})}
	}
	unread, leftover, blind, unlisted := in("a"), in("a"), in("a"), in("a")
	unread.UnreadZones = map[string]string{"b": "503", "c": "503"}
	leftover.Leftovers = pool.Seen([]pool.Volume{{Zone: "b"}})
	blind.Machines = pool.Unknown[[]pool.Machine]("503")
	unlisted.Leftovers = pool.Unknown[[]pool.Volume]("503")
	tests := map[string]struct {
		before []string
		seen   pool.Observation
		want   []string
	}{
		"a machine in a new zone":    {nil, in("a"), []string{"a"}},
		"an empty zone is forgotten": {[]string{"a", "b"}, in("a"), []string{"a"}},
		"a zone that cannot be read": {[]string{"b"}, unread, []string{"a", "b"}},
		"a zone with a leftover":     {[]string{"b"}, leftover, []string{"a", "b"}},
		"no zone can be read":        {[]string{"b"}, blind, []string{"b"}},
		"the volumes are not known":  {[]string{"b"}, unlisted, []string{"a", "b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := zonesInUse(test.before, test.seen); !slices.Equal(got, test.want) {
				t.Errorf("zones are %v, want %v", got, test.want)
			}
		})
	}
}

// The remembered zones are listed, and the state keeps what was seen.
func TestRememberedZonesAreListed(t *testing.T) {
	f, c := newFake(2)
	f.state.Zones = []string{"old"}
	f.machines[1].Zone = "new"
	evaluate(t, c)
	if !slices.Equal(f.others, []string{"old"}) || !slices.Contains(f.committed[0].Zones, "new") || slices.Contains(f.committed[0].Zones, "old") {
		t.Errorf("listed %v and remembered %v; want the old zone to be listed once more", f.others, f.committed[0].Zones)
	}
}

// If a zone cannot be listed, a machine of another zone stays known, and nothing is
// created for a server whose machine was not found.
func TestUnreadZoneLeavesOthersKnown(t *testing.T) {
	f, c := newFake(2)
	f.machines = f.machines[:1]
	f.fails["machines"] = &pool.PartialError{Unread: map[string]string{"nl-ams-1": "503"}}
	seen, _ := c.observe(t.Context(), noon, nil)
	if !seen.Machines.Known() || seen.UnreadZones["nl-ams-1"] != "503" || !seen.Servers[0].Machine.Known() || seen.Servers[1].Machine.Known() {
		t.Errorf("unread %v, machines %+v and %+v", seen.UnreadZones, seen.Servers[0].Machine, seen.Servers[1].Machine)
	}
}
