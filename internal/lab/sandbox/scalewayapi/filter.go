package scalewayapi

import (
	"slices"
	"strings"
)

// commaSeparated splits a query parameter of Instances. It returns nil for an empty one.
func commaSeparated(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// hasAll reports whether tags has every wanted tag.
func hasAll(tags, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(tag string) bool { return !slices.Contains(tags, tag) })
}

// matchesAny reports whether value is one of the wanted values. No wanted values match
// everything.
func matchesAny(value string, wanted []string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

// matchesFilter is matchesAny for one value, where "" matches everything.
func matchesFilter(value, wanted string) bool { return wanted == "" || value == wanted }

// notNil makes JSON show an empty list as [], as Scaleway does, and not as null.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
