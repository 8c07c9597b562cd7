package handler_test

import (
	"context"
	"fmt"
	"log/slog"
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
	"divims/internal/config"
	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// The scripted day has an evaluation every 5 minutes. The pool grows and shrinks twice,
// records, follows its calendar, has a server in maintenance and replaces one that has
// been up for an hour. Afterwards 80 minutes pass, in which each server is replaced for its age
// once more. If the pool has not settled by then, up to patience further evaluations may
// follow.
const (
	dayEvaluations  = 20
	restEvaluations = 16
	patience        = 16
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
		Calendar: faultCalendar, Moving: true,
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
	// untouched is set if no fault hit. Such a day ends early, because it goes on like the
	// one without faults.
	untouched bool
	// enabled servers, machines and leftover volumes are counted at the end.
	enabled, machines, leftovers int
	// refused and split are meetings. Faults may cause them.
	refused, split int
	calls          []faults.Call
	// evaluations has the calls of each evaluation.
	evaluations [][]faults.Call
}

// process is an instance of the function, which can be killed.
type process struct {
	http.Handler
	caller *sandbox.Caller
}

// day is a run of the scripted day in virtual time.
type day struct {
	sandbox  *sandbox.Sandbox
	settings config.Settings
	process  process
	// number is that of the evaluation, from 1.
	number int
	// killIn is the number of an evaluation whose process dies after killAfter calls; 0 for
	// none.
	killIn, killAfter int
	outcome
}

// runDay runs the scripted day with faults.
func runDay(t *testing.T, rules ...faults.Rule) outcome {
	t.Helper()
	return new(day).runAlone(t, rules...)
}

// runAlone runs the day in a bubble of its own.
func (d *day) runAlone(t *testing.T, rules ...faults.Rule) outcome {
	t.Helper()
	var err error
	sandbox.InVirtualTime(monday, func() { err = d.run(rules) })
	if err != nil {
		t.Fatal(err)
	}
	return d.outcome
}

// run runs the day. When a fault kills the process, a new one takes its place.
func (d *day) run(rules []faults.Rule) (err error) {
	if d.sandbox, err = sandbox.Start(scriptedDay()); err != nil {
		return err
	}
	defer func() { _ = d.sandbox.Close() }()
	environment := append(d.sandbox.Environment(), d.sandbox.MachineSettings()...)
	environment = append(environment, "DIVIMS_RECYCLE_AFTER=1h", "DIVIMS_GRACE=6m")
	if d.settings, err = config.Load(environment); err != nil {
		return err
	}
	d.start()
	defer func() { d.process.caller.Close() }()
	injector := d.sandbox.Faults()
	injector.Reset()
	if err := injector.Set(rules...); err != nil {
		return err
	}
	injector.OnCall(d.watch)
	for d.number = 1; d.number <= dayEvaluations+restEvaluations; d.number++ {
		d.sandbox.AdvanceTo(monday.Add(time.Duration(d.number) * faultInterval))
		d.operate()
		if d.untouched = d.number == dayEvaluations && isUntouched(rules, d.calls); d.untouched {
			return nil
		}
		if d.number == d.killIn {
			d.process.caller.KillAfter(d.killAfter)
		}
		before := len(d.sandbox.Faults().Calls())
		d.evaluate()
		d.evaluations = append(d.evaluations, d.sandbox.Faults().Calls()[before:])
		d.sandbox.With(d.check)
		for _, text := range d.sandbox.StartedWithout() {
			d.violate("%s", text)
		}
	}
	d.settle()
	if status := d.evaluate(); status != http.StatusOK {
		d.violate("the evaluation at the end answers %d", status)
	}
	return nil
}

// watch checks the world after every call, and kills the process if a fault says so.
func (d *day) watch(call faults.Call) {
	if call.Fault == faults.KillBefore || call.Fault == faults.KillAfter {
		d.process.caller.KillAfter(0)
	}
	d.sandbox.With(d.check)
}

// isUntouched reports whether there were to be faults and none has hit.
func isUntouched(rules []faults.Rule, calls []faults.Call) bool {
	return len(rules) > 0 && !slices.ContainsFunc(calls, func(c faults.Call) bool { return c.Fault != "" })
}

// start starts a process in the place of the one before.
func (d *day) start() {
	settings := d.settings
	caller := d.sandbox.NewCaller()
	settings.Network.Dial = caller.Dial
	log := slog.New(slog.DiscardHandler)
	d.process = process{handler.New(func() (*handler.Pool, error) { return handler.Open(settings, log) }, log), caller}
}

// operate is what an operator does before an evaluation. The faults end with the day.
func (d *day) operate() {
	switch d.number {
	case 5:
		d.call("PUT", "/servers/3/maintenance", `{"reason":"disk","author":"Ada"}`)
	case 8, dayEvaluations + 1: // again, because a fault may have hit the first call
		d.call("DELETE", "/servers/3/maintenance", "")
	case dayEvaluations:
		d.calls = d.sandbox.Faults().Calls()
		d.sandbox.Faults().Clear()
	}
}

func (d *day) evaluate() (status int) { return d.call("POST", "/", `{"source":"cron"}`) }

// call sends a request to the process, and replaces the process if that killed it.
func (d *day) call(method, path, body string) (status int) {
	response := httptest.NewRecorder()
	d.process.ServeHTTP(response, httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body)))
	if d.process.caller.Killed() {
		d.sandbox.Faults().Clear()
		d.start()
	}
	return response.Code
}

// settle goes on until the pool is as it is without the fault.
func (d *day) settle() {
	for range patience {
		if d.sandbox.With(func(w *world.World) { d.conclude(w) }); d.enabled == 1 && d.machines == 1 && d.leftovers == 0 {
			break
		}
		d.sandbox.AdvanceTo(monday.Add(time.Duration(d.number) * faultInterval))
		d.evaluate()
		d.number++
	}
}

// violate adds a violation, once for each evaluation.
func (d *day) violate(format string, args ...any) {
	violation := fmt.Sprintf("evaluation %d: %s", d.number, fmt.Sprintf(format, args...))
	if !slices.Contains(d.violations, violation) {
		d.violations = append(d.violations, violation)
	}
}

// check adds a violation for each thing in the world that must not be at any moment.
func (d *day) check(w *world.World) {
	tally := w.Tally()
	if tally.InterruptedMeetings > 0 {
		d.violate("%d meetings interrupted", tally.InterruptedMeetings)
	}
	if tally.LostRecordings > 0 {
		d.violate("%d recordings lost", tally.LostRecordings)
	}
	names := map[string]int{}
	for _, machine := range w.Machines() {
		names[machine.Name]++
		if names[machine.Name] > 1 {
			d.violate("a second machine named %s", machine.Name)
		}
	}
	if !slices.ContainsFunc(w.Entries(), func(e pool.Entry) bool { return e.State == pool.Enabled }) {
		d.violate("no server is enabled")
	}
}

// conclude counts what exists at the end.
func (o *outcome) conclude(w *world.World) {
	tally := w.Tally()
	o.refused, o.split = tally.RefusedMeetings, tally.SplitMeetings
	o.enabled, o.machines, o.leftovers = 0, len(w.Machines()), tally.LeftoverVolumes
	for _, entry := range w.Entries() {
		if entry.State == pool.Enabled {
			o.enabled++
		}
	}
}

// compare adds a violation if the day ended differently from the day without a fault.
func (o *outcome) compare(faultless outcome) {
	if o.untouched {
		return
	}
	if o.enabled != faultless.enabled || o.machines != faultless.machines || o.leftovers > faultless.leftovers {
		o.violations = append(o.violations, fmt.Sprintf("at the end %d servers are enabled, there are %d machines and %d leftover volumes; without the fault %d, %d and %d",
			o.enabled, o.machines, o.leftovers, faultless.enabled, faultless.machines, faultless.leftovers))
	}
}

// Without DIVIMS_TEST_FAULTS, one of 96 pairs of a call and a kind of fault is tried, or
// one of 6 in a full run.
var every = long.Pick(96, 6)

// total counts runs and what went wrong in them.
type total struct {
	mutex                            sync.Mutex
	runs, violations, refused, split int
}

// judge reports the violations of a run and counts it.
func (n *total) judge(t *testing.T, o, faultless outcome) {
	t.Helper()
	o.compare(faultless)
	for _, violation := range o.violations {
		t.Error(violation)
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.runs++
	n.violations += len(o.violations)
	n.refused += o.refused
	n.split += o.split
}

func (n *total) String() string {
	return fmt.Sprintf("%d runs, %d violations; %d meetings refused, %d split", n.runs, n.violations, n.refused, n.split)
}

// matrix counts runs by kind of fault.
type matrix struct {
	total
	kinds, hits map[faults.Kind]int
}

func (m *matrix) note(kind faults.Kind, o outcome) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.kinds[kind]++
	if slices.ContainsFunc(o.calls, func(c faults.Call) bool { return c.Fault == kind }) {
		m.hits[kind]++
	}
}

func (m *matrix) String() string {
	text := fmt.Sprintf("%-20s %6s %6s\n", "fault", "runs", "hit")
	for _, kind := range faults.Kinds {
		text += fmt.Sprintf("%-20s %6d %6d\n", kind, m.kinds[kind], m.hits[kind])
	}
	return text + m.total.String()
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
	m := &matrix{kinds: map[faults.Kind]int{}, hits: map[faults.Kind]int{}}
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
					m.note(kind, o)
					m.judge(t, o, faultless)
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
	var tried total
	t.Run("runs", func(t *testing.T) {
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
				tried.judge(t, runDay(t, rules...), faultless)
			})
		}
	})
	t.Log(tried.String())
}

// TestProcessDiesAfterAnyCall runs the scripted day and lets the process die within one
// evaluation that changes the pool, when so many of its calls were executed. What it has
// sent is still executed. With DIVIMS_TEST_FAULTS it dies after each number of calls,
// otherwise after few of them.
func TestProcessDiesAfterAnyCall(t *testing.T) {
	faultless := runDay(t)
	step := long.Pick(160, 24)
	if thoroughness() != "" {
		step = 1
	}
	var tried total
	t.Run("runs", func(t *testing.T) {
		deaths := 0
		for i, calls := range faultless.evaluations[:dayEvaluations-1] {
			if !slices.ContainsFunc(calls, changesThePool) {
				continue
			}
			for after := range calls {
				if deaths++; deaths%step != 0 {
					continue
				}
				t.Run(fmt.Sprintf("evaluation %d after %d", i+1, after), func(t *testing.T) {
					t.Parallel()
					d := day{killIn: i + 1, killAfter: after}
					tried.judge(t, d.runAlone(t), faultless)
				})
			}
		}
	})
	t.Log(tried.String())
}

// changesThePool reports whether a call changes machines, entries or meetings.
func changesThePool(call faults.Call) bool {
	switch call.Service {
	case "scalelite":
		return !strings.HasPrefix(call.Name, "get")
	case "scaleway":
		return !strings.Contains(call.Name, "GET ")
	}
	return call.Service == "bbb" && call.Name == "end"
}
