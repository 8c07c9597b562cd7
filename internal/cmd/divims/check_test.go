package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/setup"
)

// newPoolSite starts a pool of three servers, all set up. The first one runs, and an
// evaluation has just been made.
func newPoolSite(t *testing.T, change func(*sandbox.Config)) *site {
	t.Helper()
	config := sandbox.Config{
		Calendar: sandboxCalendar,
		World: world.Config{
			Start: sandboxStart, Seed: 1, Shipped: true, RecordingWork: 1, Running: 1,
			Servers: pool.Servers(3, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		},
	}
	if change != nil {
		change(&config)
	}
	s := startSite(t, config)
	s.sandbox.AdvanceTo(sandboxStart.Add(5 * time.Minute))
	evaluateBy(t, handler.FromEnvironment(s.environ, io.Discard))
	return s
}

// check runs the command twice: for JSON and for text.
func (s *site) check() (report setup.Report, text string, err error) {
	s.t.Helper()
	var asJSON, asText bytes.Buffer
	err = checking{format: "findings", json: true, out: &asJSON}.findings(s.t.Context(), s.settings())
	if asJSON.Len() == 0 {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON.Bytes(), &report); err != nil {
		s.t.Fatalf("%q: %v", asJSON.String(), err)
	}
	_ = checking{format: "findings", out: &asText}.findings(s.t.Context(), s.settings())
	return report, asText.String(), err
}

// with changes the world.
func (s *site) with(do func(*world.World) error) {
	s.t.Helper()
	var err error
	s.sandbox.With(func(w *world.World) { err = do(w) })
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) fault(service, call string, kind faults.Kind) {
	s.t.Helper()
	if err := s.sandbox.Faults().Set(faults.Rule{Service: service, Call: call, Kind: kind}); err != nil {
		s.t.Fatal(err)
	}
}

// record writes or deletes a DNS record, and waits until name servers know it.
func (s *site) record(record pool.DNSRecord, write bool) {
	s.t.Helper()
	outside, err := handler.Connect(s.settings())
	if err != nil {
		s.t.Fatal(err)
	}
	zone := outside.Scaleway.DNS(sandbox.Domain)
	if write {
		err = zone.Write(s.t.Context(), record)
	} else {
		err = zone.Delete(s.t.Context(), record)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.sandbox.AdvanceTo(s.sandbox.Now().Add(time.Minute))
}

// TestCheckOfACompleteSetup checks that every finding is OK, and that none is about the
// clock of Scalelite, whose answers have no date.
func TestCheckOfACompleteSetup(t *testing.T) {
	s := newPoolSite(t, nil)
	report, text, err := s.check()
	if err != nil || report.Count(setup.OK) != len(report.Findings) || len(report.Findings) < 15 || strings.Contains(text, "clock of Scalelite") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// TestCheckFindsEachProblem breaks one thing at a time. Each is a finding of its own,
// with a fix, and an error makes the command fail.
func TestCheckFindsEachProblem(t *testing.T) {
	const server2 = "bbb-w2.sandbox.test"
	record2 := pool.DNSRecord{Name: server2, Type: pool.RecordA, Data: "198.18.0.2"}
	address2 := "00000000-0000-4000-9000-000000000002"
	for name, c := range map[string]struct {
		config  func(*sandbox.Config)
		problem func(*site)
		level   setup.Level
		subject string
		what    string // a part of it
		fix     string // a part of it
	}{
		"wrong key": {problem: func(s *site) { s.set("SCALEWAY_SECRET_KEY=11111111-1111-4111-8111-111111111111") },
			level: setup.Error, subject: "Scaleway", what: "the machines cannot be listed", fix: "DIVIMS_SCALEWAY_SECRET_KEY"},
		"a key that may only read": {problem: func(s *site) { s.fault("scaleway", "PATCH ip", faults.Forbidden) },
			level: setup.Error, subject: "Scaleway", what: "cannot change an address's tags", fix: "InstancesFullAccess"},
		"a key without Block Storage": {problem: func(s *site) { s.fault("scaleway", "block GET volumes", faults.Forbidden) },
			level: setup.Error, subject: "Scaleway", what: "the volumes cannot be listed", fix: "BlockStorageFullAccess"},
		"a DNS zone without access": {problem: func(s *site) { s.fault("scaleway", "domain GET records", faults.Forbidden) },
			level: setup.Error, subject: "DNS", what: "the zone cannot be read", fix: "DIVIMS_DNS_ZONE"},
		"no address to try the key with": {config: func(c *sandbox.Config) { c.Unprovisioned, c.World.Running = true, 0 }, problem: func(*site) {},
			level: setup.Unknown, subject: "Scaleway", what: "whether the API key may change anything", fix: "provision"},
		"wrong secret of Scalelite": {problem: func(s *site) { s.set("SCALELITE_SECRET=wrong") },
			level: setup.Error, subject: "Scalelite", what: "checksumError", fix: "LOADBALANCER_SECRET"},
		"Scalelite is down": {problem: func(s *site) { s.fault("scalelite", "*", faults.BadGateway) },
			level: setup.Error, subject: "Scalelite", what: "the entries cannot be listed", fix: "DIVIMS_SCALELITE_URL"},
		"no such bucket": {problem: func(s *site) { s.set("STORAGE_BUCKET=another-bucket") },
			level: setup.Error, subject: "storage", what: "NoSuchBucket", fix: "DIVIMS_STORAGE_BUCKET"},
		"a bucket that takes no writes": {problem: func(s *site) { s.fault("storage", "PUT *", faults.Forbidden) },
			level: setup.Error, subject: "storage", what: "the bucket cannot be used", fix: "ObjectStorageObjectsWrite"},
		"no evaluation for an hour": {problem: func(s *site) { s.sandbox.AdvanceTo(s.sandbox.Now().Add(time.Hour)) },
			level: setup.Error, subject: "evaluations", what: "the last one was 1h0m0s ago", fix: "its trigger"},
		"no evaluation ever": {problem: func(s *site) { s.set("STORAGE_PREFIX=fresh") },
			level: setup.Warning, subject: "evaluations", what: "none has been recorded yet", fix: "deploy"},
		"no user data": {problem: func(s *site) { s.set("USER_DATA=storage:cloud-init.yaml") },
			level: setup.Error, subject: "user data", what: "cannot be made", fix: "DIVIMS_USER_DATA"},
		"no image": {problem: func(s *site) { s.set("IMAGE_NAME=scalelite-") },
			level: setup.Error, subject: "fr-par-1", what: `no image in fr-par-1 has a name beginning with "scalelite-"`, fix: "make an image"},
		"no image in a zone without addresses": {problem: func(s *site) { s.set("ZONES=fr-par-1,fr-par-2") },
			level: setup.Warning, subject: "fr-par-2", what: "no image", fix: "remove the zone"},
		"no such security group": {problem: func(s *site) { s.set("SECURITY_GROUP=strangers") },
			level: setup.Error, subject: "fr-par-1", what: "fr-par-1 has no security group strangers (DIVIMS_SECURITY_GROUP)", fix: "correct the setting"},
		"no such private network": {problem: func(s *site) { s.set("PRIVATE_NETWORK=11111111-1111-4111-8111-111111111111") },
			level: setup.Error, subject: "fr-par-1", what: "(DIVIMS_PRIVATE_NETWORK): private_network 11111111-1111-4111-8111-111111111111", fix: "PrivateNetworksFullAccess"},
		"a root volume that is too small": {problem: func(s *site) { s.set("ROOT_VOLUME_SIZE=10") },
			level: setup.Error, subject: "fr-par-1", what: "DIVIMS_ROOT_VOLUME_SIZE is 10", fix: "correct the setting"},
		"a machine from before the settings": {problem: func(s *site) { s.set("SECURITY_GROUP=bbb-servers", "TAGS=team=video") },
			level: setup.Warning, subject: "machines", what: "1 machine without all that the settings give new ones: bbb-w1 (the security group, tags)", fix: "recycle"},
		"out of stock": {problem: func(s *site) {
			s.with(func(w *world.World) error { w.SellOut(world.Offer{Zone: "fr-par-1", Type: "GP1-S"}); return nil })
		}, level: setup.Warning, subject: "fr-par-1", what: "GP1-S is out of stock", fix: "wait"},
		"no commercial type": {problem: func(s *site) { s.set("COMMERCIAL_TYPES=POP3") },
			level: setup.Error, subject: "fr-par-1", what: "none of DIVIMS_COMMERCIAL_TYPES is available", fix: "add a type"},
		"quotas below the size": {config: func(c *sandbox.Config) { c.Quotas = map[string]int{"POP2-HC-8C-16G": 1, "POP2-8C-32G": 1, "GP1-S": 0} }, problem: func(*site) {},
			level: setup.Error, subject: "quotas", what: "a full pool has 3 machines", fix: "raise"},
		"quotas that cannot be read": {problem: func(s *site) { s.fault("scaleway", "GET quota", faults.Forbidden) },
			level: setup.Unknown, subject: "quotas", what: "list the quotas", fix: "OrganizationReadOnly"},
		"a pool that grows too slowly": {problem: func(s *site) { s.set("MAX_CREATIONS=1", "INTERVAL=35m") },
			level: setup.Warning, subject: "pace", what: "growing from the minimum of 1 to the pool's size of 3 takes 1h10m: 2 evaluations, each creating 1 machine at most, one every 35m", fix: "set DIVIMS_MAX_CREATIONS to 2 or more: then it takes 1h at most"},
		"a pool that cannot grow": {problem: func(s *site) { s.set("MAX_CREATIONS=0") },
			level: setup.Warning, subject: "pace", what: "from the minimum of 1 to the pool's size of 3 is impossible", fix: "set DIVIMS_MAX_CREATIONS to 1 or more"},
		"no entry": {problem: func(s *site) { s.with(func(w *world.World) error { return w.Remove(w.Entries()[1].ID) }) },
			level: setup.Error, subject: "server 2", what: "it has no entry", fix: "provision"},
		"two entries": {problem: func(s *site) {
			s.with(func(w *world.World) error {
				_, err := w.Register(w.Entries()[1].URL, pool.NewSecret("x"))
				return err
			})
		}, level: setup.Error, subject: "server 2", what: "2 entries", fix: "remove all but one"},
		"an entry for no server of the pool": {problem: func(s *site) {
			s.with(func(w *world.World) error {
				_, err := w.Register("https://bbb-old.example.com/bigbluebutton/api", pool.NewSecret("x"))
				return err
			})
		}, level: setup.Warning, subject: "Scalelite", what: `"bbb-old.example.com", which is not a server of the pool`, fix: "remove the entry"},
		"an entry whose URL has no scheme": {problem: func(s *site) {
			s.with(func(w *world.World) error {
				_, err := w.Register("bbb-old.example.com/bigbluebutton/api", pool.NewSecret("x"))
				return err
			})
		}, level: setup.Warning, subject: "Scalelite", what: `"bbb-old.example.com/bigbluebutton/api", which is not a server of the pool`, fix: "remove the entry"},
		"a smaller size": {problem: func(s *site) { s.set("POOL_SIZE=2") },
			level: setup.Warning, subject: "Scaleway", what: "198.18.0.3 is reserved for server 3, which the pool does not have", fix: "--remove"},
		"a domain without an address": {problem: func(s *site) { s.record(record2, false) },
			level: setup.Error, subject: "server 2", what: server2 + " does not resolve to its address 198.18.0.2, but to no address", fix: "provision"},
		"a domain that resolves to another address": {problem: func(s *site) {
			s.record(pool.DNSRecord{Name: server2, Type: pool.RecordA, Data: "192.0.2.7"}, true)
		}, level: setup.Error, subject: "server 2", what: server2 + " resolves to 192.0.2.7, but the server's address is 198.18.0.2", fix: "delete that DNS record"},
		"an address that is gone": {problem: func(s *site) { s.with(func(w *world.World) error { return w.Release(address2) }) },
			level: setup.Error, subject: "server 2", what: "it has no reserved address", fix: "provision"},
		"an address of another machine": {problem: func(s *site) {
			s.with(func(w *world.World) error { return w.Attach(address2, w.Machines()[0].ID) })
		}, level: setup.Error, subject: "server 2", what: "the tag divims-server-2 of its address 198.18.0.2 says server 2", fix: "let one machine alone"},
		"a machine with another address": {problem: func(s *site) {
			s.with(func(w *world.World) error { return w.Attach(w.Addresses()[0].ID, "") })
		}, level: setup.Error, subject: "server 1", what: "its machine has no address instead of its address 198.18.0.1", fix: "attach that address"},
		"no name server": {problem: func(s *site) { s.set("DNS_SERVER=127.0.0.1:1") },
			level: setup.Unknown, subject: "server 3", what: "what bbb-w3.sandbox.test resolves to", fix: "name server"},
		"a wrong BBB secret": {problem: func(s *site) {
			s.with(func(w *world.World) error {
				if err := w.Remove(w.Entries()[0].ID); err != nil {
					return err
				}
				_, err := w.Register("https://bbb-w1.sandbox.test/bigbluebutton/api", pool.NewSecret("wrong"))
				return err
			})
		}, level: setup.Error, subject: "server 1", what: "checksumError", fix: "bbb-conf --secret"},
		"a wrong BBB secret for which Scalelite has it offline": {problem: func(s *site) {
			s.with(func(w *world.World) error { return w.SetSecret(w.Entries()[0].ID, pool.NewSecret("wrong")) })
			s.sandbox.AdvanceTo(s.sandbox.Now().Add(5 * time.Minute))
		}, level: setup.Error, subject: "server 1", what: "checksumError", fix: "bbb-conf --secret"},
		"an entry with another spelling beside the usual one": {problem: func(s *site) {
			s.with(func(w *world.World) error {
				_, err := w.Register("http://BBB-W2.sandbox.test.:80/bigbluebutton/api/", pool.NewSecret("x"))
				return err
			})
		}, level: setup.Error, subject: "server 2", what: "2 entries", fix: "remove all but one"},
		"another BBB secret in the settings": {problem: func(s *site) { s.set("BBB_SECRET=another") },
			level: setup.Warning, subject: "server 2", what: "differs from DIVIMS_BBB_SECRET", fix: "image"},
		"a BBB that is silent": {problem: func(s *site) { s.fault("bbb", "getMeetings", faults.Refused) },
			level: setup.Error, subject: "server 1", what: "its BBB cannot be read", fix: "reached from here"},
		"a certificate that expires": {problem: func(s *site) { s.set("CERTIFICATE_WARNING=36500d") },
			level: setup.Warning, subject: "server 1", what: "its certificate expires in", fix: "renew"},
		"a certificate that expires soon": {problem: func(s *site) { s.set("CERTIFICATE_WARNING=36500d", "CERTIFICATE_ALERT=36500d") },
			level: setup.Error, subject: "server 1", what: "its certificate expires in", fix: "renew"},
		"a certificate that has expired": {problem: func(s *site) { s.fault("tls", "handshake", faults.ExpiredCertificate) },
			level: setup.Error, subject: "server 1", what: "certificate", fix: "look at the server"},
		"wrong password of the stats": {problem: func(s *site) { s.set("STATS_PASSWORD=wrong") },
			level: setup.Error, subject: "server 1", what: "status 401", fix: "docs/stats.md"},
		"stats that are too old": {problem: func(s *site) {
			s.set("STATS_MAX_AGE=10s")
			s.sandbox.AdvanceTo(s.sandbox.Now().Add(50 * time.Second))
		},
			level: setup.Error, subject: "server 1", what: "its recording backlog", fix: "docs/stats.md"},
		"a service that is down": {problem: func(s *site) {
			s.with(func(w *world.World) error { w.Break(1, world.UnitDown{Unit: "bbb-web.service"}); return nil })
		}, level: setup.Warning, subject: "server 1", what: "bbb-web", fix: "look at the server"},
		"a broken calendar": {problem: func(s *site) { s.fault("calendar", "*", faults.ServerError) },
			level: setup.Error, subject: "calendar", what: "it cannot be read", fix: "DIVIMS_CALENDAR_URL"},
		"clocks that differ": {problem: func(s *site) { s.fault("scalelite", "*", faults.SkewAhead) },
			level: setup.Error, subject: "clock", what: "the clock of Scalelite is", fix: "NTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPoolSite(t, c.config)
			c.problem(s)
			report, text, err := s.check()
			found := slices.IndexFunc(report.Findings, func(f setup.Finding) bool {
				return f.Level == c.level && f.Subject == c.subject && strings.Contains(f.What, c.what) && strings.Contains(f.Fix, c.fix)
			})
			if found < 0 {
				t.Errorf("no such finding in:\n%s", text)
			}
			if c.level == setup.Error && err == nil {
				t.Error("the command succeeds in spite of an error")
			}
			worst := string(report.Findings[0].Level)
			if !strings.HasPrefix(text, worst) || worst == string(setup.OK) {
				t.Errorf("the report does not begin with the worst finding:\n%s", text)
			}
		})
	}
}

// TestCheckNamesAStarvedPoller has the poller of the scenario poller-starved: it has its
// default settings, and polls many entries without a machine before the busy servers.
func TestCheckNamesAStarvedPoller(t *testing.T) {
	starved := world.Poller{Threads: 5, Connect: 5 * time.Second, Wait: 10 * time.Second}
	for name, c := range map[string]struct {
		poller world.Poller
		want   string // level and text of the finding
	}{
		"default settings": {starved, "error Scalelite's flags of servers 1, 2, 3 have not followed their answers for 3 polls; " +
			"with Scalelite's default settings a poll of 30 servers takes 36."},
		"a thread for each": {world.Poller{Threads: 40, Connect: 5 * time.Second, Wait: 10 * time.Second}, "ok its settings evidently differ from Scalelite's defaults: it knows 1 server that"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPoolSite(t, func(config *sandbox.Config) {
				config.World.Poller, config.World.Running = c.poller, 3
				config.World.Servers = pool.Servers(30, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate)
			})
			s.with(func(w *world.World) error {
				for i := range 3 {
					w.RemoveByHand(i + 1)() // it is polled last now
				}
				return nil
			})
			for range 2 {
				s.sandbox.AdvanceTo(s.sandbox.Now().Add(5 * time.Minute))
				evaluateBy(t, handler.FromEnvironment(s.environ, io.Discard))
			}
			report, text, _ := s.check()
			i := slices.IndexFunc(report.Findings, func(f setup.Finding) bool { return f.Subject == "poller" })
			if i < 0 || !strings.HasPrefix(string(report.Findings[i].Level)+" "+report.Findings[i].What, c.want) {
				t.Fatalf("want %s in:\n%s", c.want, text)
			}
			if fix := report.Findings[i].Fix; (report.Findings[i].Level == setup.Error) != strings.HasPrefix(fix, "set POLLER_THREADS to 40 in the environment") {
				t.Errorf("fix: %s", fix)
			}
		})
	}
}

// TestCheckLeavesNothingBehind checks that neither the pool nor the bucket is changed.
func TestCheckLeavesNothingBehind(t *testing.T) {
	s := newPoolSite(t, nil)
	before := s.state()
	s.sandbox.Faults().Reset()
	if _, text, err := s.check(); err != nil || s.state() != before {
		t.Errorf("%v: %s\n%s\nwas\n%s", err, text, s.state(), before)
	}
	var changes []string
	for _, call := range s.sandbox.Faults().Calls() {
		if method, _, _ := strings.Cut(call.Name, " "); method == "PATCH" || method == "POST" || method == "PUT" || method == "DELETE" {
			changes = append(changes, call.Name)
		}
	}
	for _, change := range changes {
		if change != "PATCH ip" && change != "PUT check" && change != "DELETE check" {
			t.Errorf("it calls %s", change)
		}
	}
	if !slices.Contains(changes, "DELETE check") {
		t.Errorf("its object stays: %v", changes)
	}
}

// TestCheckPrintsExportsAndFirewall checks that every address of the servers is printed.
func TestCheckPrintsExportsAndFirewall(t *testing.T) {
	s := newSite(t, 2)
	s.set("DNS_IPV6=true")
	if _, text, err := s.provision(t.Context(), nil); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var exports, firewall bytes.Buffer
	c := checking{directory: "/srv/spool", firewallZone: "private"}
	c.out = &exports
	if err := c.exports(t.Context(), s.settings()); err != nil {
		t.Fatal(err)
	}
	c.out = &firewall
	if err := c.firewall(t.Context(), s.settings()); err != nil {
		t.Fatal(err)
	}
	var sources []string
	s.with(func(w *world.World) error {
		for _, a := range w.Addresses() {
			source := a.IP.String()
			if a.IP.Is6() {
				source = netip.PrefixFrom(a.IP, 64).String()
			}
			sources = append(sources, source)
		}
		return nil
	})
	if len(sources) != 4 || strings.Count(exports.String(), "(rw,sync,no_subtree_check)") != 4 || strings.Count(firewall.String(), "--add-source=") != 4 {
		t.Errorf("%d addresses:\n%s%s", len(sources), exports.String(), firewall.String())
	}
	for _, source := range sources {
		if !strings.Contains(exports.String(), "\t"+source+"(rw,") || !strings.Contains(firewall.String(), "--add-source="+source+"\n") {
			t.Errorf("%s is missing in\n%s%s", source, exports.String(), firewall.String())
		}
	}
	s.set("POOL_SIZE=3")
	exports.Reset()
	c.out = &exports
	if err := c.exports(t.Context(), s.settings()); err == nil || !strings.Contains(err.Error(), "no address is reserved for bbb-w3.sandbox.test") {
		t.Errorf("%v", err)
	}
}
