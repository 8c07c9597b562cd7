package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"divims/internal/lab/world"
)

// Timeline makes the events of a scenario happen in a run. Entries is safe for concurrent use;
// the other methods are not.
type Timeline struct {
	scenario *Scenario
	run      Run
	// running returns the numbers of the servers whose machine runs.
	running func() []int
	// upcoming are the beginnings and ends to come, in their order.
	upcoming []moment

	lock    sync.Mutex
	entries []Entry
}

// moment is the beginning or the end of an event.
type moment struct {
	at    time.Time
	event *Event
	// end is called at the event's end; it is nil for a beginning.
	end func()
}

// Timeline returns the scenario's timeline for a run, before anything has happened.
func (s *Scenario) Timeline(run Run) *Timeline {
	t := &Timeline{scenario: s, run: run, running: func() (numbers []int) {
		run.Sandbox().With(func(w *world.World) { numbers = w.RunningServers() })
		return numbers
	}}
	for i := range s.Events {
		t.plan(moment{at: s.Events[i].At, event: &s.Events[i]})
	}
	return t
}

// plan adds a moment to those to come.
func (t *Timeline) plan(m moment) {
	i, _ := slices.BinarySearchFunc(t.upcoming, m, moment.compare)
	t.upcoming = slices.Insert(t.upcoming, i, m)
}

// compare orders moments: by time, then ends before beginnings, then by line.
func (m moment) compare(other moment) int {
	return cmp.Or(m.at.Compare(other.at), cmp.Compare(m.rank(), other.rank()), cmp.Compare(m.event.Line, other.event.Line))
}

// rank orders what happens at the same time: 0 for ends, 1 for beginnings.
func (m moment) rank() int {
	if m.end != nil {
		return 0
	}
	return 1
}

// Next returns the next moment at which something begins or ends, and false if there is
// none. Call it again after each Happen: events that begin add their ends.
func (t *Timeline) Next() (time.Time, bool) {
	if len(t.upcoming) == 0 {
		return time.Time{}, false
	}
	return t.upcoming[0].at, true
}

// Happen makes everything happen that is due at now, and returns a line for each
// beginning and end. The world must have been advanced to now, and must not be locked. After
// an error the run should end, because it does not follow the scenario any longer.
func (t *Timeline) Happen(now time.Time) ([]string, error) {
	var lines []string
	var problems []error
	for len(t.upcoming) > 0 && !t.upcoming[0].at.After(now) {
		m := t.upcoming[0]
		t.upcoming = t.upcoming[1:]
		if m.end != nil {
			m.end()
			lines = append(lines, t.line(m.at, "<< "+t.finish(m.event).What()+" is over"))
			continue
		}
		entry, err := t.begin(m)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %s: %w", t.scenario.Name, m.event.Line, m.event.Kind, err))
		}
		lines = append(lines, t.line(m.at, ">> "+entry.String()))
	}
	return lines, errors.Join(problems...)
}

// momentForm is the form in which progress and page show times.
const momentForm = "Mon 15:04"

// line returns a line of the progress in the form of the evaluations' lines.
func (t *Timeline) line(at time.Time, text string) string {
	return at.In(t.scenario.options.Zone).Format(momentForm) + "  " + text
}

// begin makes an event happen and plans its end.
func (t *Timeline) begin(m moment) (Entry, error) {
	h := &happening{Event: m.event, Run: t.run}
	entry := Entry{At: m.at, Line: m.event.Line, Text: m.event.Text, Instant: m.event.kind.instant}
	if m.event.takesServers() {
		options := t.scenario.options
		h.Servers = m.event.servers.resolve(options.Servers, t.running(), options.Seed, m.event.Line)
		if len(h.Servers) == 0 {
			entry.Note, entry.HasNoEffect = "nothing happens: no server's machine runs", true
			t.add(entry)
			return entry, nil
		}
		if !m.event.servers.isFixed() {
			entry.Servers = h.Servers
		}
	}
	err := m.event.kind.begin(h)
	entry.Note = strings.Join(h.notes, "; ")
	switch {
	case err != nil:
		entry.Note, entry.HasNoEffect = "failed: "+err.Error(), true
	case h.missed:
		entry.Note, entry.HasNoEffect = "nothing happens: "+entry.Note, true
	case m.event.For > 0:
		entry.Until = m.at.Add(m.event.For)
		t.plan(moment{at: entry.Until, event: m.event, end: h.end})
	}
	t.add(entry)
	return entry, err
}

// end undoes what the event did, the last first.
func (h *happening) end() {
	for _, undo := range slices.Backward(h.ends) {
		undo()
	}
}

// Entries returns the events that have happened so far, in the order in which they began.
func (t *Timeline) Entries() []Entry {
	t.lock.Lock()
	defer t.lock.Unlock()
	return slices.Clone(t.entries)
}

// add adds an entry.
func (t *Timeline) add(e Entry) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.entries = append(t.entries, e)
}

// finish marks the entry of an event as over, and returns it.
func (t *Timeline) finish(e *Event) Entry {
	t.lock.Lock()
	defer t.lock.Unlock()
	i := slices.IndexFunc(t.entries, func(entry Entry) bool { return entry.Line == e.Line })
	t.entries[i].Over = true
	return t.entries[i]
}
