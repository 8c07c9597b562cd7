package pool

import (
	"fmt"
	"net/url"
	"strings"
)

// Match finds the entry and the machine of each server. If a server has several entries
// or machines, they are unknown, so that nothing is done with the server.
func Match(servers []Server, entries Reading[[]Entry], machines Reading[[]Machine]) []ServerObservation {
	byDomain := index(entries, Entry.Host)
	byName := index(machines, func(m Machine) string { return m.Name })
	list := make([]ServerObservation, len(servers))
	for i, server := range servers {
		list[i] = ServerObservation{
			Server:  server,
			Entry:   only(entries, byDomain[strings.ToLower(server.Domain)], "Scalelite has %d entries for "+server.Domain),
			Machine: only(machines, byName[server.Hostname], "%d machines have the name "+server.Hostname),
		}
	}
	return list
}

func index[T any](list Reading[[]T], key func(T) string) map[string][]*T {
	all, _ := list.Get()
	found := make(map[string][]*T, len(all))
	for i := range all {
		found[key(all[i])] = append(found[key(all[i])], &all[i])
	}
	return found
}

// only returns the single item that was found; nil if there is none. It is unknown if the
// list is unknown or if there are several items. several is the format of that reason.
func only[T any](list Reading[[]T], found []*T, several string) Reading[*T] {
	switch {
	case !list.Known():
		return Unknown[*T](list.Reason())
	case len(found) > 1:
		return Unknown[*T](fmt.Sprintf(several, len(found)))
	case len(found) == 0:
		return Seen[*T](nil)
	}
	return Seen(found[0])
}

// Host returns the host of the entry's URL in lower case, with the port unless it is
// 443 for https. It is empty for an invalid URL.
func (e Entry) Host() string {
	parsed, err := url.Parse(e.URL)
	if err != nil {
		return ""
	}
	name := strings.ToLower(parsed.Host)
	if parsed.Scheme == "https" {
		name = strings.TrimSuffix(name, ":443")
	}
	return name
}
