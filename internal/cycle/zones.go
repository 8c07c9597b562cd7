package cycle

import (
	"maps"
	"slices"

	"divims/internal/pool"
)

// zonesInUse returns the zones to remember, sorted: those in which machines or volumes of
// the pool were seen, and those of before that could not be listed. So a zone that is
// taken out of the configuration is listed until it is empty, and the people on its
// machines stay in the load.
func zonesInUse(before []string, seen pool.Observation) []string {
	zones := map[string]bool{}
	machines, machinesKnown := seen.Machines.Get()
	for _, machine := range machines {
		zones[machine.Zone] = true
	}
	volumes, volumesKnown := seen.Leftovers.Get()
	for _, volume := range volumes {
		zones[volume.Zone] = true
	}
	for _, zone := range before {
		if _, unread := seen.UnreadZones[zone]; unread || !machinesKnown || !volumesKnown {
			zones[zone] = true
		}
	}
	return slices.Sorted(maps.Keys(zones))
}
