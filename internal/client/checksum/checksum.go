// Package checksum signs calls the way that the APIs of BBB and Scalelite share.
// In go a call, its query and a secret; out comes the query with its checksum,
// or the word whether the checksum of a received query is right.
package checksum

import (
	"crypto"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"strings"

	"divims/internal/pool"
)

// parameter is the name under which the checksum travels in the query.
const parameter = "checksum="

// Sign encodes the query of a call and adds its checksum, which is
// hex(H(call + query + secret)): docs.bigbluebutton.org, "API Security Model".
func (h Hash) Sign(call string, query url.Values, secret pool.Secret) string {
	unsigned := query.Encode()
	signature := parameter + hex.EncodeToString(digest(h.algorithm(), call, unsigned, secret))
	if unsigned == "" {
		return signature
	}
	return unsigned + "&" + signature
}

// Verify tells whether the query of a received call bears exactly one checksum
// and the right one. As on the real servers, its length says which hash made it.
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

// split parts a raw query into what was signed and the one checksum in it.
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
