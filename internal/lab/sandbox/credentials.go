package sandbox

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"

	"divims/internal/pool"
)

// credentials are what the clients of a sandbox identify themselves with. They depend
// on the seed only, because all they protect is a loopback port.
type credentials struct {
	project         string
	network         string // the private network
	accessKey       string
	secretKey       pool.Secret
	scaleliteSecret pool.Secret
	statsUser       string
	statsPassword   pool.Secret
}

func newCredentials(seed uint64) credentials {
	access := sha256.Sum256([]byte(token(seed, "access key")))
	return credentials{
		project:         uuid(token(seed, "project")),
		network:         uuid(token(seed, "private network")),
		accessKey:       "SCW" + base32.StdEncoding.EncodeToString(access[:])[:17],
		secretKey:       pool.NewSecret(uuid(token(seed, "secret key"))),
		scaleliteSecret: pool.NewSecret(token(seed, "Scalelite")),
		statsUser:       "divims",
		statsPassword:   pool.NewSecret(token(seed, "stats")),
	}
}

// token returns 40 hexadecimal digits that depend on the seed and the name only.
func token(seed uint64, name string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s of sandbox %d", name, seed))
	return hex.EncodeToString(sum[:20])
}

// uuid formats a token as a random UUID (RFC 9562, version 4).
func uuid(token string) string {
	return token[:8] + "-" + token[8:12] + "-4" + token[13:16] + "-8" + token[17:20] + "-" + token[20:32]
}
