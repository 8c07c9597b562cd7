package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"divims/internal/config"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/scenario"
	"divims/internal/lab/world"
)

// The exported methods below implement scenario.Run: what a scenario does to the run.

// readScenario reads the scenario of the flag. Without one there are no events.
func (r *sandboxRun) readScenario() error {
	var text []byte
	name := r.options.scenario
	if name != "" {
		var err error
		if text, err = os.ReadFile(name); err != nil {
			return usageError{fmt.Errorf("read the scenario: %w", err)}
		}
	}
	read, warnings, err := scenario.Read(name, text, scenario.Options{
		Start: sandboxStart, Length: r.options.length, Zone: sandboxStart.Location(),
		Servers: r.options.servers, Seed: r.options.seed, Check: eventCheck(r.settings),
	})
	if err != nil {
		return usageError{err}
	}
	if name != "" {
		for _, warning := range warnings {
			r.print("warning: %s", warning)
		}
	}
	r.timeline = read.Timeline(r)
	return nil
}

// Sandbox returns everything around the pool.
func (r *sandboxRun) Sandbox() *sandbox.Sandbox { return r.sandbox }

// deploy starts an instance of the function with these settings, which replaces the instance
// before.
func (r *sandboxRun) deploy(environ []string) error {
	settings, err := config.Load(environ)
	if err != nil {
		return fmt.Errorf("settings of the sandbox: %w", err)
	}
	next, err := serveFunction(settings, r.sandbox, r.progress)
	if err != nil {
		return err
	}
	before := r.function
	r.settings, r.function = environ, next
	r.ledger.deployed(settings)
	r.sandbox.With(func(w *world.World) { w.SetMeetingMaxDuration(settings.MeetingMaxDuration) })
	if before != nil {
		r.running.Go(before.close) // it answers the requests in progress first
	}
	return nil
}

// Deploy deploys the function with another setting.
func (r *sandboxRun) Deploy(setting string) error {
	changed, err := deploySetting(r.settings, setting)
	if err != nil {
		return err
	}
	return r.deploy(changed)
}

// withAll returns an environment with more settings, NAME=VALUE without DIVIMS_.
func withAll(environ, set []string) ([]string, error) {
	for _, setting := range set {
		var err error
		if environ, err = deploySetting(environ, setting); err != nil {
			return nil, usageError{fmt.Errorf("--set %s: %w", setting, err)}
		}
	}
	return environ, nil
}

// How long the rehearsal waits for an order, in virtual and in real time. An order that
// takes longer, because it waits for an evaluation, goes on in the background.
const orderTimeout, realOrderTimeout = time.Minute, time.Second

// Operate gives an order of the command line, and returns what it says. An order that is
// refused is part of the rehearsal.
func (r *sandboxRun) Operate(order string) (answer string) {
	said := make(chan string, 1)
	r.running.Go(func() { said <- r.operate(order) })
	timeout := orderTimeout
	if !r.options.isVirtual() { // the world stands still meanwhile
		timeout = realOrderTimeout
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case answer := <-said:
		return answer
	case <-timer.C:
	}
	r.running.Go(func() {
		answer := <-said
		r.print("%s  %s: %s", r.now(), order, answer)
	})
	return "it waits for the lease"
}

func (r *sandboxRun) operate(order string) string {
	settings, err := config.Load(r.settings)
	if err != nil {
		return err.Error()
	}
	caller := r.sandbox.NewCaller()
	defer caller.Close()
	settings.Network.Dial = caller.Dial
	var said strings.Builder
	if err := operate(context.Background(), settings, order, &said); err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(strings.TrimSpace(said.String()), "\n", "; ")
}

func (r *sandboxRun) now() string {
	return r.sandbox.Now().In(sandboxStart.Location()).Format("Mon 15:04")
}

// StopCron stops the cron trigger until resume is called.
func (r *sandboxRun) StopCron() (resume func()) {
	r.cronStops++
	return func() { r.cronStops-- }
}

// SetClock sets how far the function's clock is ahead, until restore is called.
func (r *sandboxRun) SetClock(ahead time.Duration) (restore func()) {
	return r.sandbox.SkewClock(ahead)
}

// KillNext kills the next evaluation when that many of its calls were answered.
func (r *sandboxRun) KillNext(after int) { r.killAfter = after }

// Evaluate starts an evaluation. Outside of virtual time it first waits for the one before.
func (r *sandboxRun) Evaluate() {
	if !r.options.isVirtual() {
		r.running.Wait()
	}
	at, function := r.now(), r.function
	function.busy.Add(1) // before a deployment can close the function
	killAfter := r.killAfter
	if killAfter > 0 {
		function.caller.KillAfter(killAfter)
		r.killAfter = 0
		if err := r.deploy(r.settings); err != nil { // the next evaluation needs another process
			r.print("%s  deploy again after the kill: %v", at, err)
		}
	}
	end := r.ledger.begin()
	r.running.Go(func() {
		defer function.busy.Done()
		record, err := function.evaluate(context.Background())
		killed := function.caller.Killed()
		if killed {
			err = errors.New("the process was killed")
		}
		end(record, err)
		r.print("%s  %s", at, progressOf(record, err, killed))
		if killAfter > 0 && !killed {
			r.print("%s  it was not killed: it made fewer than %d calls", at, killAfter)
		}
	})
}
