package scalewayapi

import (
	"slices"
	"strings"
)

// commaSeparated are the values of a query parameter of Instances; none for an
// empty one.
func commaSeparated(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// hasAll tells whether every wanted tag is there.
func hasAll(tags, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(tag string) bool { return !slices.Contains(tags, tag) })
}

// isOneOf tells whether a value passes a filter; a filter without values lets
// everything pass.
func matchesAny(value string, wanted []string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

// is is isOneOf for a single value.
func matchesFilter(value, wanted string) bool { return wanted == "" || value == wanted }

// notNil makes an empty list [] in JSON, as Scaleway does, and not null.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
