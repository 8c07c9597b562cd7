package setup

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

var (
	server1 = pool.Servers(1, 0, "bbb-w{n}", "bbb-w{n}.example.com")[0]
	ip1     = netip.MustParseAddr("51.15.1.1")
	other   = netip.MustParseAddr("192.0.2.7")
	net6    = netip.MustParseAddr("2001:db8:0:1::")
)

// testConfig is the configuration of a pool with server 1 only. Its zone can be written to.
func testConfig() Config {
	return Config{
		Servers: []pool.Server{server1}, HostnameTemplate: "bbb-w{n}", DomainTemplate: "bbb-w{n}.example.com",
		Tag: "divims-campus", AddressZone: "fr-par-1", Families: []pool.Family{pool.IPv4}, WritesDNS: true, BBBSecret: pool.NewSecret("s"),
		Interval: 5 * time.Minute, MaxCreations: 10, Minimum: 1,
	}
}

// provisioned is server 1's address with everything that provision sets.
func provisioned() pool.Address {
	return pool.Address{ID: "a1", Zone: "fr-par-1", IP: ip1, Reverse: server1.Domain,
		Tags: []string{"divims-campus", "divims-server-1", "divims-provisioned"}}
}

// seenPool is what was seen of a pool with server 1 only.
type seenPool struct {
	Addresses []pool.Address
	Machines  []pool.Machine
	Entries   []pool.Entry
	Records   []pool.DNSRecord
	Resolved  pool.Reading[[]netip.Addr]
	Answers   bool
}

func (p seenPool) sight() Sight {
	seen := Sight{
		Addresses: pool.Seen(p.Addresses), Machines: pool.Seen(p.Machines), Entries: pool.Seen(p.Entries), Records: pool.Seen(p.Records),
		Resolved: map[string]pool.Reading[[]netip.Addr]{server1.Domain: p.Resolved}, State: pool.Seen(pool.State{}),
	}
	if p.Answers {
		seen.Versions = map[string]pool.Reading[string]{server1.Domain: pool.Seen("2.0")}
	}
	return seen
}

// complete is a pool whose server lacks nothing.
func complete() seenPool {
	return seenPool{
		Addresses: []pool.Address{provisioned()},
		Entries:   []pool.Entry{{ID: "e1", URL: "https://bbb-w1.example.com/bigbluebutton/api", State: pool.Disabled}},
		Records:   []pool.DNSRecord{{Name: server1.Domain, Type: pool.RecordA, Data: ip1.String()}},
		Resolved:  resolvesTo(ip1),
	}
}

// alias makes the domain an alias of a name that resolves to an address.
func alias(c *Config, p *seenPool, to netip.Addr) {
	c.MachineName = func(hostname string) string { return hostname + ".machines.example.com" }
	name := c.MachineName(server1.Hostname)
	p.Records = []pool.DNSRecord{{Name: name, Type: pool.RecordA, Data: to.String()}, {Name: server1.Domain, Type: pool.RecordCNAME, Data: name}}
}

func resolvesTo(ips ...netip.Addr) pool.Reading[[]netip.Addr] { return pool.Seen(ips) }

// TestIPv6IsReservedInTheZoneOfIPv4: a machine can have the addresses of its own zone only.
func TestIPv6IsReservedInTheZoneOfIPv4(t *testing.T) {
	c, seen := testConfig(), complete()
	c.Families = append(c.Families, pool.IPv6)
	seen.Addresses[0].Zone = "fr-par-2"
	plan, err := PlanSetup(c, seen.sight())
	if err != nil || len(plan) != 1 || len(plan[0].Steps) == 0 {
		t.Fatal(plan, err)
	}
	if step := plan[0].Steps[0]; step.Kind != Reserve || step.Zone != "fr-par-2" {
		t.Errorf("the first step is %+v, want an address reserved in fr-par-2", step)
	}
}

// inShort returns a plan's problems, kinds of steps and notes.
func inShort(plan Plan) string {
	var words []string
	for _, server := range plan {
		if server.Problem != "" {
			words = append(words, "PROBLEM "+server.Problem)
		}
		for _, step := range server.Steps {
			words = append(words, string(step.Kind))
		}
		for _, note := range server.Notes {
			words = append(words, "NOTE "+note)
		}
	}
	return strings.Join(words, ", ")
}

// TestPlanSetup checks that only what is missing is planned, and that nothing is
// planned for a server whose records, addresses or machine contradict the settings.
func TestPlanSetup(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config, *seenPool)
		want   string // the plan in short, or a prefix of it
	}{
		"everything exists": {func(*Config, *seenPool) {}, ""},
		"nothing exists": {func(_ *Config, s *seenPool) { *s = seenPool{Resolved: resolvesTo()} },
			"reserve, write, await, reverse, register"},
		"an address is reserved": {func(_ *Config, s *seenPool) { s.Records, s.Resolved, s.Addresses[0].Reverse = nil, resolvesTo(), "" },
			"write, await, reverse"},
		"a record is written, but not published yet": {func(_ *Config, s *seenPool) { s.Resolved = resolvesTo() },
			"write, await"},
		"the reverse name is Scaleway's own": {func(_ *Config, s *seenPool) { s.Addresses[0].Reverse = "1-1-15-51.instances.scw.cloud" },
			"reverse"},
		"somebody else has set the reverse name": {func(_ *Config, s *seenPool) { s.Addresses[0].Reverse = "mail.example.com" },
			"NOTE the reverse name of 51.15.1.1 is mail.example.com, and is not changed"},
		"the entry is missing": {func(_ *Config, s *seenPool) { s.Entries = nil }, "register"},
		"no secret to register an entry with": {func(c *Config, s *seenPool) { c.BBBSecret, s.Entries = pool.Secret{}, nil },
			"NOTE it has no entry in Scalelite, and none can be registered without DIVIMS_BBB_SECRET"},
		"two entries": {func(_ *Config, s *seenPool) { s.Entries = append(s.Entries, s.Entries[0]) },
			"NOTE Scalelite has 2 entries for bbb-w1.example.com: remove all but one, or correct the one that cannot be read"},
		"the domain resolves to an address of the project": {func(_ *Config, s *seenPool) { s.Addresses[0].Tags = nil },
			"keep"},
		"the domain resolves to another server's address": {func(_ *Config, s *seenPool) { s.Addresses[0].Tags = []string{"divims-campus", "divims-server-2"} },
			"PROBLEM its domain resolves to 51.15.1.1, which has the tags of another server"},
		"the domain resolves to an address outside the project": {func(_ *Config, s *seenPool) { s.Addresses, s.Resolved = nil, resolvesTo(other) },
			"PROBLEM bbb-w1.example.com resolves to 192.0.2.7, which is not the server's address"},
		"the domain also resolves to another address": {func(_ *Config, s *seenPool) { s.Resolved = resolvesTo(ip1, other) },
			"PROBLEM bbb-w1.example.com resolves to 51.15.1.1, 192.0.2.7, which is not the server's address"},
		"an old record that is not published": {func(_ *Config, s *seenPool) { s.Records[0].Data, s.Resolved = other.String(), resolvesTo() },
			"PROBLEM the zone already has the record bbb-w1.example.com. A 192.0.2.7"},
		"an alias instead of an address": {func(_ *Config, s *seenPool) {
			s.Records[0].Type, s.Records[0].Data, s.Resolved = pool.RecordCNAME, "old.example.com", resolvesTo()
		}, "PROBLEM the zone already has the record bbb-w1.example.com. CNAME old.example.com"},
		"the name servers do not answer": {func(_ *Config, s *seenPool) {
			s.Resolved = pool.Unknown[[]netip.Addr]("timeout")
		}, "PROBLEM the name servers do not say what bbb-w1.example.com resolves to: timeout"},
		"two tagged addresses, the domain resolves to one": {func(_ *Config, s *seenPool) {
			second := provisioned()
			second.ID, second.IP = "a2", other
			s.Addresses = append(s.Addresses, second)
		}, ""},
		"two tagged addresses, the domain has no address": {func(_ *Config, s *seenPool) {
			second := provisioned()
			second.ID, second.IP = "a2", other
			s.Addresses, s.Resolved = append(s.Addresses, second), resolvesTo()
		}, "PROBLEM 2 addresses have the tags of the server (51.15.1.1, 192.0.2.7)"},
		"an IPv6 network is wanted": {func(c *Config, _ *seenPool) { c.Families = append(c.Families, pool.IPv6) },
			"reserve, write, await, await, reverse"},
		"an IPv6 network is wanted, but the machine was created without": {func(c *Config, s *seenPool) {
			c.Families = append(c.Families, pool.IPv6)
			s.Machines = []pool.Machine{{ID: "m1", Name: "bbb-w1", State: pool.Running, Addresses: s.Addresses}}
		}, "reserve, NOTE its machine does not have its IPv6 address, so no AAAA record is written: replace the machine (divims recycle 1), and run this again"},
		"its record waits for the next machine": {func(c *Config, s *seenPool) {
			c.Families = append(c.Families, pool.IPv6)
			s.Machines = []pool.Machine{{ID: "m1", Name: "bbb-w1", State: pool.Running, Addresses: s.Addresses}}
			network := provisioned()
			network.ID, network.IP = "a6", net6
			s.Addresses = append(s.Addresses, network)
		}, "NOTE its machine does not have its IPv6 address, so no AAAA record is written: replace the machine (divims recycle 1), and run this again"},
		"the next machine has it": {func(c *Config, s *seenPool) {
			c.Families = append(c.Families, pool.IPv6)
			network := provisioned()
			network.ID, network.IP = "a6", net6
			s.Addresses = append(s.Addresses, network)
			s.Machines = []pool.Machine{{ID: "m1", Name: "bbb-w1", State: pool.Running, Addresses: s.Addresses}}
		}, "write, await, await"},
		"an IPv6 network exists": {func(c *Config, s *seenPool) {
			c.Families = append(c.Families, pool.IPv6)
			network := provisioned()
			network.ID, network.IP = "a6", net6
			s.Addresses, s.Resolved = append(s.Addresses, network), resolvesTo(ip1, net6.Next())
		}, ""},
		"the operator writes records": {func(c *Config, s *seenPool) { c.WritesDNS, s.Records, s.Resolved = false, nil, resolvesTo() },
			"by hand"},
		"the operator has written the record": {func(c *Config, s *seenPool) { c.WritesDNS, s.Records = false, nil }, ""},
		"an alias": {func(c *Config, s *seenPool) {
			c.MachineName = func(hostname string) string { return hostname + ".ext.example.com" }
			s.Records, s.Resolved = nil, resolvesTo()
		}, "write, write, await"},
		"bare metal without DNS records": {func(c *Config, s *seenPool) {
			c.Servers[0].BareMetal = true
			s.Machines = []pool.Machine{{Name: "bbb-w1", BareMetal: true, Addresses: []pool.Address{{ID: "m1", IP: ip1}}}}
			s.Addresses, s.Records, s.Resolved = nil, nil, resolvesTo()
		}, "write, await"},
		"bare metal that does not exist": {func(c *Config, _ *seenPool) { c.Servers[0].BareMetal = true },
			"PROBLEM no Elastic Metal host of the project is named bbb-w1"},
	} {
		t.Run(name, func(t *testing.T) {
			config, seen := testConfig(), complete()
			c.change(&config, &seen)
			plan, err := PlanSetup(config, seen.sight())
			if got := inShort(plan); err != nil || got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
				t.Errorf("plan %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// TestPlanRemoval checks that a server above the pool's size is removed with
// everything that provision made for it, and only if it is not in use.
func TestPlanRemoval(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config, *seenPool)
		want   string
	}{
		"everything that provision made": {func(*Config, *seenPool) {}, "unregister, erase, unreverse, release"},
		"an enabled entry":               {func(_ *Config, s *seenPool) { s.Entries[0].State = pool.Enabled }, "disable, unregister, erase, unreverse, release"},
		"within the size":                {func(c *Config, _ *seenPool) { c.Servers = []pool.Server{server1} }, ""},
		"a machine": {func(_ *Config, s *seenPool) {
			s.Machines = []pool.Machine{{ID: "m1", Name: "bbb-w1", State: pool.Stopped}}
		},
			"PROBLEM its machine m1 is stopped"},
		"a machine of another name has the address": {func(_ *Config, s *seenPool) { s.Addresses[0].MachineID = "m2" },
			"PROBLEM its address 51.15.1.1 is attached to machine m2"},
		"a BBB that answers": {func(_ *Config, s *seenPool) { s.Answers = true },
			"PROBLEM BBB answers at bbb-w1.example.com"},
		"Scalelite counts meetings": {func(_ *Config, s *seenPool) { s.Entries[0].Load = pool.Seen(3.0) },
			"PROBLEM Scalelite still counts meetings on it"},
		"an entry that is online": {func(_ *Config, s *seenPool) { s.Entries[0].Online = true },
			"PROBLEM Scalelite sees it online"},
		"an alias": {func(c *Config, s *seenPool) { alias(c, s, ip1) }, "unregister, erase, erase, unreverse, release"},
		"an alias of a name that resolves to another address": {func(c *Config, s *seenPool) { alias(c, s, other); s.Resolved = resolvesTo(other) },
			"unregister, unreverse, release"},
		"a name that resolves to the address by a record of another zone": {func(_ *Config, s *seenPool) { s.Records = nil },
			"PROBLEM bbb-w1.example.com resolves to 51.15.1.1, but not by a record that provision writes"},
		"an address that provision has not reserved": {func(_ *Config, s *seenPool) { s.Addresses[0].Tags = s.Addresses[0].Tags[:2] },
			"unregister, NOTE its address 51.15.1.1 was not reserved by provision: the address and its names are kept"},
		"an address of another pool": {func(_ *Config, s *seenPool) { s.Addresses[0].Tags[0] = "divims-school" }, "unregister"},
		"a record of another address": {func(_ *Config, s *seenPool) { s.Records[0].Data, s.Resolved = other.String(), resolvesTo(other) },
			"unregister, unreverse, release"},
		"a reverse name that somebody else has set": {func(_ *Config, s *seenPool) { s.Addresses[0].Reverse = "mail.example.com" },
			"unregister, erase, release"},
		"a record that the operator must delete": {func(c *Config, s *seenPool) { c.WritesDNS, s.Records = false, nil },
			"unregister, by hand"},
		"a record that the operator has deleted": {func(c *Config, s *seenPool) { c.WritesDNS, s.Records, s.Resolved = false, nil, resolvesTo() },
			"unregister, unreverse, release"},
	} {
		t.Run(name, func(t *testing.T) {
			config, seen := testConfig(), complete()
			config.Servers = nil
			c.change(&config, &seen)
			plan, err := PlanRemoval(config, seen.sight())
			if got := inShort(plan); err != nil || got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
				t.Errorf("plan %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// TestPlanText checks the text of every kind of step that sets a server up.
func TestPlanText(t *testing.T) {
	want := `server 1, bbb-w1.example.com
  reserve an IPv4 address in fr-par-1
  write the DNS record bbb-w1.example.com. A its new address
  wait until bbb-w1.example.com resolves to its new IPv4 address
  give its new IPv4 address the reverse name bbb-w1.example.com
  register it in Scalelite, disabled: https://bbb-w1.example.com/bigbluebutton/api`
	plan, err := PlanSetup(testConfig(), seenPool{Resolved: resolvesTo()}.sight())
	if got := fmt.Sprint(plan[0]); err != nil || got != want {
		t.Errorf("the plan is\n%s\nwant\n%s (%v)", got, want, err)
	}
}

// TestIncompleteListsGiveNoPlan checks that an unknown list is an error that says
// which list it is, and never an empty list.
func TestIncompleteListsGiveNoPlan(t *testing.T) {
	for list, forget := range map[string]func(*Sight){
		"entries":   func(s *Sight) { s.Entries = pool.Unknown[[]pool.Entry]("no answer") },
		"machines":  func(s *Sight) { s.Machines = pool.Unknown[[]pool.Machine]("no answer") },
		"addresses": func(s *Sight) { s.Addresses = pool.Unknown[[]pool.Address]("no answer") },
		"zone":      func(s *Sight) { s.Records = pool.Unknown[[]pool.DNSRecord]("no answer") },
		"state":     func(s *Sight) { s.State = pool.Unknown[pool.State]("no answer") },
	} {
		seen := complete().sight()
		forget(&seen)
		if plan, err := PlanRemoval(testConfig(), seen); err == nil || plan != nil || !strings.Contains(err.Error(), list) {
			t.Errorf("removal without %s: %v, %v", list, plan, err)
		}
		if plan, err := PlanSetup(testConfig(), seen); list != "state" && (err == nil || plan != nil || !strings.Contains(err.Error(), list)) {
			t.Errorf("setup without %s: %v, %v", list, plan, err)
		}
	}
}

// TestRemovalRefusesServersThatAreEvaluated checks that servers of the last
// evaluation are not removed.
func TestRemovalRefusesServersThatAreEvaluated(t *testing.T) {
	seen := complete().sight()
	seen.State = pool.Seen(pool.State{Record: []byte(`{"at":"2026-03-02T08:00:00Z","servers":[{},{}]}`)})
	_, err := PlanRemoval(testConfig(), seen)
	if err == nil || !strings.Contains(err.Error(), "the evaluation of 2026-03-02 08:00 UTC had 2 servers, but DIVIMS_POOL_SIZE is 1") {
		t.Error(err)
	}
}
