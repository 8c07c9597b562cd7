package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// callNamer names the operation that a request calls, as the rules of faults and the
// log of calls write it.
type callNamer struct {
	locked *lockedWorld
	// numbers has the servers' numbers by host name and by domain.
	numbers map[string]int
}

func newCallNamer(locked *lockedWorld, servers []pool.Server) *callNamer {
	c := &callNamer{locked, map[string]int{}}
	for _, server := range servers {
		c.numbers[server.Hostname], c.numbers[server.Domain] = server.Number, server.Number
	}
	return c
}

// scalelite names a call by the last element of its path, for example getServers.
func (c *callNamer) scalelite(r *http.Request, body []byte) faults.Operation {
	input := scaleliteInput{ID: r.URL.Query().Get("id")}
	_ = input.parse(body) // Scalelite answers invalid JSON itself
	return faults.Operation{Service: "scalelite", Name: path.Base(r.URL.Path), Server: c.serverOfEntry(input)}
}

// serverOfEntry returns the number of the server that an entry's URL leads to, or 0.
func (c *callNamer) serverOfEntry(input scaleliteInput) int {
	address := input.Server.text("url")
	c.locked.with(func(w *world.World) {
		for _, entry := range w.Entries() {
			if entry.ID == input.ID {
				address = entry.URL
			}
		}
	})
	parsed, err := url.Parse(address)
	if err != nil {
		return 0
	}
	return c.numbers[parsed.Hostname()]
}

// webServer names a request to a server's web server: a call of BBB by the last element
// of its path, or "version" if nothing follows the API's path; anything else "metrics".
func (c *callNamer) webServer(r *http.Request, _ []byte) faults.Operation {
	server := c.numbers[r.TLS.ServerName]
	name, ofBBB := strings.CutPrefix(r.URL.Path, bbbPath)
	switch {
	case !ofBBB:
		return faults.Operation{Service: "stats", Name: "metrics", Server: server}
	case strings.Trim(name, "/") == "":
		return faults.Operation{Service: "bbb", Name: "version", Server: server}
	}
	return faults.Operation{Service: "bbb", Name: path.Base(name), Server: server}
}

// scaleway names a call by its method and its resource, for example "GET servers",
// "GET server", "PATCH user_data" or "block DELETE volume". An action has its own
// name, for example "action terminate".
func (c *callNamer) scaleway(r *http.Request, body []byte) faults.Operation {
	var request struct {
		Action, Name string
		Tags         []string
	}
	_ = json.Unmarshal(body, &request) // Scaleway answers invalid JSON itself
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	operation := faults.Operation{Service: "scaleway"}
	const zoneParts = 4 // product, version, "zones" and the zone
	if len(parts) <= zoneParts {
		operation.Name = r.Method + " " + path.Base(r.URL.Path)
		return operation
	}
	resource := parts[zoneParts:]
	operation.Name = scalewayName(r.Method, resource, request.Action)
	if product := parts[0]; product != "instance" {
		operation.Name = product + " " + operation.Name
	}
	if len(resource) > 1 {
		operation.Server = c.serverOfResource(resource[1])
	} else {
		operation.Server = cmp.Or(c.numbers[request.Name], c.serverOfTags(request.Tags), c.numbers[r.URL.Query().Get("name")])
	}
	return operation
}

// scalewayName takes the path after the zone: a collection, the id of a resource in
// it, a part of that resource, and a key.
func scalewayName(method string, resource []string, action string) string {
	switch {
	case action != "":
		return "action " + action
	case len(resource) == 1:
		return method + " " + resource[0]
	case len(resource) == 2:
		return method + " " + strings.TrimSuffix(resource[0], "s")
	}
	return method + " " + resource[2]
}

// serverOfTags returns the number of the server that an IP address is tagged for, or 0.
func (c *callNamer) serverOfTags(tags []string) int {
	for _, number := range c.numbers {
		if slices.Contains(tags, world.AddressTag(number)) {
			return number
		}
	}
	return 0
}

// serverOfResource returns the number of the server that a machine or a volume is
// named after, or that an IP address is tagged for, or 0.
func (c *callNamer) serverOfResource(id string) (number int) {
	c.locked.with(func(w *world.World) {
		for _, machine := range w.Machines() {
			if machine.ID == id {
				number = c.numbers[machine.Name]
			}
		}
		for _, address := range w.Addresses() {
			if address.ID == id {
				number = c.serverOfTags(address.Tags)
			}
		}
		for _, volume := range w.Volumes() {
			if volume.ID == id {
				number = c.numbers[strings.TrimSuffix(volume.Name, "-root")]
			}
		}
	})
	return number
}

// storage names a call by its method and its object. Objects of history and decisions are
// named by their folder, which has one object per week or hour.
func (c *callNamer) storage(r *http.Request, _ []byte) faults.Operation {
	object := strings.Trim(r.URL.Path, "/")
	name := path.Base(object)
	for _, kind := range []string{"history", "decisions"} {
		if strings.Contains(object, "/"+kind+"/") {
			name = kind
		}
	}
	if name == bucket {
		name = "bucket"
	}
	return faults.Operation{Service: "storage", Name: r.Method + " " + name}
}

func (c *callNamer) calendar(r *http.Request, _ []byte) faults.Operation {
	return faults.Operation{Service: "calendar", Name: path.Base(r.URL.Path)}
}

func (c *callNamer) notify(*http.Request, []byte) faults.Operation {
	return faults.Operation{Service: "notify", Name: "message"}
}
