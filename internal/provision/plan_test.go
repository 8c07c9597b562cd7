package provision

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"divims/internal/pool"
)

// server1 is what most of the tests plan for.
var (
	server1 = pool.Servers(1, 0, "bbb-w{n}", "bbb-w{n}.example.com")[0]
	ip1     = netip.MustParseAddr("51.15.1.1")
	other   = netip.MustParseAddr("192.0.2.7")
	net6    = netip.MustParseAddr("2001:db8:0:1::")
)

// config is that of a pool with one server, whose zone can be written into.
func config() Config {
	return Config{
		Servers: []pool.Server{server1}, HostnameTemplate: "bbb-w{n}", DomainTemplate: "bbb-w{n}.example.com",
		Tag: "divims-campus", Zone: "fr-par-1", Families: []pool.Family{pool.IPv4}, WritesDNS: true, Registers: true,
	}
}

// kept is server 1's address, with all that provision gives it.
func kept() pool.Address {
	return pool.Address{ID: "a1", Zone: "fr-par-1", IP: ip1, Reverse: server1.Domain,
		Tags: []string{"divims-campus", "divims-server-1", "divims-provisioned"}}
}

func entry() pool.Entry {
	return pool.Entry{ID: "e1", URL: "https://bbb-w1.example.com/bigbluebutton/api", State: pool.Disabled}
}

// whole is the sight of a server that lacks nothing.
func whole() Sight {
	return Sight{
		Addresses: []pool.Address{kept()}, Entries: []pool.Entry{entry()},
		Records: []pool.DNSRecord{{Name: server1.Domain, Type: pool.RecordA, Data: ip1.String()}},
		Leads:   leadsTo(ip1),
	}
}

// alias lets the domain be an alias of a name that leads to an address.
func alias(c *Config, s *Sight, to netip.Addr) {
	c.MachineName = func(hostname string) string { return hostname + ".machines.example.com" }
	name := c.MachineName(server1.Hostname)
	s.Records = []pool.DNSRecord{{Name: name, Type: pool.RecordA, Data: to.String()}, {Name: server1.Domain, Type: pool.RecordCNAME, Data: name}}
}

func leadsTo(ips ...netip.Addr) map[string]pool.Reading[[]netip.Addr] {
	return map[string]pool.Reading[[]netip.Addr]{server1.Domain: pool.Seen(ips)}
}

// inShort is a plan's problem, or its kinds of steps and its notes.
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

// TestSetup: what is missing is planned, what is there is left, and what
// contradicts stops everything for that server.
func TestSetup(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config, *Sight)
		want   string // or how it begins
	}{
		"nothing is missing": {func(*Config, *Sight) {}, ""},
		"nothing is there": {func(_ *Config, s *Sight) { *s = Sight{Leads: leadsTo()} },
			"reserve, write, await, reverse, register"},
		"an address is reserved": {func(_ *Config, s *Sight) { s.Records, s.Leads, s.Addresses[0].Reverse = nil, leadsTo(), "" },
			"write, await, reverse"},
		"a record is written, but not seen yet": {func(_ *Config, s *Sight) { s.Leads = leadsTo() },
			"write, await"},
		"the reverse name is the hoster's": {func(_ *Config, s *Sight) { s.Addresses[0].Reverse = "1-1-15-51.instances.scw.cloud" },
			"reverse"},
		"the reverse name is a person's": {func(_ *Config, s *Sight) { s.Addresses[0].Reverse = "mail.example.com" },
			"NOTE the reverse name of 51.15.1.1 is mail.example.com and stays so"},
		"the entry is missing": {func(_ *Config, s *Sight) { s.Entries = nil }, "register"},
		"no entry can be made": {func(c *Config, s *Sight) { c.Registers, s.Entries = false, nil },
			"NOTE it has no entry in Scalelite, and without DIVIMS_BBB_SECRET none can be made"},
		"two entries": {func(_ *Config, s *Sight) { s.Entries = append(s.Entries, s.Entries[0]) },
			"NOTE Scalelite has 2 entries for bbb-w1.example.com: remove all but one"},
		"the domain leads to an address of the project": {func(_ *Config, s *Sight) { s.Addresses[0].Tags = nil },
			"keep"},
		"the domain leads to another server's address": {func(_ *Config, s *Sight) { s.Addresses[0].Tags = []string{"divims-campus", "divims-server-2"} },
			"PROBLEM its domain leads to 51.15.1.1, which bears the tags of another server"},
		"the domain leads out of the project": {func(_ *Config, s *Sight) { s.Addresses, s.Leads = nil, leadsTo(other) },
			"PROBLEM bbb-w1.example.com leads to 192.0.2.7, which is not the server's address"},
		"the domain leads elsewhere, too": {func(_ *Config, s *Sight) { s.Leads = leadsTo(ip1, other) },
			"PROBLEM bbb-w1.example.com leads to 51.15.1.1, 192.0.2.7, which is not the server's address"},
		"a stale record that is not served": {func(_ *Config, s *Sight) { s.Records[0].Data, s.Leads = other.String(), leadsTo() },
			"PROBLEM the zone has the record bbb-w1.example.com. A 192.0.2.7 already"},
		"an alias in the address's place": {func(_ *Config, s *Sight) {
			s.Records[0].Type, s.Records[0].Data, s.Leads = pool.RecordCNAME, "old.example.com", leadsTo()
		}, "PROBLEM the zone has the record bbb-w1.example.com. CNAME old.example.com already"},
		"names cannot be asked for": {func(_ *Config, s *Sight) {
			s.Leads = map[string]pool.Reading[[]netip.Addr]{server1.Domain: pool.Unknown[[]netip.Addr]("timeout")}
		}, "PROBLEM where bbb-w1.example.com leads cannot be seen: timeout"},
		"two tagged addresses, the domain leads to one": {func(_ *Config, s *Sight) {
			second := kept()
			second.ID, second.IP = "a2", other
			s.Addresses = append(s.Addresses, second)
		}, ""},
		"two tagged addresses, the domain leads nowhere": {func(_ *Config, s *Sight) {
			second := kept()
			second.ID, second.IP = "a2", other
			s.Addresses, s.Leads = append(s.Addresses, second), leadsTo()
		}, "PROBLEM 2 addresses bear the tags of the server (51.15.1.1, 192.0.2.7)"},
		"an IPv6 network is wanted": {func(c *Config, _ *Sight) { c.Families = append(c.Families, pool.IPv6) },
			"reserve, write, await, await, reverse"},
		"an IPv6 network is there": {func(c *Config, s *Sight) {
			c.Families = append(c.Families, pool.IPv6)
			network := kept()
			network.ID, network.IP = "a6", net6
			s.Addresses, s.Leads = append(s.Addresses, network), leadsTo(ip1, net6.Next())
		}, ""},
		"records are a person's matter": {func(c *Config, s *Sight) { c.WritesDNS, s.Records, s.Leads = false, nil, leadsTo() },
			"by hand"},
		"a person has written the record": {func(c *Config, s *Sight) { c.WritesDNS, s.Records = false, nil }, ""},
		"an alias": {func(c *Config, s *Sight) {
			c.MachineName = func(hostname string) string { return hostname + ".ext.example.com" }
			s.Records, s.Leads = nil, leadsTo()
		}, "write, write, await"},
		"bare metal that leads nowhere yet": {func(c *Config, s *Sight) {
			c.Servers[0].BareMetal = true
			s.Machines = []pool.Machine{{Name: "bbb-w1", BareMetal: true, Addresses: []pool.Address{{ID: "m1", IP: ip1}}}}
			s.Addresses, s.Records, s.Leads = nil, nil, leadsTo()
		}, "write, await"},
		"bare metal that is not there": {func(c *Config, s *Sight) { c.Servers[0].BareMetal = true },
			"PROBLEM no Elastic Metal host of the project is named bbb-w1"},
	} {
		t.Run(name, func(t *testing.T) {
			config, seen := config(), whole()
			c.change(&config, &seen)
			if got := inShort(Setup(config, seen)); got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
				t.Errorf("planned %q, want %q", got, c.want)
			}
		})
	}
}

// TestRemoval: a server above the size goes with what provision made for it, and
// only if nothing is left on it.
func TestRemoval(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config, *Sight)
		want   string
	}{
		"all that was made":     {func(*Config, *Sight) {}, "unregister, erase, unreverse, release"},
		"an entry that is used": {func(_ *Config, s *Sight) { s.Entries[0].State = pool.Enabled }, "disable, unregister, erase, unreverse, release"},
		"within the size":       {func(c *Config, _ *Sight) { c.Servers = []pool.Server{server1} }, ""},
		"a machine": {func(_ *Config, s *Sight) {
			s.Machines = []pool.Machine{{ID: "m1", Name: "bbb-w1", State: pool.Stopped}}
		},
			"PROBLEM its machine m1 is stopped"},
		"a machine of another name that holds the address": {func(_ *Config, s *Sight) { s.Addresses[0].MachineID = "m2" },
			"PROBLEM machine m2 holds its address 51.15.1.1"},
		"a BBB that answers": {func(_ *Config, s *Sight) { s.Answers = map[string]bool{server1.Domain: true} },
			"PROBLEM BBB answers at bbb-w1.example.com"},
		"meetings in Scalelite's eyes": {func(_ *Config, s *Sight) { s.Entries[0].Load = pool.Seen(3.0) },
			"PROBLEM Scalelite still counts meetings on it"},
		"an entry that is online": {func(_ *Config, s *Sight) { s.Entries[0].Online = true },
			"PROBLEM Scalelite sees it online"},
		"an alias": {func(c *Config, s *Sight) { alias(c, s, ip1) }, "unregister, erase, erase, unreverse, release"},
		"an alias of a name that leads elsewhere": {func(c *Config, s *Sight) { alias(c, s, other); s.Leads = leadsTo(other) },
			"unregister, unreverse, release"},
		"a name that leads to the address by a record of another zone": {func(_ *Config, s *Sight) { s.Records = nil },
			"PROBLEM bbb-w1.example.com leads to 51.15.1.1 by no record that provision writes"},
		"an address that a person has reserved": {func(_ *Config, s *Sight) { s.Addresses[0].Tags = s.Addresses[0].Tags[:2] },
			"unregister, NOTE its address 51.15.1.1 was not reserved by provision: it stays, with its names"},
		"an address of another pool": {func(_ *Config, s *Sight) { s.Addresses[0].Tags[0] = "divims-school" }, "unregister"},
		"a record that leads elsewhere": {func(_ *Config, s *Sight) { s.Records[0].Data, s.Leads = other.String(), leadsTo(other) },
			"unregister, unreverse, release"},
		"a reverse name that a person has given": {func(_ *Config, s *Sight) { s.Addresses[0].Reverse = "mail.example.com" },
			"unregister, erase, release"},
		"a record that a person has to delete": {func(c *Config, s *Sight) { c.WritesDNS, s.Records = false, nil },
			"unregister, by hand"},
		"a record that a person has deleted": {func(c *Config, s *Sight) { c.WritesDNS, s.Records, s.Leads = false, nil, leadsTo() },
			"unregister, unreverse, release"},
	} {
		t.Run(name, func(t *testing.T) {
			config, seen := config(), whole()
			config.Servers = nil
			c.change(&config, &seen)
			if got := inShort(Removal(config, seen)); got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
				t.Errorf("planned %q, want %q", got, c.want)
			}
		})
	}
}

// TestPlansForPeople: a plan says in words what each step is about.
func TestPlansForPeople(t *testing.T) {
	seen := Sight{Leads: leadsTo()}
	want := `server 1, bbb-w1.example.com
  reserve an IPv4 address in fr-par-1
  write the DNS record bbb-w1.example.com. A its new address
  wait until bbb-w1.example.com leads to its new IPv4 address
  give its new IPv4 address the reverse name bbb-w1.example.com
  register it in Scalelite, disabled: https://bbb-w1.example.com/bigbluebutton/api`
	if got := fmt.Sprint(Setup(config(), seen)[0]); got != want {
		t.Errorf("the plan is\n%s\nwant\n%s", got, want)
	}
}
