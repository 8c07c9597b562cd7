package storage

import (
	"time"

	"divims/internal/pool"
)

// Settings say where the bucket is and who may use it.
type Settings struct {
	URL    string `envconfig:"STORAGE_URL" group:"Object storage" match:"base address" example:"https://s3.fr-par.scw.cloud" desc:"S3 endpoint; if empty, Scaleway's endpoint in STORAGE_REGION"`
	Region string `envconfig:"STORAGE_REGION" default:"fr-par" match:"word" desc:"region of the bucket"`
	Bucket string `envconfig:"STORAGE_BUCKET" required:"true" match:"bucket" example:"example-divims" desc:"bucket for state, history and decisions"`
	Prefix string `envconfig:"STORAGE_PREFIX" default:"divims" match:"key prefix" desc:"beginning of the object keys"`
	// PathStyle puts the bucket into the path of a request and not into the host name.
	PathStyle bool        `envconfig:"STORAGE_PATH_STYLE" default:"true" desc:"the bucket is in the path of requests and not in the host name"`
	AccessKey pool.Secret `envconfig:"STORAGE_ACCESS_KEY" match:"visible" example:"SCWXXXXXXXXXXXXXXXXX" desc:"access key; if empty, SCALEWAY_ACCESS_KEY"`
	SecretKey pool.Secret `envconfig:"STORAGE_SECRET_KEY" match:"visible" example:"your-secret" desc:"secret key; if empty, SCALEWAY_SECRET_KEY"`
	// DecisionsKeep is how long decision records are kept.
	DecisionsKeep time.Duration `envconfig:"DECISIONS_KEEP" default:"90d" min:"1d" desc:"time for which decision records are kept in the bucket"`
}
