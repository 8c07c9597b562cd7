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

// newPoolSite is a pool of three servers, all set up, the first of which runs, as
// an evaluation has just left it.
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

// check runs the command.
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

// with meddles with the world.
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

// record writes a DNS record, or deletes it, and lets the name servers know.
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

// TestCheckFindsNothingWhereAllIsWell.
func TestCheckFindsNothingWhereAllIsWell(t *testing.T) {
	s := newPoolSite(t, nil)
	report, text, err := s.check()
	if err != nil || report.Count(setup.OK) != len(report.Findings) || len(report.Findings) < 15 {
		t.Errorf("%v:\n%s", err, text)
	}
}

// TestCheckFindsWhatIsWrong: each trouble is told as what it is, with why it matters
// and how to mend it, and an error is the exit status.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	const server2 = "bbb-w2.sandbox.test"
	record2 := pool.DNSRecord{Name: server2, Type: pool.RecordA, Data: "198.18.0.2"}
	address2 := "00000000-0000-4000-9000-000000000002"
	for name, c := range map[string]struct {
		config  func(*sandbox.Config)
		trouble func(*site)
		level   setup.Level
		subject string
		what    string // is in it
		mend    string // is in it
	}{
		"wrong key": {trouble: func(s *site) { s.set("SCALEWAY_SECRET_KEY=11111111-1111-4111-8111-111111111111") },
			level: setup.Error, subject: "Scaleway", what: "the machines cannot be listed", mend: "DIVIMS_SCALEWAY_SECRET_KEY"},
		"a key that may only read": {trouble: func(s *site) { s.fault("scaleway", "PATCH ip", faults.Forbidden) },
			level: setup.Error, subject: "Scaleway", what: "cannot change an address's tags", mend: "InstancesFullAccess"},
		"a key without Block Storage": {trouble: func(s *site) { s.fault("scaleway", "block GET volumes", faults.Forbidden) },
			level: setup.Error, subject: "Scaleway", what: "the volumes cannot be listed", mend: "BlockStorageFullAccess"},
		"a zone of others": {trouble: func(s *site) { s.fault("scaleway", "domain GET records", faults.Forbidden) },
			level: setup.Error, subject: "DNS", what: "the zone cannot be read", mend: "DIVIMS_DNS_ZONE"},
		"no address to try it with": {config: func(c *sandbox.Config) { c.Unprovisioned, c.World.Running = true, 0 }, trouble: func(*site) {},
			level: setup.Unknown, subject: "Scaleway", what: "whether the API key may change anything", mend: "provision"},
		"wrong secret of Scalelite": {trouble: func(s *site) { s.set("SCALELITE_SECRET=wrong") },
			level: setup.Error, subject: "Scalelite", what: "checksumError", mend: "LOADBALANCER_SECRET"},
		"Scalelite is down": {trouble: func(s *site) { s.fault("scalelite", "*", faults.BadGateway) },
			level: setup.Error, subject: "Scalelite", what: "the entries cannot be listed", mend: "DIVIMS_SCALELITE_URL"},
		"no such bucket": {trouble: func(s *site) { s.set("STORAGE_BUCKET=another-bucket") },
			level: setup.Error, subject: "storage", what: "NoSuchBucket", mend: "DIVIMS_STORAGE_BUCKET"},
		"a bucket that takes no writes": {trouble: func(s *site) { s.fault("storage", "PUT *", faults.Forbidden) },
			level: setup.Error, subject: "storage", what: "the bucket cannot be used", mend: "ObjectStorageObjectsWrite"},
		"no evaluation for an hour": {trouble: func(s *site) { s.sandbox.AdvanceTo(s.sandbox.Now().Add(time.Hour)) },
			level: setup.Error, subject: "evaluations", what: "the last one was 1h0m0s ago", mend: "its trigger"},
		"no evaluation ever": {trouble: func(s *site) { s.set("STORAGE_PREFIX=fresh") },
			level: setup.Warning, subject: "evaluations", what: "none has been recorded yet", mend: "deploy"},
		"no user data": {trouble: func(s *site) { s.set("USER_DATA=storage:cloud-init.yaml") },
			level: setup.Error, subject: "user data", what: "cannot be made", mend: "DIVIMS_USER_DATA"},
		"no image": {trouble: func(s *site) { s.set("IMAGE_NAME=scalelite-") },
			level: setup.Error, subject: "fr-par-1", what: `no image in fr-par-1 has a name that begins with "scalelite-"`, mend: "make an image"},
		"no image in a zone without addresses": {trouble: func(s *site) { s.set("ZONES=fr-par-1,fr-par-2") },
			level: setup.Warning, subject: "fr-par-2", what: "no image", mend: "take the zone out"},
		"out of stock": {trouble: func(s *site) {
			s.with(func(w *world.World) error { w.SetStock("GP1-S", "fr-par-1", false); return nil })
		}, level: setup.Warning, subject: "fr-par-1", what: "GP1-S is out of stock", mend: "wait"},
		"no commercial type": {trouble: func(s *site) { s.set("COMMERCIAL_TYPES=POP3") },
			level: setup.Error, subject: "fr-par-1", what: "none of DIVIMS_COMMERCIAL_TYPES can be had", mend: "add a type"},
		"quotas below the size": {config: func(c *sandbox.Config) { c.Quotas = map[string]int{"POP2-HC-8C-16G": 1, "POP2-8C-32G": 1, "GP1-S": 0} }, trouble: func(*site) {},
			level: setup.Error, subject: "quotas", what: "the pool has 3 machines when it is full", mend: "raised"},
		"quotas that nobody tells": {trouble: func(s *site) { s.fault("scaleway", "GET quota", faults.Forbidden) },
			level: setup.Unknown, subject: "quotas", what: "list the quotas", mend: "OrganizationReadOnly"},
		"no entry": {trouble: func(s *site) { s.with(func(w *world.World) error { return w.Remove(w.Entries()[1].ID) }) },
			level: setup.Error, subject: "server 2", what: "it has no entry", mend: "provision"},
		"two entries": {trouble: func(s *site) {
			s.with(func(w *world.World) error {
				_, err := w.Register(w.Entries()[1].URL, pool.NewSecret("x"))
				return err
			})
		}, level: setup.Error, subject: "server 2", what: "2 entries", mend: "remove all but one"},
		"an entry of nobody": {trouble: func(s *site) {
			s.with(func(w *world.World) error {
				_, err := w.Register("https://bbb-old.example.com/bigbluebutton/api", pool.NewSecret("x"))
				return err
			})
		}, level: setup.Warning, subject: "Scalelite", what: "bbb-old.example.com, which is no server of the pool", mend: "remove the entry"},
		"a smaller size": {trouble: func(s *site) { s.set("POOL_SIZE=2") },
			level: setup.Warning, subject: "Scaleway", what: "198.18.0.3 is kept for server 3, which the pool does not have", mend: "--remove"},
		"a name that leads nowhere": {trouble: func(s *site) { s.record(record2, false) },
			level: setup.Error, subject: "server 2", what: server2 + " does not lead to its address 198.18.0.2, but to no address", mend: "provision"},
		"a name that leads elsewhere": {trouble: func(s *site) {
			s.record(pool.DNSRecord{Name: server2, Type: pool.RecordA, Data: "192.0.2.7"}, true)
		}, level: setup.Error, subject: "server 2", what: server2 + " leads to 192.0.2.7, and the server's address is 198.18.0.2", mend: "delete that DNS record"},
		"an address that is gone": {trouble: func(s *site) { s.with(func(w *world.World) error { return w.Release(address2) }) },
			level: setup.Error, subject: "server 2", what: "no address is kept for it", mend: "provision"},
		"an address of another machine": {trouble: func(s *site) {
			s.with(func(w *world.World) error { return w.Attach(address2, w.Machines()[0].ID) })
		}, level: setup.Error, subject: "server 2", what: "is held by machine", mend: "take the address off"},
		"a machine with another address": {trouble: func(s *site) {
			s.with(func(w *world.World) error { return w.Attach(w.Addresses()[0].ID, "") })
		}, level: setup.Error, subject: "server 1", what: "its machine has no address, and not its address 198.18.0.1", mend: "give the machine that address"},
		"no name server": {trouble: func(s *site) { s.set("DNS_SERVER=127.0.0.1:1") },
			level: setup.Unknown, subject: "server 3", what: "where bbb-w3.sandbox.test leads", mend: "name server"},
		"a wrong BBB secret": {config: nil, trouble: func(s *site) {
			s.with(func(w *world.World) error {
				if err := w.Remove(w.Entries()[0].ID); err != nil {
					return err
				}
				_, err := w.Register("https://bbb-w1.sandbox.test/bigbluebutton/api", pool.NewSecret("wrong"))
				return err
			})
		}, level: setup.Error, subject: "server 1", what: "checksumError", mend: "bbb-conf --secret"},
		"another BBB secret in the settings": {trouble: func(s *site) { s.set("BBB_SECRET=another") },
			level: setup.Warning, subject: "server 2", what: "another secret than DIVIMS_BBB_SECRET", mend: "image"},
		"a BBB that is silent": {trouble: func(s *site) { s.fault("bbb", "getMeetings", faults.Refused) },
			level: setup.Error, subject: "server 1", what: "its BBB cannot be asked", mend: "reached from here"},
		"a certificate that ends": {trouble: func(s *site) { s.set("CERTIFICATE_WARNING=36500d") },
			level: setup.Warning, subject: "server 1", what: "its certificate ends in", mend: "renew"},
		"a certificate that ends soon": {trouble: func(s *site) { s.set("CERTIFICATE_WARNING=36500d", "CERTIFICATE_ALERT=36500d") },
			level: setup.Error, subject: "server 1", what: "its certificate ends in", mend: "renew"},
		"a certificate that has ended": {trouble: func(s *site) { s.fault("tls", "handshake", faults.ExpiredCertificate) },
			level: setup.Error, subject: "server 1", what: "certificate", mend: "look at the server"},
		"wrong password of the stats": {trouble: func(s *site) { s.set("STATS_PASSWORD=wrong") },
			level: setup.Error, subject: "server 1", what: "status 401", mend: "docs/stats.md"},
		"figures of yesterday": {trouble: func(s *site) {
			s.set("STATS_MAX_AGE=10s")
			s.sandbox.AdvanceTo(s.sandbox.Now().Add(50 * time.Second))
		},
			level: setup.Error, subject: "server 1", what: "whether recordings are in work", mend: "docs/stats.md"},
		"a service that is down": {trouble: func(s *site) {
			s.with(func(w *world.World) error { return w.SetUnit("bbb-w1.sandbox.test", "bbb-web.service", false) })
		}, level: setup.Warning, subject: "server 1", what: "bbb-web", mend: "look at the server"},
		"a broken calendar": {trouble: func(s *site) { s.fault("calendar", "*", faults.ServerError) },
			level: setup.Error, subject: "calendar", what: "it cannot be read", mend: "DIVIMS_CALENDAR_URL"},
		"clocks that differ": {trouble: func(s *site) { s.fault("scalelite", "*", faults.SkewAhead) },
			level: setup.Error, subject: "clock", what: "that of Scalelite is", mend: "NTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPoolSite(t, c.config)
			c.trouble(s)
			report, text, err := s.check()
			found := slices.IndexFunc(report.Findings, func(f setup.Finding) bool {
				return f.Level == c.level && f.Subject == c.subject && strings.Contains(f.What, c.what) && strings.Contains(f.Mend, c.mend)
			})
			if found < 0 {
				t.Errorf("it is not found:\n%s", text)
			}
			if c.level == setup.Error && err == nil {
				t.Error("an error is no error of the command")
			}
			worst := string(report.Findings[0].Level)
			if !strings.HasPrefix(text, worst) || worst == string(setup.OK) {
				t.Errorf("the report does not begin with what is wrong:\n%s", text)
			}
		})
	}
}

// TestCheckLeavesNothingBehind: neither in the bucket nor on the address that it
// writes as it is.
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

// TestCheckPrintsExportsAndFirewall for every server's address, of whichever family.
func TestCheckPrintsExportsAndFirewall(t *testing.T) {
	s := newSite(t, 2)
	s.set("DNS_IPV6=true")
	if _, text, err := s.provision(t.Context(), nil); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var exports, firewall bytes.Buffer
	c := checking{directory: "/srv/spool", zone: "private"}
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
	if err := c.exports(t.Context(), s.settings()); err == nil || !strings.Contains(err.Error(), "no address is kept for bbb-w3.sandbox.test") {
		t.Errorf("%v", err)
	}
}
