package resolver_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/client/resolver"
	"divims/internal/client/scaleway"
	"divims/internal/config"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// start starts a sandbox with the given records, and returns it and the address of its name
// server.
func start(t *testing.T, records ...pool.DNSRecord) (s *sandbox.Sandbox, server string) {
	t.Helper()
	s, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC), Seed: 1,
		Servers: pool.Servers(1, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	settings, err := config.Load(s.Environment())
	if err != nil {
		t.Fatal(err)
	}
	hoster, err := scaleway.New(scaleway.Config{Settings: settings.Scaleway}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		if err := hoster.DNS(sandbox.Domain).Write(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	return s, settings.Server
}

// An empty list means that a name has no addresses. A name server that does not answer is
// an error.
func TestResolve(t *testing.T) {
	s, server := start(t,
		pool.DNSRecord{Name: "both.sandbox.test", Type: pool.RecordA, Data: "198.18.9.9"},
		pool.DNSRecord{Name: "both.sandbox.test", Type: pool.RecordAAAA, Data: "2001:db8::1"},
		pool.DNSRecord{Name: "alias.sandbox.test", Type: pool.RecordCNAME, Data: "both.sandbox.test"},
		pool.DNSRecord{Name: "dangling.sandbox.test", Type: pool.RecordCNAME, Data: "nowhere.sandbox.test"},
	)
	names := resolver.New(server, nil)
	if resolved, err := names.Resolve(t.Context(), "both.sandbox.test"); err != nil || len(resolved) != 0 {
		t.Errorf("just after the record was written the addresses are %v (%v), want none", resolved, err)
	}
	s.AdvanceTo(s.Now().Add(time.Minute))
	for name, want := range map[string]string{
		"bbb-w1.sandbox.test": "198.18.0.1", "both.sandbox.test": "198.18.9.9 2001:db8::1", "alias.sandbox.test": "198.18.9.9 2001:db8::1",
		"dangling.sandbox.test": "", "nowhere.sandbox.test": "", "sandbox.test": "", "example.com": "",
	} {
		resolved, err := names.Resolve(t.Context(), name)
		slices.SortFunc(resolved, netip.Addr.Compare)
		texts := make([]string, len(resolved))
		for i, ip := range resolved {
			texts[i] = ip.String()
		}
		if got := strings.Join(texts, " "); err != nil || got != want {
			t.Errorf("%s has the addresses %q (%v), want %q", name, got, err, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if resolved, err := resolver.New("127.0.0.1:1", nil).Resolve(ctx, "bbb-w1.sandbox.test"); err == nil {
		t.Errorf("got the addresses %v without a name server, want an error", resolved)
	}
}
