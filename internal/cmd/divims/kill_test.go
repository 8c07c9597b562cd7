package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
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

// restEvaluations is how many evaluations follow undisturbed: two virtual hours.
const restEvaluations = 24

// TestKilledEvaluationsLoseNothing kills `divims evaluate` again and again
// at random moments, while the world moves; every third evaluation is not killed. DIVIMS_TEST_KILLS is the
// number of kills, 3 without it, or 30 in a full run.
func TestKilledEvaluationsLoseNothing(t *testing.T) {
	kills := long.Pick(3, 30)
	if text := os.Getenv("DIVIMS_TEST_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("DIVIMS_TEST_KILLS=%s must be a number", text)
		}
	}
	// Some processes end before they are killed.
	busy := 9*kills/4 + long.Pick(15, 60)
	killing, undisturbed := newLife(t, busy), newLife(t, busy)
	var beside sync.WaitGroup
	beside.Go(func() { undisturbed.liveTo(busy + restEvaluations) })
	tried := killing.kill(kills, busy)
	killing.liveTo(busy + restEvaluations)
	beside.Wait()

	if got, want := killing.conclude(), undisturbed.conclude(); got != want {
		killing.violate("the pool ends as %+v, without the kills as %+v", got, want)
	}
	for _, violation := range slices.Concat(killing.violations, undisturbed.violations) {
		t.Error(violation)
	}
	t.Logf("%v, %d violations", tried, len(killing.violations))
	if tried.kills < kills/2 || kills >= 100 && (tried.kills < kills || tried.before < kills/20 || tried.held < kills/10 || tried.changed < kills/50) {
		t.Errorf("%v, %d wanted: too few, or not in all phases of an evaluation", tried, kills)
	}
}

// kills counts kills by how far the evaluation had come.
type kills struct{ kills, before, held, changed int }

func (k kills) String() string {
	return fmt.Sprintf("%d kills: %d before the lease was taken, %d under the lease, %d of them after a change",
		k.kills, k.before, k.held, k.changed)
}

// note counts one kill, after these calls.
func (k *kills) note(calls []faults.Call) {
	k.kills++
	if !slices.ContainsFunc(calls, func(c faults.Call) bool { return c.Service == "storage" && c.Name == "PUT state.json" }) {
		k.before++
		return
	}
	k.held++
	if slices.ContainsFunc(calls, changes) {
		k.changed++
	}
}

// life is a pool with demand, and the violations found in it.
type life struct {
	t           *testing.T
	sandbox     *sandbox.Sandbox
	environment []string
	// function evaluates the pool in this process.
	function   *handler.Handler
	now        int // in evaluation intervals since the start
	violations []string
}

// newLife starts a pool whose demand rises and falls, with recordings, for that many
// evaluations.
func newLife(t *testing.T, evaluations int) *life {
	t.Helper()
	var meetings []demand.Meeting
	const cycle = 100 * time.Minute
	for start := time.Duration(0); start+cycle <= time.Duration(evaluations)*evaluationInterval; start += cycle {
		at := func(minute, length, people int, recorded bool) demand.Meeting {
			return demand.Meeting{
				Start: sandboxStart.Add(start + time.Duration(minute)*time.Minute), Duration: time.Duration(length) * time.Minute,
				Participants: people, Join: time.Minute, Leave: time.Minute, Recorded: recorded,
			}
		}
		meetings = append(meetings, at(1, 30, 200, false), at(7, 12, 100, true), at(12, 15, 60, true), at(66, 10, 150, true), at(67, 14, 120, false))
	}
	// With this timeout a lease expires before the next evaluation.
	s, environment := startSandbox(t, meetings, "DIVIMS_TIMEOUT=1m", "DIVIMS_GRACE=6m")
	environment = append(environment, s.MachineSettings()...)
	return &life{t: t, sandbox: s, environment: environment, function: handler.FromEnvironment(environment, io.Discard)}
}

func (l *life) violate(format string, args ...any) {
	l.violations = append(l.violations, fmt.Sprintf("evaluation %d: ", l.now)+fmt.Sprintf(format, args...))
}

// kill runs evaluations until the wanted number has been killed, or until evaluation
// number busy.
func (l *life) kill(wanted, busy int) (tried kills) {
	random := rand.New(rand.NewPCG(5, 6))
	var usual time.Duration
	for l.now < busy && tried.kills < wanted {
		l.advance()
		p := newEvaluation(l.t, l.environment)
		l.sandbox.Faults().Reset()
		begun := time.Now()
		if err := p.Start(); err != nil {
			l.t.Fatal(err)
		}
		left := l.now%3 == 1
		var end *time.Timer
		if !left {
			end = time.AfterFunc(time.Duration(random.Float64()*1.2*float64(usual)), func() { _ = p.Process.Kill() })
		}
		var status int
		var err error
		l.move(func() { status, err = p.end() })
		if err != nil {
			l.t.Fatal(err)
		}
		switch {
		case status == -1:
			tried.note(l.sandbox.Faults().Calls())
		case status != 0:
			l.violate("exit status %d: %s", status, p.errOut.String())
		}
		if end != nil {
			end.Stop()
		}
		if status != -1 {
			usual = towards(usual, time.Since(begun))
		}
		l.check()
	}
	return tried
}

// towards moves a running estimate of the median duration towards a new duration. The
// median ignores the few evaluations that wait a second for a server that boots.
func towards(usual, took time.Duration) time.Duration {
	switch {
	case usual == 0:
		return took
	case took > usual:
		return usual * 11 / 10
	}
	return usual * 19 / 20
}

// liveTo runs undisturbed evaluations until the evaluation of that number.
func (l *life) liveTo(interval int) {
	for l.now < interval {
		l.advance()
		response := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(l.t.Context(), "POST", "/", strings.NewReader(`{"source":"cron"}`))
		l.move(func() { l.function.ServeHTTP(response, request) })
		if response.Code != 200 {
			l.violate("answers %d", response.Code)
		}
		l.check()
	}
}

func (l *life) advance() {
	l.now++
	l.sandbox.AdvanceTo(l.at(l.now))
}

// A process outside cannot be in virtual time, so the world moves in frames, a minute in a
// second.
const (
	frame     = 10 * time.Millisecond
	frameTime = 60 * frame
)

// move lets the world's time pass during an evaluation, but not to the next one.
func (l *life) move(evaluation func()) {
	over := make(chan struct{})
	var moving sync.WaitGroup
	moving.Go(func() {
		frames := time.NewTicker(frame)
		defer frames.Stop()
		for now := l.sandbox.Now(); now.Before(l.at(l.now + 1).Add(-frameTime)); now = now.Add(frameTime) {
			l.sandbox.AdvanceTo(now)
			select {
			case <-frames.C:
			case <-over:
				return
			}
		}
	})
	evaluation()
	close(over)
	moving.Wait()
}

// at returns the time of an evaluation.
func (l *life) at(evaluation int) time.Time {
	return sandboxStart.Add(time.Duration(evaluation) * evaluationInterval)
}

// check adds a violation for each thing in the world that must not be at any step.
func (l *life) check() {
	l.sandbox.With(func(w *world.World) {
		if tally := w.Tally(); tally.InterruptedMeetings+tally.LostRecordings > 0 {
			l.violate("%d meetings interrupted, %d recordings lost", tally.InterruptedMeetings, tally.LostRecordings)
		}
		if names := secondMachines(w); len(names) > 0 {
			l.violate("second machines named %q", names)
		}
		if !slices.ContainsFunc(w.Entries(), isEnabled) {
			l.violate("no server is enabled")
		}
	})
	for _, text := range l.sandbox.StartedWithout() {
		l.violate("%s", text)
	}
}

func isEnabled(e pool.Entry) bool { return e.State == pool.Enabled }

// ending is what exists at the end. To see whether the last evaluation released its
// lease, conclude takes the lease at the same virtual time.
type ending struct {
	enabled, machines, volumes, leftoverVolumes int
	leaseFree                                   bool
}

func (l *life) conclude() (e ending) {
	l.sandbox.With(func(w *world.World) {
		for _, entry := range w.Entries() {
			if isEnabled(entry) {
				e.enabled++
			}
		}
		e.machines, e.volumes = len(w.Machines()), len(w.Volumes())
		for _, volume := range w.Volumes() {
			if !volume.Attached {
				e.leftoverVolumes++
			}
		}
	})
	now := l.sandbox.Now()
	_, err := storeOf(l.t, l.environment).Acquire(l.t.Context(), "the end", now, now)
	e.leaseFree = err == nil
	return e
}
