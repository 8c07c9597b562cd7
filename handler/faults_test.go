package handler_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// The scripted day has an evaluation every 5 minutes. The pool grows and shrinks twice,
// records, follows its calendar, has a server in maintenance and replaces one that has
// been up for an hour. Afterwards two hours pass. If the pool has not settled by then, up
// to patience further evaluations may follow.
const (
	dayEvaluations  = 20
	restEvaluations = 24
	patience        = 8
	faultInterval   = 5 * time.Minute
)

var faultCalendar = []byte(strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:exam
DTSTAMP:20260101T000000Z
DTSTART:20260302T074500Z
DTEND:20260302T080000Z
SUMMARY:users=500
END:VEVENT
BEGIN:VEVENT
UID:after
DTSTAMP:20260101T000000Z
DTSTART:20260302T080000Z
DTEND:20260302T090000Z
SUMMARY:users=1
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n"))

func scriptedDay() sandbox.Config {
	at := func(minute, length, people int, recorded bool) demand.Meeting {
		return demand.Meeting{Start: monday.Add(time.Duration(minute) * time.Minute), Duration: time.Duration(length) * time.Minute,
			Participants: people, Join: time.Minute, Leave: time.Minute, Recorded: recorded}
	}
	return sandbox.Config{
		Calendar: faultCalendar,
		World: world.Config{
			Start: monday, Seed: 1, Running: 1, Shipped: true, RecordingWork: 0.3, Zones: []string{"fr-par-1"},
			Servers:  pool.Servers(4, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
			Meetings: []demand.Meeting{at(1, 30, 200, false), at(7, 12, 100, true), at(12, 15, 60, true), at(66, 10, 150, true), at(67, 14, 120, false)},
		},
	}
}

// outcome is the result of a day with a fault.
type outcome struct {
	violations []string
	// enabled servers, machines and leftover volumes are counted at the end.
	enabled, machines, leftovers int
	calls                        []faults.Call
}

// runDay runs the scripted day with faults. When a fault kills the process, a new one
// takes its place.
func runDay(t *testing.T, rules ...faults.Rule) outcome {
	t.Helper()
	s, err := sandbox.Start(scriptedDay())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	environment := append(s.Environment(), "DIVIMS_CALL_TIMEOUT=500ms", "DIVIMS_TIMEOUT=10s", "DIVIMS_RECYCLE_AFTER=1h", "DIVIMS_GRACE=6m")
	process := handler.FromEnvironment(environment, io.Discard)
	call := func(method, path, body string) int {
		response := httptest.NewRecorder()
		process.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
		return response.Code
	}
	s.Faults().Reset()
	if err := s.Faults().Set(rules...); err != nil {
		t.Fatal(err)
	}
	var o outcome
	for n := 1; n <= dayEvaluations+restEvaluations; n++ {
		s.AdvanceTo(monday.Add(time.Duration(n) * faultInterval))
		switch n {
		case 5:
			call("PUT", "/servers/3/maintenance", `{"reason":"disk","author":"Ada"}`)
		case 8, dayEvaluations + 1: // again, because a fault may have hit the first call
			call("DELETE", "/servers/3/maintenance", "")
		case dayEvaluations:
			o.calls = s.Faults().Calls()
			s.Faults().Clear()
		}
		call("POST", "/", `{"source":"cron"}`)
		if n < dayEvaluations && killed(s.Faults()) {
			s.Faults().Clear()
			process = handler.FromEnvironment(environment, io.Discard)
		}
		s.With(func(w *world.World) { o.check(n, w) })
	}
	// The pool settles as it does without the fault, but perhaps some evaluations later,
	// because every server that has been up for an hour is replaced.
	for n := dayEvaluations + restEvaluations + 1; n <= dayEvaluations+restEvaluations+patience; n++ {
		if s.With(func(w *world.World) { o.conclude(w) }); o.enabled == 1 && o.machines == 1 && o.leftovers == 0 {
			break
		}
		s.AdvanceTo(monday.Add(time.Duration(n) * faultInterval))
		call("POST", "/", `{"source":"cron"}`)
	}
	if status := finalStatus(s, call); status != http.StatusOK {
		o.violate("the evaluation at the end answers %d", status)
	}
	return o
}

// finalStatus returns the status of an evaluation at the end. If it fails, two more are
// tried: on a busy machine a call may miss its timeout without any fault.
func finalStatus(s *sandbox.Sandbox, call func(method, path, body string) int) (status int) {
	for range 3 {
		if status = call("POST", "/", `{"source":"cron"}`); status == http.StatusOK {
			break
		}
		s.AdvanceTo(s.Now().Add(faultInterval))
	}
	return status
}

func killed(layer *faults.Injector) bool {
	return slices.ContainsFunc(layer.Calls(), func(c faults.Call) bool { return c.Fault == faults.KillBefore || c.Fault == faults.KillAfter })
}

func (o *outcome) violate(format string, args ...any) {
	o.violations = append(o.violations, fmt.Sprintf(format, args...))
}

// check adds a violation for each thing in the world that must not be at any step.
func (o *outcome) check(n int, w *world.World) {
	tally := w.Tally()
	if tally.InterruptedMeetings > 0 {
		o.violate("evaluation %d: %d meetings interrupted", n, tally.InterruptedMeetings)
	}
	if tally.LostRecordings > 0 {
		o.violate("evaluation %d: %d recordings lost", n, tally.LostRecordings)
	}
	names := map[string]int{}
	for _, machine := range w.Machines() {
		names[machine.Name]++
		if names[machine.Name] > 1 {
			o.violate("evaluation %d: a second machine named %s", n, machine.Name)
		}
	}
	enabled := 0
	for _, entry := range w.Entries() {
		if entry.State == pool.Enabled {
			enabled++
		}
	}
	if enabled == 0 {
		o.violate("evaluation %d: no server is enabled", n)
	}
}

// conclude counts what exists at the end.
func (o *outcome) conclude(w *world.World) {
	o.enabled, o.machines, o.leftovers = 0, len(w.Machines()), w.Tally().LeftoverVolumes
	for _, entry := range w.Entries() {
		if entry.State == pool.Enabled {
			o.enabled++
		}
	}
}

// compare adds a violation if the day ended differently from the day without a fault.
func (o *outcome) compare(faultless outcome) {
	if o.enabled != faultless.enabled || o.machines != faultless.machines || o.leftovers > faultless.leftovers {
		o.violate("at the end %d servers are enabled, there are %d machines and %d leftover volumes; without the fault %d, %d and %d",
			o.enabled, o.machines, o.leftovers, faultless.enabled, faultless.machines, faultless.leftovers)
	}
}

// Without DIVIMS_TEST_FAULTS, one of 96 pairs of a call and a kind of fault is tried, or
// one of 6 in a full run.
var every = long.Pick(96, 6)

// matrix counts runs by kind of fault, and all violations.
type matrix struct {
	mutex      sync.Mutex
	runs, hits map[faults.Kind]int
	violations int
}

func (m *matrix) note(kind faults.Kind, o outcome) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.runs[kind]++
	m.violations += len(o.violations)
	if slices.ContainsFunc(o.calls, func(c faults.Call) bool { return c.Fault == kind }) {
		m.hits[kind]++
	}
}

func (m *matrix) String() string {
	text := fmt.Sprintf("%-20s %6s %6s\n", "fault", "runs", "hit")
	total := 0
	for _, kind := range faults.Kinds {
		text += fmt.Sprintf("%-20s %6d %6d\n", kind, m.runs[kind], m.hits[kind])
		total += m.runs[kind]
	}
	return text + fmt.Sprintf("%d runs, %d violations", total, m.violations)
}

// thoroughness is the value of DIVIMS_TEST_FAULTS, which says how much of the matrix is
// tried: "sites" is every kind of fault at one call of each site, "kills" is the process
// dropped before and after every call, "all" is every kind at every call. Without it,
// some kinds are tried at one call of each site, more of them in a full run.
func thoroughness() string { return os.Getenv("DIVIMS_TEST_FAULTS") }

// TestEveryCallEveryFault runs the scripted day once for each kind of fault at each
// outside call.
func TestEveryCallEveryFault(t *testing.T) {
	faultless := runDay(t)
	if len(faultless.violations) > 0 {
		t.Fatalf("without any fault: %q", faultless.violations)
	}
	calls := chosenCalls(faultless.calls)
	m := &matrix{runs: map[faults.Kind]int{}, hits: map[faults.Kind]int{}}
	t.Run("runs", func(t *testing.T) {
		for i, call := range calls {
			for j, kind := range faults.Kinds {
				if (call.Service == faults.TLS) != (kind == faults.ExpiredCertificate || kind == faults.WrongName) {
					continue
				}
				if thoroughness() == "kills" && kind != faults.KillBefore && kind != faults.KillAfter {
					continue
				}
				if thoroughness() == "" && call.Service != faults.TLS && (i+j)%every != 0 {
					continue
				}
				rule := call.Rule(kind)
				t.Run(rule.String(), func(t *testing.T) {
					t.Parallel()
					o := runDay(t, rule)
					o.compare(faultless)
					m.note(kind, o)
					for _, violation := range o.violations {
						t.Error(violation)
					}
				})
			}
		}
	})
	t.Logf("%d of %d calls\n%s", len(calls), len(faultless.calls), m)
}

// chosenCalls returns the calls at which faults are tried. TLS handshakes are added: the
// log of a day without faults does not contain them.
func chosenCalls(all []faults.Call) []faults.Call {
	for server := 1; server <= 3; server++ {
		all = append(all, faults.Call{Operation: faults.Operation{Service: faults.TLS, Name: faults.Handshake, Server: server}, Ordinal: 1})
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if thoroughness() == "all" || thoroughness() == "kills" {
		return all
	}
	sites := map[string]bool{}
	return slices.DeleteFunc(all, func(c faults.Call) bool {
		site := c.Service + c.Name
		known := sites[site]
		sites[site] = true
		return known
	})
}

// TestPairsOfFaults runs the scripted day with two faults at random calls.
func TestPairsOfFaults(t *testing.T) {
	faultless := runDay(t)
	random := rand.New(rand.NewPCG(3, 4))
	pairs := long.Pick(2, 20)
	if thoroughness() != "" {
		pairs = 200
	}
	for range pairs {
		var rules []faults.Rule
		var names []string
		for range 2 {
			call := faultless.calls[random.IntN(len(faultless.calls))]
			kind := faults.Kinds[random.IntN(len(faults.Kinds)-2)] // handshakes are not in the log
			rules = append(rules, call.Rule(kind))
			names = append(names, call.Rule(kind).String())
		}
		t.Run(strings.Join(names, " and "), func(t *testing.T) {
			t.Parallel()
			o := runDay(t, rules...)
			o.compare(faultless)
			for _, violation := range o.violations {
				t.Error(violation)
			}
		})
	}
}
