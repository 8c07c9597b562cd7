package world

import (
	"cmp"
	"slices"
	"time"

	"divims/internal/pool"
)

// The times of one poll.
const (
	// minAnswer and maxAnswer bound the time in which a BBB answers.
	minAnswer, maxAnswer = 20 * time.Millisecond, 150 * time.Millisecond
	// responseTimeout is how long Scalelite waits for a server that hangs
	// (RESPONSE_TIMEOUT).
	responseTimeout = 10 * time.Second
	// killDelay is the time from the end of Poller.Wait until the threads are killed.
	killDelay = 5 * time.Second
)

// maxOrdered is the size up to which Redis lists a set in the order of insertion, and not
// in that of a hash.
const maxOrdered = 128

// poll is one poll of Scalelite's poller. It reads all entries at its beginning. Then
// each of its threads asks one server after the other, and saves the entry as it was read
// with what the server answered. So it may undo in part what somebody changed in
// between; see race.
type poll struct {
	busy     bool
	settings Poller
	// deadline is when the threads are killed.
	deadline time.Time
	// queue has the entries that no thread has taken yet.
	queue []reading
	// work has the entries in work, sorted by the time at which they are saved.
	work []job
	// ended is when the last thread became idle.
	ended time.Time
	// readings and jobs are the memory of queue and work, which the next poll reuses.
	readings []reading
	jobs     []job
}

// reading is an entry as a poll reads it.
type reading struct {
	*entry
	state     pool.EntryState
	online    bool
	load      float64
	loadKnown bool
}

// job is an entry that a thread polls. At the time at, the answer of the server or its
// absence is known and saved.
type job struct {
	reading
	answer Contact
	at     time.Time
}

// continuePoll does what the poller has to do now, and returns the time of its next step. It
// runs ahead of the world's time as long as nothing else happens in between.
func (w *World) continuePoll() time.Time {
	p := &w.poller
	if !p.busy {
		w.beginPoll()
	}
	for len(p.work) > 0 {
		next := earliest(p.work[0].at, p.deadline)
		if next.After(w.now) && !w.undisturbed(next) {
			return next
		}
		w.now = next
		w.pollStep()
	}
	p.busy = false
	return p.ended.Add(p.settings.Every)
}

// undisturbed reports whether nothing else happens in the world until t, t included.
func (w *World) undisturbed(t time.Time) bool {
	return !t.After(w.until) && (len(w.agenda.events) == 0 || t.Before(w.agenda.events[0].at))
}

// beginPoll reads all entries and lets the threads begin with the first of them.
func (w *World) beginPoll() {
	p := &w.poller
	p.polls++
	p.busy, p.settings, p.ended = true, w.pollerSettings(), w.now
	p.deadline = w.now.Add(p.settings.Wait + killDelay)
	threads := p.settings.Threads - 1
	p.readings, p.jobs = p.readings[:0], p.jobs[:0]
	if threads >= len(w.entries) {
		w.pollAtOnce()
		return
	}
	for _, e := range w.entries {
		p.readings = append(p.readings, e.read())
	}
	if len(p.readings) > maxOrdered {
		slices.SortFunc(p.readings, func(a, b reading) int { return cmp.Compare(a.hash, b.hash) })
	}
	p.queue, p.work = p.readings, p.jobs
	for range threads {
		w.takeNext()
	}
}

// pollAtOnce begins a poll in which each entry has a thread of its own. It saves at once the
// answers that come before anything else happens, and skips failed calls of offline servers,
// because they change nothing.
func (w *World) pollAtOnce() {
	p := &w.poller
	for _, e := range w.entries {
		j := w.ask(e.read())
		switch {
		case !j.online && j.answer != Answers && !e.race.pending:
			p.end(earliest(j.at, p.deadline))
		case j.answer == Answers && w.undisturbed(j.at):
			w.save(j)
			p.end(j.at)
		default:
			p.jobs = append(p.jobs, j)
		}
	}
	p.queue, p.work = nil, p.jobs
	slices.SortStableFunc(p.work, func(a, b job) int { return a.at.Compare(b.at) })
}

// pollStep saves the entry at the front and lets its thread take another, or kills the
// threads.
func (w *World) pollStep() {
	p := &w.poller
	p.end(w.now)
	if !p.deadline.After(w.now) {
		for _, j := range p.work {
			j.killed()
		}
		p.queue, p.work = nil, nil
		return
	}
	first := p.work[0]
	p.work = p.work[1:]
	w.save(first)
	w.takeNext()
}

// takeNext lets a thread take the next entry of the queue.
func (w *World) takeNext() {
	p := &w.poller
	if len(p.queue) == 0 {
		return
	}
	j := w.ask(p.queue[0])
	p.queue = p.queue[1:]
	at, _ := slices.BinarySearchFunc(p.work, j, func(a, b job) int {
		return cmp.Or(a.at.Compare(b.at), -1) // after those of the same time
	})
	p.work = slices.Insert(p.work, at, j)
}

// end notes when a thread became idle.
func (p *poll) end(at time.Time) { p.ended = latest(p.ended, at) }

// read returns the entry as a poll reads it now.
func (e *entry) read() reading { return reading{e, e.state, e.online, e.load, e.loadKnown} }

// ask calls an entry's server.
func (w *World) ask(r reading) job {
	contact, _ := r.contact()
	takes := time.Duration(0)
	switch contact {
	case Answers, Denies, Fails:
		takes = w.answerTime(r.entry)
	case Hangs:
		takes = responseTimeout
	case Drops:
		takes = w.poller.settings.Connect
	}
	return job{r, contact, w.now.Add(takes)}
}

// answerTime draws how long a server takes to answer in this poll. It does not use draw,
// which would be slow for each entry of each poll.
func (w *World) answerTime(e *entry) time.Duration {
	x := w.draws.seed ^ e.hash ^ w.poller.polls<<32
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9 // the mixing function of SplitMix64
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return minAnswer + time.Duration(x%uint64(maxAnswer-minAnswer))
}
