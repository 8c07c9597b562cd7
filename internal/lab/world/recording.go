package world

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// stage is how far a recording has come. stages has the names that the backlog uses.
type stage int

const (
	recorded  stage = iota // waiting, then being archived
	archived               // being checked
	sanity                 // being processed; BBB's API lists it from here on
	processed              // being published
	published              // being shipped, if recordings are shipped
)

// stages has the name of each stage and its share of the work. Processing takes most of
// it.
var stages = [...]struct {
	name  string
	share float64
}{
	recorded:  {"recorded", 0.02},
	archived:  {"archived", 0.01},
	sanity:    {"sanity", 0.92},
	processed: {"processed", 0.04},
	published: {"published", 0.01},
}

// recording is a recorded meeting on a machine's disk.
type recording struct {
	id string
	// ended is the end of the meeting by the machine's clock.
	ended  time.Time
	length time.Duration
	stage  stage
	// fault is the fault that stops the recording, or makes it fail, at its stage; nil for none.
	fault *recordingFault
}

// record adds the recording of an ended meeting to its machine's backlog. A machine that
// was halted continues once its BBB is up again.
func (w *World) record(m *meeting) {
	if w.config.RecordingWork == 0 {
		return
	}
	on := m.machine
	on.saveCount(w.now)
	r := &recording{id: m.internalID, ended: w.now.Add(on.clock()), length: w.now.Sub(m.created)}
	on.backlog = append(on.backlog, r)
	on.hit(r)
	w.work(on)
}

// current returns the recording in work, or else the next one; nil if there is none.
func (m *machine) current() *recording {
	if m.inWork != nil {
		return m.inWork
	}
	if i := slices.IndexFunc(m.backlog, func(r *recording) bool { return !r.waits() }); i >= 0 {
		return m.backlog[i]
	}
	return nil
}

// work processes the first unfinished recording of a machine, stage by stage, and then the
// next recording. A stage that is interrupted starts over.
func (w *World) work(m *machine) {
	r := m.current()
	if !m.answers() || m.inWork != nil || r == nil || r.isStuck() {
		return
	}
	m.inWork = r
	interruptions := m.interruptions
	takes := float64(r.length) * w.config.RecordingWork * w.share(r.stage)
	w.later(m, w.now.Add(time.Duration(takes)), func() {
		if m.interruptions != interruptions {
			return
		}
		if r.fault != nil {
			w.fail(m, r)
			return
		}
		m.saveCount(w.now)
		m.inWork = nil
		w.advance(m, r)
		w.work(m)
	})
}

// interrupt ends the work on a recording without a result.
func (m *machine) interrupt() {
	m.interruptions++
	m.inWork = nil
}

// fail makes an unfinished recording fail at its stage.
func (w *World) fail(m *machine, r *recording) {
	m.saveCount(w.now)
	if m.inWork == r {
		m.interrupt()
	}
	m.leaveBacklog(r)
	m.failed = append(m.failed, r)
	w.work(m)
}

func (m *machine) leaveBacklog(r *recording) {
	m.backlog = slices.DeleteFunc(m.backlog, func(other *recording) bool { return other == r })
}

// share returns a stage's share of the work. If recordings are not shipped, publishing
// takes the time of shipping as well.
func (w *World) share(s stage) float64 {
	if s == processed && !w.config.Shipped {
		return stages[processed].share + stages[published].share
	}
	return stages[s].share
}

// advance moves a recording to its next stage, or out of the backlog when it is finished.
func (w *World) advance(m *machine, r *recording) {
	switch {
	case r.stage == published:
		m.leaveBacklog(r)
		return
	case r.stage == processed && !w.config.Shipped:
		m.leaveBacklog(r)
		m.published = append(m.published, r)
		r.stage++
		return
	}
	r.stage++
	m.hit(r)
}

// backlogByStage returns the number of unfinished recordings by stage, as the script on
// the server counts them. Every stage is in it. A recording being processed also counts
// as a queued job, and so does one whose job stays in the queue.
func (m *machine) backlogByStage() map[string]int {
	counts := make(map[string]int, len(pool.BacklogStages))
	for _, name := range pool.BacklogStages {
		counts[name] = 0
	}
	current := m.current()
	for _, r := range m.backlog {
		if r == current && r.stage == recorded {
			counts["raw"]++ // being archived
		} else {
			counts[stages[r.stage].name]++
		}
		if r == current || r.waits() && r.fault.name == "queued" {
			counts["queued"]++
		}
	}
	return counts
}

// listed returns the recordings that BBB's API lists, oldest first. One whose publishing
// failed stays listed as processed.
func (m *machine) listed() []pool.Recording {
	states := map[stage]pool.RecordingState{
		sanity:    pool.Processing,
		processed: pool.Processed,
		published: pool.Published,
	}
	list := []pool.Recording{}
	for _, r := range slices.Concat(m.published, m.failed, m.backlog) {
		state, visible := states[r.stage]
		if !visible || r.stage == sanity && r != m.current() {
			continue // its processing has not begun, or has failed
		}
		list = append(list, pool.Recording{ID: r.id, State: state, MeetingEnd: pool.Seen(r.ended)})
	}
	return list
}

// unfinished returns how many recordings would be lost with the machine's disk: those with
// work left, shipping included, and those that failed.
func (m *machine) unfinished() int { return len(m.backlog) + len(m.failed) }
