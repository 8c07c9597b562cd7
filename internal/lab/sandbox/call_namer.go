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

// calls gives the requests of all services the names that rules of faults and
// the log of calls know them by.
type callNamer struct {
	locked *lockedWorld
	// numbers are those of the servers, by host name and by domain.
	numbers map[string]int
}

func newCallNamer(locked *lockedWorld, servers []pool.Server) *callNamer {
	c := &callNamer{locked, map[string]int{}}
	for _, server := range servers {
		c.numbers[server.Hostname], c.numbers[server.Domain] = server.Number, server.Number
	}
	return c
}

// scalelite names a call as its path ends, for example getServers.
func (c *callNamer) scalelite(r *http.Request, body []byte) faults.Operation {
	input := scaleliteInput{ID: r.URL.Query().Get("id")}
	_ = json.Unmarshal(body, &input) // Scalelite will say what is wrong with it
	return faults.Operation{Service: "scalelite", Name: path.Base(r.URL.Path), Server: c.serverOfEntry(input)}
}

// serverOfEntry is the server that an entry, known or new, leads to.
func (c *callNamer) serverOfEntry(input scaleliteInput) int {
	address := ""
	if input.Server != nil {
		address = input.Server.URL
	}
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

// front names the calls of a server's web server: BBB's as their path ends, and
// everything else is metrics.
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

// scaleway names a call by its method and by what it works on, for example
// "GET servers", "GET server", "PATCH user_data", "block DELETE volume"; actions
// by their own name, for example "action terminate".
func (c *callNamer) scaleway(r *http.Request, body []byte) faults.Operation {
	var request struct {
		Action, Name string
		Tags         []string
	}
	_ = json.Unmarshal(body, &request) // Scaleway will say what is wrong with it
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	site := faults.Operation{Service: "scaleway"}
	const beforeThings = 4 // product, version, "zones" and the zone
	if len(parts) <= beforeThings {
		site.Name = r.Method + " " + path.Base(r.URL.Path)
		return site
	}
	things := parts[beforeThings:]
	site.Name = scalewayName(r.Method, things, request.Action)
	if product := parts[0]; product != "instance" {
		site.Name = product + " " + site.Name
	}
	if len(things) > 1 {
		site.Server = c.serverOfResource(things[1])
	} else {
		site.Server = cmp.Or(c.numbers[request.Name], c.serverOfTags(request.Tags), c.numbers[r.URL.Query().Get("name")])
	}
	return site
}

// scalewayName takes the path from the first thing on: a collection, then the id
// of one in it, then what of that, then a key.
func scalewayName(method string, things []string, action string) string {
	switch {
	case action != "":
		return "action " + action
	case len(things) == 1:
		return method + " " + things[0]
	case len(things) == 2:
		return method + " " + strings.TrimSuffix(things[0], "s")
	}
	return method + " " + things[2]
}

// serverOfTags is the server that an address is kept for.
func (c *callNamer) serverOfTags(tags []string) int {
	for _, number := range c.numbers {
		if slices.Contains(tags, world.AddressTag(number)) {
			return number
		}
	}
	return 0
}

// serverOfResource is the server that a machine or volume with this id is named for, or an
// address is kept for.
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

// storage names a call by its method and its object: history and decisions by
// their folder, which has one object a week or day.
func (c *callNamer) storage(r *http.Request, _ []byte) faults.Operation {
	folder, name := path.Split(strings.Trim(r.URL.Path, "/"))
	if kind := path.Base(folder); kind == "history" || kind == "decisions" {
		name = kind
	}
	if name == bucket {
		name = "bucket"
	}
	return faults.Operation{Service: "storage", Name: r.Method + " " + name}
}

func (c *callNamer) calendar(r *http.Request, _ []byte) faults.Operation {
	return faults.Operation{Service: "calendar", Name: path.Base(r.URL.Path)}
}
