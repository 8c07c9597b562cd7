package pool

import (
	"net/netip"
	"strings"
	"testing"
)

func TestMatchNeedsOneEntryAndOneMachine(t *testing.T) {
	servers := Servers(4, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	entries := Seen([]Entry{
		{ID: "1", URL: "https://bbb-w1.example.com/bigbluebutton/api"},
		{ID: "2", URL: "https://bbb-w2.example.com/bigbluebutton/api"},
		{ID: "2 again", URL: "https://bbb-w2.example.com/bigbluebutton/api"},
		{ID: "stranger", URL: "https://bbb-w9.example.com/bigbluebutton/api"},
	})
	machines := Seen([]Machine{{ID: "a", Name: "bbb-w1"}, {ID: "b", Name: "bbb-w3"}, {ID: "c", Name: "bbb-w3"}})
	seen := Match(servers, entries, machines, nil)
	if entry, ok := seen[0].Entry.Get(); !ok || entry.ID != "1" {
		t.Errorf("server 1 has entry %+v; want entry 1", entry)
	}
	if machine, ok := seen[0].Machine.Get(); !ok || machine.ID != "a" {
		t.Errorf("server 1 has machine %+v", machine)
	}
	if seen[1].Entry.Known() || seen[2].Machine.Known() {
		t.Errorf("one of two entries or machines was chosen: %+v, %+v", seen[1].Entry, seen[2].Machine)
	}
	if entry, ok := seen[3].Entry.Get(); !ok || entry != nil {
		t.Errorf("server 4 has entry %+v, known %t; want none", entry, ok)
	}
	for _, s := range Match(servers, Unknown[[]Entry]("no answer"), machines, nil) {
		if s.Entry.Known() {
			t.Errorf("server %d has a known entry although the list is unknown", s.Server.Number)
		}
	}
}

// Scalelite keeps an entry's URL as it was given.
func TestEntryIsOfItsServerHoweverItsURLIsWritten(t *testing.T) {
	servers := Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	plain := Entry{ID: "plain", URL: servers[0].EntryURL()}
	for url, is := range map[string]bool{
		"https://bbb-w1.example.com/bigbluebutton/api":         true,
		"https://bbb-w1.example.com/bigbluebutton/api/":        true,
		"https://BBB-W1.Example.com:443/bigbluebutton/api":     true,
		"https://bbb-w1.example.com:8443/bigbluebutton/api":    true,
		"http://bbb-w1.example.com:80/":                        true,
		"HTTPS://bbb-w1.example.com./bigbluebutton/api":        true,
		"https://admin@bbb-w1.example.com.:8443/elsewhere?a=b": true,
		"https://bbb-w11.example.com/bigbluebutton/api":        false,
		"https://example.com/bbb-w1.example.com":               false,
		"bbb-w1.example.com/bigbluebutton/api":                 false,
		"https://bbb-w1.example.com:x/bigbluebutton/api":       false,
	} {
		seen := Match(servers, Seen([]Entry{{ID: "odd", URL: url}}), Seen([]Machine{}), nil)
		if entry, known := seen[0].Entry.Get(); !known || (entry != nil) != is {
			t.Errorf("%s is the entry of server 1: %t, want %t", url, entry != nil, is)
		}
		both := Match(servers, Seen([]Entry{plain, {ID: "odd", URL: url}}), Seen([]Machine{}), nil)
		if double := !both[0].Entry.Known(); double != is {
			t.Errorf("%s is a second entry of server 1: %t, want %t", url, double, is)
		}
	}
}

// TestIdentityFromTheLists checks whose machine a machine is, by its name, its tags and
// those of its addresses.
func TestIdentityFromTheLists(t *testing.T) {
	named := func(name string, tags ...string) Machine { return Machine{ID: name, Name: name, Tags: tags} }
	at := func(machine Machine, tag string) Machine {
		machine.Addresses = []Address{{IP: netip.MustParseAddr("51.15.1.1"), Tags: []string{"pool", tag}}}
		return machine
	}
	tests := map[string]struct {
		machines []Machine
		// want has what is known of the servers 1 to 3: "machine", "none", or "unknown".
		want string
	}{
		"name and tag agree":                   {[]Machine{named("bbb-w1", "pool", "divims-server-1")}, "machine none none"},
		"an adopted machine has no tags":       {[]Machine{named("bbb-w1")}, "machine none none"},
		"all agree":                            {[]Machine{at(named("bbb-w1", "divims-server-1"), "divims-server-1")}, "machine none none"},
		"renamed to a free server's name":      {[]Machine{named("bbb-w2", "divims-server-1")}, "unknown unknown none"},
		"renamed to another server's name":     {[]Machine{named("bbb-w2", "divims-server-1"), named("bbb-w2", "divims-server-2")}, "unknown unknown none"},
		"renamed to any other name":            {[]Machine{named("test", "divims-server-1")}, "unknown none none"},
		"an adopted machine renamed to a name": {[]Machine{at(named("bbb-w3"), "divims-server-2")}, "none unknown unknown"},
		"an address of another server":         {[]Machine{at(named("bbb-w1", "divims-server-1"), "divims-server-3")}, "unknown none unknown"},
		"two tags":                             {[]Machine{named("bbb-w1", "divims-server-1", "divims-server-2")}, "unknown unknown none"},
		"a tag of a server above the pool":     {[]Machine{named("bbb-w1", "divims-server-9")}, "unknown none none"},
		"a machine of a server above the pool": {[]Machine{named("bbb-w9", "divims-server-9")}, "none none none"},
		"a machine of no server":               {[]Machine{named("scalelite", "pool")}, "none none none"},
		"two of a name":                        {[]Machine{named("bbb-w1"), named("bbb-w1", "divims-server-1")}, "unknown none none"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			servers := Servers(3, 0, "bbb-w{n}", "bbb-w{n}.example.com")
			var got []string
			for _, s := range Match(servers, Seen([]Entry{}), Seen(test.machines), nil) {
				machine, known := s.Machine.Get()
				switch {
				case !known:
					got = append(got, "unknown")
					if !strings.Contains(s.Machine.Reason(), "machine") {
						t.Errorf("the reason %q names no machine", s.Machine.Reason())
					}
				case machine == nil:
					got = append(got, "none")
				default:
					got = append(got, "machine")
				}
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("machines are %s, want %s", got, test.want)
			}
		})
	}
}

// A machine that is not in the zones that were read may be in the others.
func TestMachineMayBeInAnUnreadZone(t *testing.T) {
	servers := Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	seen := Match(servers, Seen([]Entry{}), Seen([]Machine{{ID: "a", Name: "bbb-w1"}}), map[string]string{"fr-par-2": "503"})
	if machine, ok := seen[0].Machine.Get(); !ok || machine.ID != "a" {
		t.Errorf("server 1 has machine %+v, want the one that was found", machine)
	}
	if seen[1].Machine.Known() || !strings.Contains(seen[1].Machine.Reason(), "fr-par-2") || !strings.Contains(seen[1].Machine.Reason(), "503") {
		t.Errorf("the machine of server 2 is known, or for the reason %q", seen[1].Machine.Reason())
	}
}

// An entry that cannot be read makes only its own server's entry unknown. If not even its
// URL can be read, it may be the entry of any server that has none.
func TestEntriesWithProblems(t *testing.T) {
	good := Entry{ID: "1", URL: "https://bbb-w1.example.com/bigbluebutton/api"}
	tests := map[string]struct {
		odd  Entry
		want string // of servers 1 and 2
	}{
		"a stranger's":             {Entry{ID: "x", URL: "https://else.example.com/", Problem: "odd"}, "entry none"},
		"a server's":               {Entry{ID: "2", URL: "https://bbb-w2.example.com/", Problem: "odd"}, "entry unknown"},
		"one without a URL":        {Entry{ID: "2", Problem: "odd"}, "entry unknown"},
		"a second of server 1":     {Entry{ID: "3", URL: good.URL, Problem: "odd"}, "unknown none"},
		"one with a senseless URL": {Entry{ID: "2", URL: "%", Problem: "odd"}, "entry none"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range Match(Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com"), Seen([]Entry{good, test.odd}), Seen([]Machine{}), nil) {
				entry, known := s.Entry.Get()
				switch {
				case !known:
					got = append(got, "unknown")
				case entry == nil:
					got = append(got, "none")
				default:
					got = append(got, "entry")
				}
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("entries are %s, want %s", got, test.want)
			}
		})
	}
}
