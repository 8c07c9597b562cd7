package pool

import (
	"slices"
	"strconv"
	"strings"
)

// ServerTag returns the tag of a server's reserved addresses and machine, which they
// have besides the pool's tag.
func ServerTag(number int) string { return strings.Replace(serverTag, "{n}", strconv.Itoa(number), 1) }

const serverTag = "divims-server-{n}"

// IsServerTag reports whether a tag is the ServerTag of any server.
func IsServerTag(tag string) bool {
	_, ok := ServerOfTag(tag)
	return ok
}

// ServerOfTag returns the number of the server with a ServerTag. ok is false for any
// other tag.
func ServerOfTag(tag string) (number int, ok bool) { return Number(serverTag, tag) }

// ProvisionedTag is the tag of addresses that provision reserved. It releases only
// these.
const ProvisionedTag = "divims-provisioned"

// AddressesOf returns the addresses with the pool's tag and the server's tag.
func AddressesOf(all []Address, poolTag string, number int) []Address {
	return slices.DeleteFunc(slices.Clone(all), func(a Address) bool {
		return !slices.Contains(a.Tags, poolTag) || !slices.Contains(a.Tags, ServerTag(number))
	})
}

// Number returns the server number that turns a template into a name: 3 for "bbb-w{n}"
// and "bbb-w3". ok is false if no number does.
func Number(template, name string) (number int, ok bool) {
	before, after, _ := strings.Cut(template, "{n}")
	rest, ok := strings.CutPrefix(name, before)
	if !ok {
		return 0, false
	}
	digits, ok := strings.CutSuffix(rest, after)
	number, err := strconv.Atoi(digits)
	if !ok || err != nil || number < 1 || strconv.Itoa(number) != digits {
		return 0, false
	}
	return number, true
}
