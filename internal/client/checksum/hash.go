package checksum

import (
	"crypto"
	_ "crypto/sha1" // registers the hash for crypto.Hash.New; so do the next two imports
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"strings"
)

// Hash is the hash function of a checksum. The zero value is SHA256.
type Hash uint8

// These are the hashes that BBB supports. Scalelite supports all but SHA384. A server may
// be configured to accept only some of them.
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

// String returns the name, for example "sha256".
func (h Hash) String() string { return hashes[h].name }

// UnmarshalText parses "sha1", "sha256", "sha384" or "sha512" in upper or lower case.
func (h *Hash) UnmarshalText(text []byte) error {
	for i, known := range hashes {
		if strings.EqualFold(string(text), known.name) {
			*h = Hash(i)
			return nil
		}
	}
	return fmt.Errorf("unknown hash %q, expected sha1, sha256, sha384 or sha512", text)
}

func (h Hash) algorithm() crypto.Hash { return hashes[h].algorithm }
