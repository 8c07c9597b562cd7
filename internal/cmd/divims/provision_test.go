package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/setup"
)

// site is a sandbox with its settings.
type site struct {
	t       *testing.T
	sandbox *sandbox.Sandbox
	environ []string
	// caller is the way of commands to the services of a moving world; otherwise nil.
	caller *sandbox.Caller
}

// newSite starts a sandbox in which nothing is set up.
func newSite(t *testing.T, servers int) *site {
	t.Helper()
	return startSite(t, sandbox.Config{
		Unprovisioned: true,
		World: world.Config{
			Start: sandboxStart, Seed: 1, Shipped: true, RecordingWork: 1,
			Servers: pool.Servers(servers, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
			Meetings: []demand.Meeting{{
				Start: sandboxStart.Add(time.Hour), Duration: time.Hour, Participants: 20, Join: time.Minute, Leave: time.Minute,
			}},
		},
	})
}

func startSite(t *testing.T, config sandbox.Config) *site {
	t.Helper()
	s, err := sandbox.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	site := &site{t: t, sandbox: s, environ: s.Environment()}
	if config.Moving {
		site.caller = s.NewCaller()
		t.Cleanup(site.caller.Close)
	}
	return site
}

// set adds settings to the environment, each as NAME=value without the prefix.
func (s *site) set(settings ...string) {
	for _, setting := range settings {
		name, _, _ := strings.Cut(setting, "=")
		s.environ = slices.DeleteFunc(s.environ, func(v string) bool { return strings.HasPrefix(v, "DIVIMS_"+name+"=") })
		s.environ = append(s.environ, "DIVIMS_"+setting)
	}
}

func (s *site) settings() config.Settings {
	s.t.Helper()
	settings, err := config.Load(s.environ)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.caller != nil {
		settings.Network.Dial = s.caller.Dial
	}
	return settings
}

// provision runs the command. A pause of the command advances the world's time.
func (s *site) provision(ctx context.Context, change func(*provisioning)) (answer provisioned, text string, err error) {
	s.t.Helper()
	var out, progress bytes.Buffer
	p := provisioning{yes: true, json: true, patience: 10 * time.Minute, answerTimeout: 250 * time.Millisecond, in: strings.NewReader(""), out: &out, progress: &progress,
		pause: func(ctx context.Context, d time.Duration) error {
			s.sandbox.AdvanceTo(s.sandbox.Now().Add(d))
			return ctx.Err()
		}}
	if change != nil {
		change(&p)
	}
	err = p.run(ctx, s.settings())
	if p.json && out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			s.t.Fatalf("the answer %q: %v", out.String(), err)
		}
	}
	return answer, out.String() + progress.String(), err
}

// state returns the pool's addresses, DNS records and entries, one per line.
func (s *site) state() string {
	s.t.Helper()
	outside, err := handler.Connect(s.settings())
	if err != nil {
		s.t.Fatal(err)
	}
	addresses, err := outside.Scaleway.Addresses(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var lines []string
	ips := map[string]string{}
	for _, a := range addresses {
		lines = append(lines, fmt.Sprintf("%s address, tags %v, reverse %q", a.Family(), a.Tags, a.Reverse))
		ips[a.Host().String()] = fmt.Sprintf("address of %v", a.Tags)
	}
	for _, server := range pool.Servers(9, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate) {
		names := []string{server.Domain, server.Hostname + ".ext." + sandbox.Domain}
		records, err := outside.Scaleway.DNS(sandbox.Domain).Records(s.t.Context(), names)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range records {
			if ip := ips[r.Data]; ip != "" {
				r.Data = ip
			}
			lines = append(lines, r.String())
		}
	}
	s.sandbox.With(func(w *world.World) {
		for _, e := range w.Entries() {
			lines = append(lines, fmt.Sprintf("entry %s %s", e.URL, e.State))
		}
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// wholeState returns the state of servers 1 to n with everything that provision sets.
func wholeState(n int) string {
	var lines []string
	for i := range n {
		tags := fmt.Sprintf("[divims-sandbox divims-server-%d divims-provisioned]", i+1)
		domain := fmt.Sprintf("bbb-w%d.sandbox.test", i+1)
		lines = append(lines,
			fmt.Sprintf("IPv4 address, tags %s, reverse %q", tags, domain),
			fmt.Sprintf("%s. A address of %s", domain, tags),
			fmt.Sprintf("entry https://%s/bigbluebutton/api disabled", domain))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestProvisionSetsUpFromNothing checks that one run sets everything up, that a second
// one has nothing to do, and that the function can enable a server afterwards.
func TestProvisionSetsUpFromNothing(t *testing.T) {
	s := newSite(t, 3)
	answer, text, err := s.provision(t.Context(), nil)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if got, want := s.state(), wholeState(3); got != want {
		t.Errorf("state:\n%s\nwant:\n%s", got, want)
	}
	if len(answer.Plan) != 3 || len(answer.Outcomes) != 15 {
		t.Errorf("%d servers planned, %d outcomes; want 3 and 15", len(answer.Plan), len(answer.Outcomes))
	}
	for _, wanted := range []string{"reserve an IPv4 address in fr-par-1: done (198.18.128.", "waiting (now it resolves to no address)"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is missing in:\n%s", wanted, text)
		}
	}
	if answer, text, err := s.provision(t.Context(), nil); err != nil || len(answer.Plan) != 0 {
		t.Errorf("the second run: %v: %s", err, text)
	}

	function := handler.FromEnvironment(s.environ, io.Discard)
	s.sandbox.AdvanceTo(s.sandbox.Now().Add(time.Minute))
	evaluateBy(t, function)
	s.sandbox.AdvanceTo(s.sandbox.Now().Add(10 * time.Minute))
	var online int
	s.sandbox.With(func(w *world.World) {
		for _, e := range w.Entries() {
			if e.Online && e.State == pool.Enabled {
				online++
			}
		}
	})
	if online != 1 {
		t.Errorf("%d servers are enabled and online after an evaluation; want 1", online)
	}
}

// TestProvisionIsFinishedByTheNextRun kills provision before and after each of its
// calls. The next run leaves the same pool as a run that was not interrupted.
func TestProvisionIsFinishedByTheNextRun(t *testing.T) {
	reference := newSite(t, 2)
	reference.sandbox.Faults().Reset()
	if _, text, err := reference.provision(t.Context(), nil); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	calls := reference.sandbox.Faults().Calls()
	if len(calls) < 15 {
		t.Fatalf("only %d calls", len(calls))
	}
	for _, kind := range []faults.Kind{faults.KillBefore, faults.KillAfter} {
		for _, call := range calls {
			t.Run(fmt.Sprintf("%s %s", kind, call), func(t *testing.T) {
				s := newSite(t, 2)
				if err := s.sandbox.Faults().Set(call.Rule(kind)); err != nil {
					t.Fatal(err)
				}
				_, _, _ = s.provision(t.Context(), nil)
				s.sandbox.Faults().Clear()
				if _, text, err := s.provision(t.Context(), nil); err != nil {
					t.Fatalf("%v: %s", err, text)
				}
				if got, want := s.state(), wholeState(2); got != want {
					t.Errorf("state:\n%s\nwant:\n%s", got, want)
				}
			})
		}
	}
}

// TestProvisionRetriesFailedCalls checks that a call which fails once, or whose answer
// is lost, does not keep a server from being set up.
func TestProvisionRetriesFailedCalls(t *testing.T) {
	for _, kind := range []faults.Kind{faults.LostAnswer, faults.BadGateway, faults.TooManyBare} {
		for _, change := range []struct{ service, call string }{
			{"scaleway", "POST ips"}, {"scaleway", "domain PATCH records"}, {"scaleway", "PATCH ip"}, {"scalelite", "addServer"},
		} {
			t.Run(string(kind)+" "+change.call, func(t *testing.T) {
				s := newSite(t, 1)
				s.sandbox.Faults().Reset()
				rule := faults.Rule{Service: change.service, Call: change.call, Kind: kind, From: 1, To: 1}
				if err := s.sandbox.Faults().Set(rule); err != nil {
					t.Fatal(err)
				}
				if _, text, err := s.provision(t.Context(), nil); err != nil || s.state() != wholeState(1) {
					t.Errorf("%v: %s\n%s", err, text, s.state())
				}
				if !slices.ContainsFunc(s.sandbox.Faults().Calls(), func(c faults.Call) bool { return c.Fault == kind }) {
					t.Error("no call failed")
				}
			})
		}
	}
}

// refuseChanges makes Scalelite refuse 3 of 10 registrations, as beside changes of others.
func (s *site) refuseChanges() {
	s.t.Helper()
	s.sandbox.Faults().Reset()
	rule := faults.Rule{Service: "scalelite", Call: "addServer", Kind: faults.ServerError, Percent: 30}
	if err := s.sandbox.Faults().Set(rule); err != nil {
		s.t.Fatal(err)
	}
}

// wantEachOnce checks that Scalelite has exactly one entry for each of n servers, although
// it refused some registrations, and that none came beside another one.
func (s *site) wantEachOnce(n int) {
	s.t.Helper()
	entries := map[string]int{}
	s.sandbox.With(func(w *world.World) {
		for _, e := range w.Entries() {
			entries[e.URL]++
		}
	})
	for _, server := range pool.Servers(n, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate) {
		if entries[server.EntryURL()] != 1 || len(entries) != n {
			s.t.Errorf("server %d has %d of %d entries", server.Number, entries[server.EntryURL()], len(entries))
		}
	}
	sent, refused := 0, 0
	for _, call := range s.sandbox.Faults().Calls() {
		if call.Name == "addServer" {
			sent++
		}
		if call.Fault != "" {
			refused++
		}
	}
	if refused < n/10 || sent != n+refused {
		s.t.Errorf("%d registrations were sent and %d of them refused, for %d servers", sent, refused, n)
	}
}

func TestProvisionRegistersEachOnceBesideRefusals(t *testing.T) {
	s := newSite(t, 20)
	s.refuseChanges()
	if _, text, err := s.provision(t.Context(), nil); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	s.wantEachOnce(20)
}

func TestEvaluationsRegisterEachOnceBesideRefusals(t *testing.T) {
	s := newPoolSite(t, func(c *sandbox.Config) {
		c.World.Servers = pool.Servers(20, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate)
	})
	s.set("REGISTER_ENTRIES=true")
	s.with(func(w *world.World) error {
		for i := range 20 {
			w.RemoveByHand(i + 1)
		}
		return nil
	})
	s.refuseChanges()
	for range 2 { // a server without an entry is seen twice before one is registered
		s.sandbox.AdvanceTo(s.sandbox.Now().Add(5 * time.Minute))
		evaluateBy(t, handler.FromEnvironment(s.environ, io.Discard))
	}
	s.wantEachOnce(20)
}

// TestInterruptedProvisionStops checks that provision starts nothing more after an
// interruption, says so, and can be run again.
func TestInterruptedProvisionStops(t *testing.T) {
	s := newSite(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	s.sandbox.Faults().OnCall(func(call faults.Call) {
		if call.Name == "domain PATCH records" {
			cancel()
		}
	})
	_, text, err := s.provision(ctx, nil)
	if err == nil || !strings.Contains(text, "interrupted: run this again to continue") {
		t.Errorf("%v: %s", err, text)
	}
	if strings.Contains(s.state(), "entry") {
		t.Errorf("state after the interruption:\n%s", s.state())
	}
	s.sandbox.Faults().OnCall(nil)
	if _, text, err := s.provision(t.Context(), nil); err != nil || s.state() != wholeState(2) {
		t.Errorf("%v: %s", err, text)
	}
}

// TestProvisionNeedsConfirmation checks that nothing is done without a yes, nor on a dry run.
func TestProvisionNeedsConfirmation(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*provisioning)
		done   bool
	}{
		"no answer": {func(p *provisioning) { p.yes = false }, false},
		"no":        {func(p *provisioning) { p.yes, p.in = false, strings.NewReader("no\n") }, false},
		"dry run":   {func(p *provisioning) { p.dryRun = true }, false},
		"yes":       {func(p *provisioning) { p.yes, p.in = false, strings.NewReader("Y\n") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 1)
			_, text, err := s.provision(t.Context(), func(p *provisioning) { p.json = false; c.change(p) })
			if !strings.Contains(text, "server 1, bbb-w1.sandbox.test\n  reserve an IPv4 address in fr-par-1\n  write the DNS record bbb-w1.sandbox.test. A its new address\n") {
				t.Errorf("the plan is not shown:\n%s", text)
			}
			if got := s.state() != ""; got != c.done {
				t.Errorf("something was done: %t, want %t (%v)", got, c.done, err)
			}
		})
	}
}

// TestProvisionWritesAliases checks DNS_CNAME with both families: the machine's name
// has the addresses, and the domain is an alias of it.
func TestProvisionWritesAliases(t *testing.T) {
	s := newSite(t, 1)
	s.set("DNS_CNAME=true", "DNS_SUBDOMAIN=ext", "DNS_IPV6=true")
	if _, text, err := s.provision(t.Context(), nil); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	const tags = "[divims-sandbox divims-server-1 divims-provisioned]"
	want := strings.Join([]string{
		"IPv4 address, tags " + tags + `, reverse "bbb-w1.sandbox.test"`,
		"IPv6 address, tags " + tags + `, reverse "bbb-w1.sandbox.test"`,
		"bbb-w1.ext.sandbox.test. A address of " + tags,
		"bbb-w1.ext.sandbox.test. AAAA address of " + tags,
		"bbb-w1.sandbox.test. CNAME bbb-w1.ext.sandbox.test",
		"entry https://bbb-w1.sandbox.test/bigbluebutton/api disabled",
	}, "\n")
	if got := s.state(); got != want {
		t.Errorf("state:\n%s\nwant:\n%s", got, want)
	}
	if answer, text, err := s.provision(t.Context(), nil); err != nil || len(answer.Plan) != 0 {
		t.Errorf("the second run: %v: %s", err, text)
	}
}

// TestProvisionWithoutAZone checks that provision reserves the address, says which
// record to write, and continues once the operator has written it.
func TestProvisionWithoutAZone(t *testing.T) {
	s := newSite(t, 1)
	s.set("DNS_PROVIDER=none")
	answer, text, err := s.provision(t.Context(), nil)
	if err == nil || len(answer.Outcomes) != 2 || answer.Outcomes[1].Result != setup.Left {
		t.Fatalf("%v: %s", err, text)
	}
	record := answer.Outcomes[1].Step.Record
	if record.Name != "bbb-w1.sandbox.test" || !strings.HasPrefix(record.Data, "198.18.") {
		t.Errorf("record to write: %s", record)
	}
	outside, err := handler.Connect(s.settings())
	if err != nil {
		t.Fatal(err)
	}
	if err := outside.Scaleway.DNS(sandbox.Domain).Write(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	s.sandbox.AdvanceTo(s.sandbox.Now().Add(time.Minute))
	if _, text, err := s.provision(t.Context(), nil); err != nil || s.state() != wholeState(1) {
		t.Errorf("%v: %s", err, text)
	}
}

// TestRemovalOfServersAboveTheSize checks that everything of the servers above the size
// is removed, and nothing of the others.
func TestRemovalOfServersAboveTheSize(t *testing.T) {
	s := newSite(t, 3)
	if _, text, err := s.provision(t.Context(), nil); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	remove := func(p *provisioning) { p.remove = true }
	if answer, text, err := s.provision(t.Context(), remove); err != nil || len(answer.Plan) != 0 {
		t.Fatalf("no server is above the size: %v: %s", err, text)
	}
	s.set("POOL_SIZE=1")
	if _, text, err := s.provision(t.Context(), remove); err != nil || s.state() != wholeState(1) {
		t.Errorf("%v: %s\nstate:\n%s", err, text, s.state())
	}
}

// TestRemovalIsFinishedByTheNextRun kills the removal before and after each of its
// calls. No address is given back while its name resolves to it.
func TestRemovalIsFinishedByTheNextRun(t *testing.T) {
	remove := func(p *provisioning) { p.remove = true }
	shrunk := func(t *testing.T) *site {
		s := newSite(t, 2)
		if _, text, err := s.provision(t.Context(), nil); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		s.set("POOL_SIZE=1")
		return s
	}
	reference := shrunk(t)
	reference.sandbox.Faults().Reset()
	if _, text, err := reference.provision(t.Context(), remove); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, kind := range []faults.Kind{faults.KillBefore, faults.KillAfter} {
		for _, call := range reference.sandbox.Faults().Calls() {
			t.Run(fmt.Sprintf("%s %s", kind, call), func(t *testing.T) {
				s := shrunk(t)
				if err := s.sandbox.Faults().Set(call.Rule(kind)); err != nil {
					t.Fatal(err)
				}
				_, _, _ = s.provision(t.Context(), remove)
				s.sandbox.Faults().Clear()
				if state := s.state(); strings.Contains(state, "bbb-w2.sandbox.test. A") && !strings.Contains(state, "bbb-w2.sandbox.test. A address of") {
					t.Errorf("the domain still resolves to an address that was given back:\n%s", state)
				}
				if _, text, err := s.provision(t.Context(), remove); err != nil || s.state() != wholeState(1) {
					t.Errorf("%v: %s\nstate:\n%s", err, text, s.state())
				}
			})
		}
	}
}

// TestRemovalRefusesServersInUse checks that servers which are in use, or which the function still
// evaluates, are not removed.
func TestRemovalRefusesServersInUse(t *testing.T) {
	running := func(t *testing.T) *site {
		s := startSite(t, sandbox.Config{World: world.Config{
			Start: sandboxStart, Seed: 1, Shipped: true, RecordingWork: 1, Running: 2,
			Servers: pool.Servers(2, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		}})
		s.set("POOL_SIZE=1")
		return s
	}
	remove := func(p *provisioning) { p.remove = true }
	t.Run("a machine", func(t *testing.T) {
		s := running(t)
		before := s.state()
		answer, _, err := s.provision(t.Context(), remove)
		if err == nil || len(answer.Plan) != 1 || !strings.Contains(answer.Plan[0].Problem, "its machine") || s.state() != before {
			t.Errorf("%v, plan %+v", err, answer.Plan)
		}
	})
	t.Run("servers of the last evaluation", func(t *testing.T) {
		s := running(t)
		evaluateBy(t, handler.FromEnvironment(s.sandbox.Environment(), io.Discard))
		_, _, err := s.provision(t.Context(), remove)
		if err == nil || !strings.Contains(err.Error(), "had 2 servers, but DIVIMS_POOL_SIZE is 1") {
			t.Errorf("%v", err)
		}
	})
}

// TestProvisionNeedsCompleteLists checks that nothing is planned if a list cannot be read.
func TestProvisionNeedsCompleteLists(t *testing.T) {
	for _, look := range []struct{ service, call string }{
		{"scaleway", "GET ips"}, {"scaleway", "GET servers"}, {"scaleway", "domain GET records"}, {"scalelite", "getServers"},
	} {
		t.Run(look.call, func(t *testing.T) {
			s := newSite(t, 1)
			if err := s.sandbox.Faults().Set(faults.Rule{Service: look.service, Call: look.call, Kind: faults.ServerError}); err != nil {
				t.Fatal(err)
			}
			_, text, err := s.provision(t.Context(), nil)
			if err == nil || text != "" {
				t.Errorf("%v: %q", err, text)
			}
			s.sandbox.Faults().Clear()
			if state := s.state(); state != "" {
				t.Errorf("state:\n%s", state)
			}
		})
	}
}

// evaluateBy calls the function for one evaluation.
func evaluateBy(t *testing.T, function http.Handler) {
	t.Helper()
	response := httptest.NewRecorder()
	function.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"source":"cron"}`)))
	if response.Code != http.StatusOK {
		t.Fatalf("status %d: %s", response.Code, response.Body)
	}
}
