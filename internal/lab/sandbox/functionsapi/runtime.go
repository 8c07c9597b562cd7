package functionsapi

import (
	"net/http"
	"slices"
	"strings"
)

// runtimes are the runtimes for Go as of 2026. A function that is in one whose support
// has ended can be updated, but no other function can be put in it.
var runtimes = []runtime{
	{"go120", "1.20", endOfSupport}, {"go121", "1.21", endOfSupport}, {"go122", "1.22", endOfSupport},
	{"go123", "1.23", endOfSupport}, {"go124", "1.24", endOfSupport},
	{"go125", "1.25", available}, {"go126", "1.26", available},
}

type runtime struct{ name, version, status string }

const (
	available    = "available"
	endOfSupport = "end_of_support"
)

// canUse reports whether a function that is in a runtime, or in none yet, can be put in
// another one.
func canUse(name, present string) bool {
	return slices.ContainsFunc(runtimes, func(r runtime) bool {
		return r.name == name && (r.status == available || r.name == present)
	})
}

// firstGo returns the first Go release of a runtime's version. The release that the
// runtime has is not known, so a function must not require a later one.
func firstGo(name string) string {
	return "go1." + strings.TrimPrefix(name, "go1") + ".0"
}

func (p *Platform) listRuntimes(r *http.Request, _ []byte) (any, error) {
	answers := []map[string]string{}
	for _, r := range runtimes {
		answers = append(answers, map[string]string{
			"name": r.name, "language": "Go", "version": r.version, "default_handler": "Handle",
			"status": r.status, "status_message": "", "extension": "go",
		})
	}
	return pageOf(r, "runtimes", answers), nil
}
