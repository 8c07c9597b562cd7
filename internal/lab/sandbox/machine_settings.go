package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// securityGroup is the name of a security group that every zone has.
const securityGroup = "bbb-servers"

// What MachineSettings give a machine and its root volume.
const (
	volumeGB   = 40
	volumeIOPS = 15000
)

var ownTags = []string{"team=video", "cost-center=4711"}

// MachineSettings returns settings that give new machines all that is optional: a security
// group, tags, an interface in a private network, and a larger and faster root volume.
// Environment does not have them.
func (s *Sandbox) MachineSettings() []string {
	return []string{
		"DIVIMS_SECURITY_GROUP=" + securityGroup,
		"DIVIMS_TAGS=" + strings.Join(ownTags, ","),
		"DIVIMS_PRIVATE_NETWORK=" + s.credentials.network,
		fmt.Sprintf("DIVIMS_ROOT_VOLUME_SIZE=%d", volumeGB),
		fmt.Sprintf("DIVIMS_ROOT_VOLUME_IOPS=%d", volumeIOPS),
	}
}

// Missing returns what a machine does not have of all that MachineSettings give it; nothing
// if the machine does not exist any more. With must not be running.
func (s *Sandbox) Missing(machine pool.Machine) (missing []string) {
	has, ok := s.hoster.Equipment(machine.ID)
	if !ok {
		return nil
	}
	for part, there := range map[string]bool{
		"security group": has.SecurityGroup == securityGroup,
		"tags":           hasAll(machine.Tags, ownTags),
		"volume tags":    hasAll(has.VolumeTags, ownTags),
		"interface":      slices.Equal(has.Networks, []string{s.credentials.network}),
		"volume size":    has.VolumeSize == volumeGB*1_000_000_000,
		"IOPS":           has.VolumeIOPS == volumeIOPS,
	} {
		if !there {
			missing = append(missing, part)
		}
	}
	slices.Sort(missing)
	return missing
}

// StartedWithout describes the machines that were created since the sandbox's start and
// started without all that MachineSettings give them. With must not be running.
func (s *Sandbox) StartedWithout() (texts []string) {
	var machines []pool.Machine
	s.With(func(w *world.World) { machines = w.Machines() })
	for _, machine := range machines {
		if machine.State == pool.Stopped || !machine.Created.After(s.config.World.Start) {
			continue
		}
		if missing := s.Missing(machine); len(missing) > 0 {
			texts = append(texts, fmt.Sprintf("%s was started without %s", machine.Name, strings.Join(missing, ", ")))
		}
	}
	return texts
}

func hasAll(tags, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(tag string) bool { return !slices.Contains(tags, tag) })
}
