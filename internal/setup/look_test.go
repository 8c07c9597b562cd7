package setup

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/pool"
)

// outside is all outside services of a pool of three servers. Only the first server
// runs. outside counts calls, and fails the calls named in failing.
type outside struct {
	lock    sync.Mutex
	calls   map[string]int
	failing []string
}

func (o *outside) call(name string) error {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.calls[name]++
	if slices.Contains(o.failing, name) {
		return errors.New(name + " fails")
	}
	return nil
}

func (o *outside) Machines(context.Context, []string) ([]pool.Machine, error) {
	return []pool.Machine{{ID: "m1", Name: "bbb-w1", State: pool.Running}}, o.call("Machines")
}

func (o *outside) Addresses(context.Context) ([]pool.Address, error) {
	return []pool.Address{provisioned()}, o.call("Addresses")
}

func (o *outside) Leftovers(context.Context, []string) ([]pool.Volume, error) {
	return nil, o.call("Leftovers")
}

func (o *outside) ImageIn(context.Context, string) (pool.Image, error) {
	return pool.Image{}, o.call("ImageIn")
}

func (o *outside) Equipment(context.Context, string) ([]string, error) {
	return nil, o.call("Equipment")
}

func (o *outside) Lacking(context.Context, []pool.Machine) (map[string][]string, error) {
	return nil, o.call("Lacking")
}

func (o *outside) Types(context.Context, string) (map[string]pool.MachineType, error) {
	return nil, o.call("Types")
}

func (o *outside) Offers(context.Context, string) (map[string]string, error) {
	return nil, o.call("Offers")
}

func (o *outside) Quotas(context.Context, []string, string) (map[string]int, error) {
	return nil, o.call("Quotas")
}

func (o *outside) Reserve(context.Context, pool.Server, string, pool.Family) (pool.Address, error) {
	return pool.Address{}, o.call("Reserve")
}

func (o *outside) Keep(context.Context, pool.Address, pool.Server) error { return o.call("Keep") }

func (o *outside) SetReverse(context.Context, pool.Address, string) error {
	return o.call("SetReverse")
}

func (o *outside) Release(context.Context, pool.Address) error { return o.call("Release") }

func (o *outside) Entries(context.Context) ([]pool.Entry, error) {
	entries := make([]pool.Entry, 3)
	for i, server := range pool.Servers(3, 0, "bbb-w{n}", "bbb-w{n}.example.com") {
		entries[i] = pool.Entry{ID: server.Hostname, URL: server.EntryURL()}
	}
	return entries, o.call("Entries")
}

func (o *outside) Register(context.Context, string, pool.Secret) (pool.Entry, error) {
	return pool.Entry{}, o.call("Register")
}

func (o *outside) SetState(context.Context, string, pool.EntryState) error {
	return o.call("SetState")
}

func (o *outside) Unregister(context.Context, string) error { return o.call("Unregister") }

func (o *outside) Meetings(context.Context, pool.Endpoint) (pool.Conference, error) {
	return pool.Conference{}, o.call("Meetings")
}

func (o *outside) Version(context.Context, pool.Endpoint) (string, error) {
	return "2.0", o.call("Version")
}

func (o *outside) Stats(context.Context, pool.Server, func() time.Time) (pool.Stats, error) {
	return pool.Stats{}, o.call("Stats")
}

func (o *outside) Try(context.Context) error { return o.call("Try") }

func (o *outside) State(context.Context) (pool.State, error) { return pool.State{}, o.call("State") }

func (o *outside) Resolve(context.Context, string) ([]netip.Addr, error) {
	return nil, o.call("Resolve")
}

func (o *outside) Records(context.Context, []string) ([]pool.DNSRecord, error) {
	return nil, o.call("Records")
}

func (o *outside) Write(context.Context, pool.DNSRecord) error { return o.call("Write") }

func (o *outside) Delete(context.Context, pool.DNSRecord) error { return o.call("Delete") }

func (o *outside) Events(context.Context, time.Time, time.Time, []byte) (pool.Calendar, []byte, error) {
	return pool.Calendar{}, nil, o.call("Events")
}

func (o *outside) services() Services {
	return Services{
		Hoster: o, LoadBalancer: o, BBB: o, Storage: o, Names: o, Zone: o, Stats: o, Calendar: o,
		UserData: func(context.Context, pool.Server) ([]byte, error) { return nil, o.call("UserData") },
		Health:   func(context.Context) (string, error) { return "success", o.call("Health") },
		Clocks: map[string]func(context.Context) (*time.Duration, error){
			"Scaleway": func(context.Context) (*time.Duration, error) { return new(time.Duration(0)), o.call("Clock") },
		},
	}
}

// lookFrom looks at the outside services. The pool has the first size of the three
// servers.
func lookFrom(t *testing.T, o *outside, size int, parts Parts) (Config, Sight) {
	t.Helper()
	o.calls = map[string]int{}
	config := testConfig()
	config.Servers = pool.Servers(size, 0, config.HostnameTemplate, config.DomainTemplate)
	config.Zones, config.CallTimeout, config.LookParallel = []string{"fr-par-1", "fr-par-2"}, time.Minute, 2
	config.HasStats, config.HasCalendar = true, true
	return config, Look(t.Context(), time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), config, o.services(), parts)
}

// TestLookAsksOnlyForItsParts counts the outside calls that each command makes.
func TestLookAsksOnlyForItsParts(t *testing.T) {
	for name, c := range map[string]struct {
		parts Parts
		size  int
		want  map[string]int
	}{
		"check": {ForCheck, 3, map[string]int{
			"Entries": 1, "Machines": 1, "Addresses": 1, "Leftovers": 1, "ImageIn": 2, "Equipment": 2, "Lacking": 1, "Offers": 2, "Types": 2, "Quotas": 1, "Keep": 1, "Records": 1,
			"Resolve": 3, "Meetings": 1, "Stats": 1, "Try": 1, "State": 1, "Events": 1, "UserData": 1, "Health": 1, "Clock": 1,
		}},
		"provision":          {ForSetup, 3, map[string]int{"Entries": 1, "Machines": 1, "Addresses": 1, "Records": 1, "Resolve": 3}},
		"provision --remove": {ForRemoval, 1, map[string]int{"Entries": 1, "Machines": 1, "Addresses": 1, "Records": 1, "Resolve": 2, "Version": 2, "State": 1}},
		"check --format":     {ForClients, 3, map[string]int{"Machines": 1, "Addresses": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			o := &outside{}
			lookFrom(t, o, c.size, c.parts)
			if !maps.Equal(o.calls, c.want) {
				t.Errorf("calls %v, want %v", o.calls, c.want)
			}
		})
	}
}

// TestFailedCallsAreFindings checks that each call that fails has a finding with its
// reason, and that the other calls are made all the same.
func TestFailedCallsAreFindings(t *testing.T) {
	complete := &outside{}
	lookFrom(t, complete, 3, ForCheck)
	for call := range complete.calls {
		t.Run(call, func(t *testing.T) {
			o := &outside{failing: []string{call}}
			report := Check(lookFrom(t, o, 3, ForCheck))
			if !slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Level != OK && strings.Contains(f.What, call+" fails") }) {
				t.Errorf("the findings are %+v", report.Findings)
			}
			for other, times := range complete.calls {
				lists := []string{"Entries", "Machines", "Addresses"} // the calls to servers depend on these lists
				if o.calls[other] != times && !slices.Contains(lists, call) {
					t.Errorf("%s is called %d times, want %d", other, o.calls[other], times)
				}
			}
		})
	}
}

// TestSlowCallEndsAtItsDeadline checks that one service without an answer costs its
// own part only.
func TestSlowCallEndsAtItsDeadline(t *testing.T) {
	o := &outside{calls: map[string]int{}}
	services := o.services()
	services.Health = func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	config := testConfig()
	config.Zones, config.CallTimeout, config.LookParallel = []string{"fr-par-1"}, time.Millisecond, 1
	seen := Look(t.Context(), time.Now(), config, services, ForCheck)
	if seen.Health.Reason() != "no answer within 1ms" || !seen.Entries.Known() {
		t.Errorf("health %q, entries %q", seen.Health.Reason(), seen.Entries.Reason())
	}
}
