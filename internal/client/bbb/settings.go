package bbb

import "divims/internal/client/checksum"

// Settings say how calls to the servers are signed.
type Settings struct {
	Hash checksum.Hash `envconfig:"BBB_CHECKSUM" group:"BBB servers" default:"sha256" oneof:"sha1,sha256,sha384,sha512" desc:"hash that signs calls to BBB servers"`
}
