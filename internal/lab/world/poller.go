package world

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Poller has the settings of Scalelite's poller.
type Poller struct {
	// Threads is POLLER_THREADS, default one more than servers. One of them polls no
	// server.
	Threads int
	// Connect is CONNECT_TIMEOUT, default 1 s. Wait is POLLER_WAIT_TIMEOUT, default 10 s.
	Connect, Wait time.Duration
	// Every is POLL_INTERVAL, the time from the end of a poll to the next, default 60 s.
	Every time.Duration
	// Unhealthy is SERVER_UNHEALTHY_THRESHOLD, default 2: a server is offline after that
	// many failed polls in a row. It is online after one successful poll.
	Unhealthy int
}

// setDefaults fills in the defaults for a pool with that many servers.
func (p *Poller) setDefaults(servers int) {
	p.Threads = cmp.Or(p.Threads, max(2, servers+1))
	p.Connect = cmp.Or(p.Connect, time.Second)
	p.Wait = cmp.Or(p.Wait, 10*time.Second)
	p.Every = cmp.Or(p.Every, time.Minute)
	p.Unhealthy = cmp.Or(p.Unhealthy, 2)
}

func (p *Poller) check() error {
	switch {
	case p.Threads < 2:
		return fmt.Errorf("the poller has %d threads, must be 2 or more", p.Threads)
	case p.Connect < 0 || p.Wait < 0:
		return errors.New("the poller has a negative time-out")
	case p.Every < time.Second:
		return fmt.Errorf("the poller polls every %s, must be 1s or more", p.Every)
	case p.Unhealthy < 1:
		return fmt.Errorf("the poller takes a server for offline after %d failed polls, must be 1 or more", p.Unhealthy)
	}
	return nil
}

// poller is Scalelite's poller at work.
type poller struct {
	// changes are the changes of the settings that are in force.
	changes standing[func(*Poller)]
	// stops counts the calls of StopPoller that are in force.
	stops int
	// starts counts how often the poller was started, and polls its polls.
	starts, polls uint64
	poll
}

// pollLead is how long before a full interval the first poll begins. Each later poll begins
// later against the interval, by the time that a poll takes.
const pollLead = time.Second

// planFirstPoll starts the poller so that its first poll ends within the first interval.
func (w *World) planFirstPoll() {
	first := w.next(w.config.Poller.Every)
	if w.config.Poller.Every > pollLead {
		first = first.Add(-pollLead)
	}
	if first.Before(w.now) {
		first = first.Add(w.config.Poller.Every)
	}
	w.startPoller(first)
}

// startPoller restarts the poller with its next poll at a time. A poll in progress is
// dropped.
func (w *World) startPoller(at time.Time) {
	p := &w.poller
	p.starts++
	p.busy = false
	if p.stops > 0 {
		return
	}
	started := p.starts
	w.agenda.plan(at, byScalelite, func() time.Time {
		if p.starts != started {
			return time.Time{}
		}
		return w.continuePoll()
	})
}

// StopPoller stops Scalelite's poller until resume is called. Until then, flags and polled
// loads do not change.
func (w *World) StopPoller() (resume func()) {
	w.poller.stops++
	w.startPoller(w.now)
	return func() {
		w.poller.stops--
		w.startPoller(w.now)
	}
}

// ChangePoller restarts Scalelite's poller with changed settings, until withdraw is called.
// It returns an error if a setting is out of bounds.
func (w *World) ChangePoller(change func(*Poller)) (withdraw func(), err error) {
	end := w.poller.changes.add(change)
	changed := w.pollerSettings()
	if err := changed.check(); err != nil {
		end()
		return nil, err
	}
	w.startPoller(w.now)
	return func() {
		end()
		w.startPoller(w.now)
	}, nil
}

// pollerSettings returns the settings with the changes in force.
func (w *World) pollerSettings() Poller {
	settings := w.config.Poller
	for _, change := range w.poller.changes.items {
		(*change)(&settings)
	}
	return settings
}
