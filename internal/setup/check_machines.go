package setup

import (
	"fmt"
	"strings"

	"divims/internal/pool"
)

// checkMachines checks what the settings give new machines, zone by zone, before one is
// needed, and names the machines that lack it.
func (c *checker) checkMachines() {
	for i, zone := range c.Zones {
		parts, known := c.seen.Equipment[zone].Get()
		switch {
		case !known:
			c.add(c.zoneLevel(i, zone), zone, "new machines cannot have what the settings give them: "+c.seen.Equipment[zone].Reason(), "no machine can be created there",
				"correct the setting that is named; the key also needs PrivateNetworksFullAccess for DIVIMS_PRIVATE_NETWORK")
		case len(parts) > 0:
			c.ok(zone, "new machines get %s", strings.Join(parts, ", "))
		}
	}
	c.checkLacking()
}

// maxNamed is the most machines that a finding names.
const maxNamed = 10

// checkLacking warns about the machines that lack what the settings give new ones.
func (c *checker) checkLacking() {
	lacking, known := c.seen.Lacking.Get()
	if !known {
		c.add(Unknown, "machines", "whether they have what the settings give new ones: "+c.seen.Lacking.Reason(), "", "see the findings about zones")
		return
	}
	var named []string
	machines, _ := c.seen.Machines.Get()
	for _, machine := range machines {
		if parts := lacking[machine.ID]; len(parts) > 0 && len(named) < maxNamed {
			named = append(named, fmt.Sprintf("%s (%s)", machine.Name, strings.Join(parts, ", ")))
		}
	}
	if len(named) == 0 {
		return
	}
	if more := len(lacking) - len(named); more > 0 {
		named = append(named, fmt.Sprintf("and %d more", more))
	}
	c.add(Warning, "machines", pool.Count(len(lacking), "machine")+" without all that the settings give new ones: "+strings.Join(named, ", "),
		"the settings hold for new machines only", "wait until they are replaced, or replace them with divims recycle")
}
