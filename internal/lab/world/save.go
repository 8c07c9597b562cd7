package world

import (
	"math"
	"slices"

	"divims/internal/pool"
)

// save saves what a poll learned about an entry.
func (w *World) save(j job) {
	if j.deleted {
		return
	}
	before := w.now
	w.now = j.at
	defer func() { w.now = before }()
	if _, m := j.contact(); j.answer == Answers && m != nil {
		w.polled(j.reading, m)
		return
	}
	w.missed(j.reading)
}

// polled saves an entry whose server answered.
func (w *World) polled(r reading, m *machine) {
	e := r.entry
	e.online, e.bad, e.version = true, 0, BBBVersion
	w.dropEnded(e, m)
	load := e.multiplier*w.loadOf(m) + 0 // no negative zero
	if math.IsNaN(load) {
		return // Redis refuses it
	}
	switch {
	case e.race.pending:
		e.race = race{straggling: true, load: load}
	case r.state == pool.Enabled:
		w.saveEnabled(r, load)
	case r.state == pool.Cordoned:
		w.saveCordoned(e, load)
	}
}

// saveEnabled sets the load of an entry that was enabled when it was read. If its state
// has changed since then, Scalelite puts it back into the set that new meetings are
// placed on. It does not touch the set if the load is that which it read.
func (w *World) saveEnabled(r reading, load float64) {
	switch e := r.entry; {
	case r.loadKnown && load == r.load:
	case e.state == pool.Enabled:
		e.setLoad(load)
	default:
		e.race = race{straggling: true, load: load}
	}
}

// saveCordoned sets the load of an entry that was cordoned when it was read, or disables
// it if the load is 0, even if somebody has enabled it since then.
func (w *World) saveCordoned(e *entry, load float64) {
	switch {
	case load == 0:
		if e.state == pool.Enabled {
			e.drainingSince = w.now
		}
		e.state, e.race = pool.Disabled, race{}
		e.clearLoad()
	case e.state == pool.Cordoned:
		e.setLoad(load)
	}
}

// missed saves an entry whose server did not answer. When a server goes offline, its
// meetings are dropped and, if it answers after all, ended. Its state stays the same.
func (w *World) missed(r reading) {
	e := r.entry
	e.race.pending = false
	if !r.online {
		return
	}
	e.bad++
	if e.bad < w.poller.settings.Unhealthy {
		return
	}
	for len(e.meetings) > 0 {
		m := e.meetings[0]
		e.drop(m)
		w.As(ScalelitePanic, func() { _ = w.endThrough(e, m) }) // Scalelite ignores the answer, too
	}
	e.online, e.bad = false, 0
	r.loseLoad()
	if r.state == pool.Enabled && e.state != pool.Enabled && r.loadKnown {
		e.race = race{}
	}
}

// killed saves an entry whose poll is killed. It loses its load if it was online.
func (r reading) killed() {
	if r.online && !r.deleted {
		r.loseLoad()
	}
}

// loseLoad saves an entry without a load. A load that it got with another state since
// then is kept.
func (r reading) loseLoad() {
	if r.entry.state == r.state {
		r.clearLoad()
	}
}

// dropEnded removes meetings that BBB does not list any more from Scalelite's list.
func (w *World) dropEnded(e *entry, m *machine) {
	e.meetings = slices.DeleteFunc(e.meetings, func(known *meeting) bool {
		gone := known.ended || known.machine != m
		if gone {
			known.entry = nil
		}
		return gone
	})
}
