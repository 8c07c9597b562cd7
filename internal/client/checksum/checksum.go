// Package checksum signs calls of the APIs of BBB and Scalelite, which use the same
// method. Sign takes a call, its query and a secret, and returns the query with its
// checksum. Verify checks the checksum of a received query.
package checksum

import (
	"crypto"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"strings"

	"divims/internal/pool"
)

// parameter is the query parameter of the checksum.
const parameter = "checksum="

// Sign encodes the query of a call and appends its checksum, which is
// hex(H(call + query + secret)): docs.bigbluebutton.org, "API Security Model".
func (h Hash) Sign(call string, query url.Values, secret pool.Secret) string {
	unsigned := query.Encode()
	signature := parameter + hex.EncodeToString(digest(h.algorithm(), call, unsigned, secret))
	if unsigned == "" {
		return signature
	}
	return unsigned + "&" + signature
}

// Verify reports whether the query of a received call has exactly one checksum and it is
// right. The checksum's length determines the hash, as on real servers.
func Verify(call, rawQuery string, secret pool.Secret) bool {
	unsigned, given, ok := split(rawQuery)
	if !ok {
		return false
	}
	for _, h := range hashes {
		if len(given) == h.algorithm.Size() {
			return subtle.ConstantTimeCompare(given, digest(h.algorithm, call, unsigned, secret)) == 1
		}
	}
	return false
}

// split separates a raw query into the part that was signed and its checksum. ok is false
// unless there is exactly one checksum, in hexadecimal.
func split(rawQuery string) (unsigned string, given []byte, ok bool) {
	var signed, checksums []string
	for part := range strings.SplitSeq(rawQuery, "&") {
		if value, found := strings.CutPrefix(part, parameter); found {
			checksums = append(checksums, value)
			continue
		}
		signed = append(signed, part)
	}
	if len(checksums) != 1 {
		return "", nil, false
	}
	given, err := hex.DecodeString(checksums[0])
	return strings.Join(signed, "&"), given, err == nil
}

func digest(algorithm crypto.Hash, call, unsigned string, secret pool.Secret) []byte {
	h := algorithm.New()
	h.Write([]byte(call + unsigned + secret.Reveal()))
	return h.Sum(nil)
}
