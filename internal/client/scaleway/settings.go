package scaleway

import "divims/internal/pool"

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
}
