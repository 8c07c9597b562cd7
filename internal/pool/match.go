package pool

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Match finds the entry and the machine of each server. If a server has several entries
// or machines, they are unknown, so that nothing is done with the server. So is an entry
// that cannot be read, a machine whose name, tags and addresses name different servers,
// and a machine that was not found while a zone is unread. unread has the reasons, by
// zone.
func Match(servers []Server, entries Reading[[]Entry], machines Reading[[]Machine], unread map[string]string) []ServerObservation {
	byDomain := index(entries, Entry.Host)
	nameless := problemWithoutURL(entries)
	found := identify(servers, machines)
	list := make([]ServerObservation, len(servers))
	for i, server := range servers {
		list[i] = ServerObservation{
			Server:  server,
			Entry:   entryOf(server, entries, byDomain[server.Domain], nameless),
			Machine: machineOf(server, machines, found, unread),
		}
		list[i].MayBeUnread = machines.Known() && len(unread) > 0 && len(found.machines[server.Number]) == 0 && found.contradictions[server.Number] == ""
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

// problemWithoutURL returns the problem of an entry whose URL cannot be read, or "". It
// may be the entry of any server.
func problemWithoutURL(entries Reading[[]Entry]) string {
	all, _ := entries.Get()
	for _, entry := range all {
		if entry.URL == "" && entry.Problem != "" {
			return entry.Problem
		}
	}
	return ""
}

// entryOf returns a server's entry; nil if it has none. found are the entries with its
// domain, nameless the problem of an entry that may be any server's.
func entryOf(server Server, entries Reading[[]Entry], found []*Entry, nameless string) Reading[*Entry] {
	switch {
	case !entries.Known():
		return Unknown[*Entry](entries.Reason())
	case len(found) > 1:
		return Unknown[*Entry](fmt.Sprintf("Scalelite has %d entries for %s", len(found), server.Domain))
	case len(found) == 1 && found[0].Problem != "":
		return Unknown[*Entry](fmt.Sprintf("the entry %s cannot be read: %s", found[0].URL, found[0].Problem))
	case len(found) == 1:
		return Seen(found[0])
	case nameless != "":
		return Unknown[*Entry]("it may be the entry whose URL cannot be read: " + nameless)
	}
	return Seen[*Entry](nil)
}

// machineOf returns a server's machine; nil if it has none.
func machineOf(server Server, machines Reading[[]Machine], found identities, unread map[string]string) Reading[*Machine] {
	candidates, contradiction := found.machines[server.Number], found.contradictions[server.Number]
	switch {
	case !machines.Known():
		return Unknown[*Machine](machines.Reason())
	case contradiction != "":
		return Unknown[*Machine](contradiction)
	case len(candidates) > 1:
		return Unknown[*Machine](fmt.Sprintf("%d machines have the name %s", len(candidates), server.Hostname))
	case len(candidates) == 1:
		return Seen(candidates[0])
	case len(unread) > 0:
		zone := slices.Sorted(maps.Keys(unread))[0]
		return Unknown[*Machine](fmt.Sprintf("it may be in %s, whose machines are not known: %s", zone, unread[zone]))
	}
	return Seen[*Machine](nil)
}

// IsOf reports whether the entry is one of a server: whether its URL has the server's
// domain, with any scheme, port and path.
func (e Entry) IsOf(server Server) bool { return e.Host() == server.Domain }

// Host returns the host of the entry's URL in lower case, without a port and without a dot
// at its end. Scalelite keeps the URL as it was given. Host is empty for an invalid URL.
func (e Entry) Host() string {
	parsed, err := url.Parse(e.URL)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(parsed.Hostname()), ".")
}
