package functionsapi

import (
	"net/http"
	"strings"
)

// runtimes are the available runtimes for Go.
var runtimes = []runtime{{"go122", "1.22"}, {"go123", "1.23"}, {"go124", "1.24"}, {"go126", "1.26"}}

type runtime struct{ name, version string }

func runtimeNames() []string {
	var names []string
	for _, r := range runtimes {
		names = append(names, r.name)
	}
	return names
}

// firstGo returns the first Go release of a runtime's version. The release that the
// runtime has is not known, so a function must not require a later one.
func firstGo(name string) string {
	return "go1." + strings.TrimPrefix(name, "go1") + ".0"
}

func (p *Platform) listRuntimes(*http.Request, []byte) (any, error) {
	answers := []map[string]string{}
	for _, r := range runtimes {
		answers = append(answers, map[string]string{
			"name": r.name, "language": "Go", "version": r.version, "default_handler": "Handle",
			"status": "available", "status_message": "", "extension": "go",
		})
	}
	return page("runtimes", answers), nil
}
