package scalewayapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Calls returns the names of all calls that are served, as world.Refuse takes them, sorted.
func Calls() []string {
	names := map[string]bool{}
	for pattern := range (&api{}).routes() {
		name := callName(pattern, "")
		if name != "POST action" {
			names[name] = true
			continue
		}
		for _, action := range slices.Concat(slices.Collect(maps.Values(allowedActions))...) {
			names[callName(pattern, action)] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// callName returns the name of a call from its pattern, "METHOD /path/{id}": the method
// and the last fixed word of the path, and the action of a server if there is one.
func callName(pattern, action string) string {
	method, path, _ := strings.Cut(pattern, " ")
	name := method
	for word := range strings.SplitSeq(path, "/") {
		if !strings.HasPrefix(word, "{") {
			name = method + " " + word
		}
	}
	if action != "" {
		name += ":" + action
	}
	return name
}

// nameOf returns the name of the call that a request makes.
func nameOf(r *http.Request, body []byte) string {
	var request struct{ Action string }
	if r.Method == http.MethodPost && strings.HasSuffix(r.Pattern, "/action") {
		_ = json.Unmarshal(body, &request) // the call itself answers invalid JSON
	}
	return callName(r.Pattern, request.Action)
}
