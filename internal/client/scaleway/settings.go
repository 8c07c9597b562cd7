package scaleway

import (
	"slices"
	"strings"

	"divims/internal/pool"
)

// Settings say how Scaleway is reached and what there belongs to the pool.
type Settings struct {
	// URL is the address of the API. Empty means https://api.scaleway.com.
	URL string `envconfig:"SCALEWAY_URL" group:"Scaleway" default:"https://api.scaleway.com" match:"base address" desc:"Scaleway's API"`
	// ProjectID is the project of everything that belongs to the pool.
	ProjectID string      `envconfig:"SCALEWAY_PROJECT_ID" required:"true" match:"uuid" example:"11111111-1111-1111-1111-111111111111" desc:"project of the pool; it should be used for nothing else"`
	AccessKey pool.Secret `envconfig:"SCALEWAY_ACCESS_KEY" required:"true" match:"access key" example:"SCWXXXXXXXXXXXXXXXXX" desc:"access key"`
	SecretKey pool.Secret `envconfig:"SCALEWAY_SECRET_KEY" required:"true" match:"uuid" example:"11111111-1111-1111-1111-111111111111" desc:"secret key"`
	Zones     []string    `envconfig:"ZONES" required:"true" match:"zone" example:"fr-par-1,fr-par-2" desc:"zones for machines, preferred first"`
	// ImageName is the prefix of image names. New machines get the newest image whose
	// name has this prefix.
	ImageName string `envconfig:"IMAGE_NAME" required:"true" match:"line" example:"bbb-" desc:"beginning of the image's name; new machines get the newest image"`
	// Tag marks what belongs to the pool. It has no commas, which separate tags in
	// the API's filters.
	Tag string `envconfig:"TAG" match:"word" example:"divims-campus" desc:"tag of the pool's machines, volumes and addresses; if empty, divims-POOL"`
	// Adopt includes machines without the tag that are in the project and named
	// exactly like one of the pool's servers.
	Adopt bool `envconfig:"ADOPT" default:"false" desc:"machines without the tag that have a server's exact name belong to the pool, too"`
	// SecurityGroups are IDs or names. Groups belong to a zone, so each of the zones must
	// have exactly one of them.
	SecurityGroups []string `envconfig:"SECURITY_GROUP" match:"line" example:"bbb-servers" desc:"security group of new machines, by name or ID; every zone needs exactly one of those listed. If empty, the project's default group"`
	// Tags are the operator's own tags on new machines and their volumes.
	Tags []string `envconfig:"TAGS" match:"own tag" example:"cost-center=4711,team=video" desc:"more tags for new machines and their volumes"`
	// PrivateNetwork is the ID of a network in the region of all zones.
	PrivateNetwork string `envconfig:"PRIVATE_NETWORK" match:"uuid" example:"11111111-1111-1111-1111-111111111111" desc:"ID of the private network in which each new machine has a network interface, and to which the function is connected; all zones must be in its region"`
	// RootVolumeSize is in GB; 0 is the size of the image's volume.
	RootVolumeSize int `envconfig:"ROOT_VOLUME_SIZE" min:"1" max:"10000" example:"40" desc:"size of a new machine's root volume, in GB; if empty, that of the image"`
	// RootVolumeIOPS is 0 for Scaleway's default.
	RootVolumeIOPS int `envconfig:"ROOT_VOLUME_IOPS" oneof:"5000,15000" example:"15000" desc:"operations per second of a new machine's root volume, which must be a block volume; if empty, Scaleway's default (5000)"`
}

// Regions returns the regions of the zones, sorted: fr-par of fr-par-1 and fr-par-2.
func (s Settings) Regions() []string {
	var regions []string
	for _, zone := range s.Zones {
		regions = append(regions, zone[:max(0, strings.LastIndex(zone, "-"))])
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}
