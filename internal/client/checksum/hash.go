package checksum

import (
	"crypto"
	_ "crypto/sha1" // the hashes that crypto.Hash.New gives
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"strings"
)

// Hash is the hash function under a checksum. The zero value is SHA256.
type Hash uint8

// The hashes that BBB knows. Scalelite knows all but SHA384. Operators may
// allow only some of them.
const (
	SHA256 Hash = iota
	SHA1
	SHA384
	SHA512
)

var hashes = [...]struct {
	name      string
	algorithm crypto.Hash
}{
	SHA256: {"sha256", crypto.SHA256},
	SHA1:   {"sha1", crypto.SHA1},
	SHA384: {"sha384", crypto.SHA384},
	SHA512: {"sha512", crypto.SHA512},
}

// String gives the name that UnmarshalText takes.
func (h Hash) String() string { return hashes[h].name }

// UnmarshalText takes "sha1", "sha256", "sha384" or "sha512" in any case.
func (h *Hash) UnmarshalText(text []byte) error {
	for i, known := range hashes {
		if strings.EqualFold(string(text), known.name) {
			*h = Hash(i)
			return nil
		}
	}
	return fmt.Errorf("hash %q is none of sha1, sha256, sha384, sha512", text)
}

func (h Hash) algorithm() crypto.Hash { return hashes[h].algorithm }
