package scaleway

import "github.com/scaleway/scaleway-sdk-go/scw"

// equipment is what the settings give new machines. Empty fields stand for what Scaleway
// gives them.
type equipment struct {
	groups     []string // names or IDs of security groups
	tags       []string // the operator's own
	network    string   // ID of a private network
	volumeSize scw.Size // of the root volume
	volumeIOPS uint32   // of the root volume
}

// equipment returns the equipment that the settings describe.
func (s Settings) equipment() equipment {
	return equipment{
		groups: s.SecurityGroups, tags: s.Tags, network: s.PrivateNetwork,
		volumeSize: scw.Size(s.RootVolumeSize) * scw.GB, volumeIOPS: uint32(s.RootVolumeIOPS),
	}
}
