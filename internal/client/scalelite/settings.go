package scalelite

import (
	"divims/internal/client/checksum"
	"divims/internal/pool"
)

// Settings say where Scalelite is and how calls to it are signed.
type Settings struct {
	URL    string        `envconfig:"SCALELITE_URL" group:"Scalelite" required:"true" match:"base address" example:"https://scalelite.example.com" desc:"address of Scalelite"`
	Secret pool.Secret   `envconfig:"SCALELITE_SECRET" required:"true" match:"secret" example:"your-secret" desc:"Scalelite's LOADBALANCER_SECRET"`
	Hash   checksum.Hash `envconfig:"SCALELITE_CHECKSUM" default:"sha256" oneof:"sha1,sha256,sha512" desc:"hash that signs calls to Scalelite"`
}
