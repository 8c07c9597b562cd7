package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// rising is demand for all servers of the sandbox, from its first minute on.
var rising = []demand.Meeting{{
	Start: sandboxStart.Add(time.Minute), Duration: 3 * time.Hour, Participants: 400, Join: time.Minute, Leave: time.Minute,
}}

// starter runs one evaluation, and returns its result.
type starter struct {
	source string
	start  func() (result, error)
}

type result struct {
	acted, refused bool
	said           string
}

// requested runs the evaluation by an HTTP request to a function instance.
func requested(t *testing.T, instance, path, source string) starter {
	t.Helper()
	return starter{source, func() (result, error) {
		body := strings.NewReader(fmt.Sprintf(`{"source":%q}`, source))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, instance+path, body)
		if err != nil {
			return result{}, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return result{}, err
		}
		defer func() { _ = response.Body.Close() }()
		said, err := io.ReadAll(response.Body)
		return result{response.StatusCode == http.StatusOK, response.StatusCode == http.StatusConflict, string(said)}, err
	}}
}

// commanded runs the evaluation by the command line.
func commanded(t *testing.T, environment []string) starter {
	t.Helper()
	return starter{"command line", func() (result, error) {
		p := newEvaluation(t, environment)
		if err := p.Start(); err != nil {
			return result{}, err
		}
		status, err := p.end()
		return result{status == 0, status == leaseHeld, p.errOut.String()}, err
	}}
}

// crowd starts evaluations at once. An evaluation that asks Scalelite has the lease; it is
// held there until all others have ended, or a second one asks Scalelite, too.
type crowd struct {
	lock           sync.Mutex
	wanted         int
	entered, ended int
	open           chan struct{}
}

func (c *crowd) hold(call faults.Call) {
	if call.Service != "scalelite" || call.Name != "getServers" {
		return
	}
	c.count(&c.entered)
	<-c.open
}

func (c *crowd) count(what *int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	*what++
	if c.entered == 2 || c.ended == c.wanted-1 {
		select {
		case <-c.open:
		default:
			close(c.open)
		}
	}
}

func (c *crowd) start(starters []starter) (results []result, err error) {
	results, problems := make([]result, len(starters)), make([]error, len(starters))
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, s := range starters {
		all.Go(func() {
			<-begin
			results[i], problems[i] = s.start()
			c.count(&c.ended)
		})
	}
	close(begin)
	all.Wait()
	return results, errors.Join(problems...)
}

// holderOf finds the holder of the lease in the error of a refused evaluation.
var holderOf = regexp.MustCompile(`holds the lease: ((cron|http|command line) \S+), until`)

// TestOneOfManySimultaneousEvaluationsActs starts many evaluations at the same moment,
// twice: by cron and by HTTP at four instances of the function, and by the command line
// in processes. A full run starts 240, a third each. The second time the instances are
// warm: all but one at most remember an outdated state.
func TestOneOfManySimultaneousEvaluationsActs(t *testing.T) {
	t.Parallel()
	const instances, rounds = 4, 2
	each := long.Pick(4, 80)
	environment := []string{"DIVIMS_CALL_TIMEOUT=60s", "DIVIMS_TIMEOUT=5m"} // the evaluation with the lease waits for all others
	s, environment := startSandbox(t, rising, append(environment, realStorage(t)...)...)
	var functions []string
	for range instances {
		server := httptest.NewServer(handler.FromEnvironment(environment, io.Discard))
		t.Cleanup(server.Close)
		functions = append(functions, server.URL)
	}
	var starters []starter
	for i := range each {
		starters = append(starters, requested(t, functions[i%instances], "/", "cron"),
			requested(t, functions[i%instances], "/evaluate", "http"), commanded(t, environment))
	}
	random := rand.New(rand.NewPCG(7, 8))
	for round := 1; round <= rounds; round++ {
		random.Shuffle(len(starters), func(i, j int) { starters[i], starters[j] = starters[j], starters[i] })
		s.AdvanceTo(sandboxStart.Add(time.Duration(round) * evaluationInterval))
		s.Faults().Reset()
		c := &crowd{wanted: len(starters), open: make(chan struct{})}
		s.Faults().OnCall(c.hold)
		results, err := c.start(starters)
		s.Faults().OnCall(nil)
		if err != nil {
			t.Fatal(err)
		}
		acted, source, holders := 0, "", map[string]int{}
		for i, r := range results {
			switch holder := holderOf.FindStringSubmatch(r.said); {
			case r.acted:
				acted, source = acted+1, starters[i].source
			case r.refused && holder != nil:
				holders[holder[1]]++
			default:
				t.Errorf("round %d: by %s: %+v", round, starters[i].source, r)
			}
		}
		t.Logf("%d simultaneous starts, %d acted; the others name %v", len(starters), acted, holders)
		if acted != 1 || c.entered != 1 || len(holders) != 1 {
			t.Fatalf("round %d: %d acted, %d looked at the pool, the others name %v", round, acted, c.entered, holders)
		}
		for holder := range holders {
			if !strings.HasPrefix(holder, source+" ") {
				t.Errorf("round %d: %q holds the lease, but one by %s acted", round, holder, source)
			}
		}
		if changed := changesAmong(s.Faults().Calls()); round == 1 && len(changed) == 0 {
			t.Error("the acting evaluation changed nothing")
		}
		if records := decisionsOf(t, environment); records != round {
			t.Errorf("round %d: %d decision records", round, records)
		}
	}
	s.With(func(w *world.World) {
		if names := secondMachines(w); len(names) > 0 {
			t.Errorf("second machines named %q", names)
		}
	})
}

// decisionsOf counts the decision records of the hour of the sandbox's clock, or, on a real
// S3 server, of the real hour and the one before.
func decisionsOf(t *testing.T, environment []string) (n int) {
	t.Helper()
	hours := []time.Time{sandboxStart}
	if onRealStorage() {
		hours = []time.Time{time.Now().Add(-time.Hour), time.Now()}
	}
	for _, hour := range hours {
		records, err := storeOf(t, environment).Decisions(t.Context(), hour)
		if err != nil {
			t.Error(err)
		}
		n += len(records)
	}
	return n
}

// TestSuspendedEvaluationChangesNothingAfterItsLease suspends an evaluation at one of its
// calls until its lease has expired and another evaluation has taken it over.
func TestSuspendedEvaluationChangesNothingAfterItsLease(t *testing.T) {
	t.Parallel()
	const (
		timeout = 10 * time.Second
		// leaseMargin is how much longer a lease lasts than its evaluation may, and a little.
		leaseMargin = 32 * time.Second
	)
	for name, c := range map[string]struct {
		stopAt func(faults.Call) bool
		begun  bool // to change the pool
	}{
		"while it observes":       {func(c faults.Call) bool { return c.Service == "bbb" && c.Name == "getMeetings" }, false},
		"while it acts":           {changes, true},
		"while it makes a server": {func(c faults.Call) bool { return c.Service == "scaleway" && c.Name == "POST servers" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "while it acts" {
				long.Only(t)
			}
			t.Parallel()
			s, environment := startSandbox(t, rising, append(realStorage(t), "DIVIMS_TIMEOUT=10s", "DIVIMS_ACT_PARALLEL=1")...)
			s.AdvanceTo(sandboxStart.Add(evaluationInterval))
			sleeper := newEvaluation(t, environment)
			started, stopped := make(chan struct{}), make(chan error)
			var once sync.Once
			s.Faults().OnCall(func(call faults.Call) {
				if c.stopAt(call) {
					once.Do(func() {
						<-started
						stopped <- sleeper.stop()
					})
				}
			})
			if err := sleeper.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = sleeper.Process.Kill() })
			close(started)
			if err := <-stopped; err != nil {
				t.Fatal(err)
			}
			asleep := time.Now()
			s.Faults().OnCall(nil)
			if begun := len(changesAmong(s.Faults().Calls())) > 0; begun != c.begun {
				t.Fatalf("it had already changed the pool: %v", begun)
			}

			if onRealStorage() { // its clock says when the lease ends
				<-time.After(time.Until(asleep.Add(timeout + leaseMargin)))
			}
			s.AdvanceTo(sandboxStart.Add(2 * evaluationInterval))
			s.Faults().Reset()
			successor := newEvaluation(t, environment)
			if err := successor.Start(); err != nil {
				t.Fatal(err)
			}
			if status, err := successor.end(); err != nil || status != 0 {
				t.Fatalf("the successor ends with %d, %v: %s", status, err, successor.errOut.String())
			}
			if len(changesAmong(s.Faults().Calls())) == 0 {
				t.Fatal("the successor had nothing to do")
			}
			store := storeOf(t, environment)
			before, err := store.State(t.Context())
			if err != nil {
				t.Fatal(err)
			}

			// The suspended process measures by the real clock how long it may act.
			<-time.After(time.Until(asleep.Add(timeout)))
			s.Faults().Reset()
			if err := sleeper.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			status, err := sleeper.end()
			if said := sleeper.errOut.String(); err != nil || status != failed || !strings.Contains(said, pool.ErrLeaseLost.Error()) {
				t.Errorf("it ends with %d, %v: %s", status, err, said)
			}
			if changed := changesAmong(s.Faults().Calls()); len(changed) > 0 {
				t.Errorf("after its lease it changes the pool: %v", changed)
			}
			if after, err := store.State(t.Context()); err != nil || !reflect.DeepEqual(after, before) {
				t.Errorf("the successor's state was changed: %v", err)
			}
			s.With(func(w *world.World) {
				if names := secondMachines(w); len(names) > 0 {
					t.Errorf("second machines named %q", names)
				}
			})
			t.Logf("suspended for %v, then %d calls, 0 changes", time.Since(asleep).Round(time.Second), len(s.Faults().Calls()))
		})
	}
}
