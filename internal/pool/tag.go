package pool

import (
	"slices"
	"strconv"
	"strings"
)

// ServerTag is on the machine and on the reserved addresses of a server, beside
// the pool's own tag.
func ServerTag(number int) string { return strings.Replace(serverTag, "{n}", strconv.Itoa(number), 1) }

const serverTag = "divims-server-{n}"

// IsServerTag tells whether a tag is the ServerTag of any server.
func IsServerTag(tag string) bool {
	_, ok := ServerOfTag(tag)
	return ok
}

// ServerOfTag is the number of the server whose ServerTag a tag is; not ok if it
// is none's.
func ServerOfTag(tag string) (number int, ok bool) { return Number(serverTag, tag) }

// ProvisionedTag is on the addresses that provision has reserved: only these it
// gives back.
const ProvisionedTag = "divims-provisioned"

// AddressesOf are those that bear the pool's tag and that of the server.
func AddressesOf(all []Address, poolTag string, number int) []Address {
	return slices.DeleteFunc(slices.Clone(all), func(a Address) bool {
		return !slices.Contains(a.Tags, poolTag) || !slices.Contains(a.Tags, ServerTag(number))
	})
}

// Number is the number of the server that a template gives a name: 3 for
// "bbb-w{n}" and "bbb-w3". It is not ok if it gives no server this name.
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
