package setting

import (
	"regexp"
	"strings"
)

// label is one part of a host name, between dots.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// IsHostname reports whether a text is a host name by RFC 1123, in lower case.
func IsHostname(text string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return len(text) <= 253
}
