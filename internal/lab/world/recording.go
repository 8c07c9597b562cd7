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
	id     string
	ended  time.Time
	length time.Duration
	stage  stage
}

// record adds the recording of an ended meeting to its machine's backlog. A machine that
// was halted continues once its BBB is up again.
func (w *World) record(m *meeting) {
	if w.config.RecordingWork == 0 {
		return
	}
	on := m.machine
	on.saveCount(w.now)
	on.backlog = append(on.backlog, &recording{id: m.internalID, ended: w.now, length: w.now.Sub(m.created)})
	if len(on.backlog) == 1 && on.bbbUp {
		w.work(on)
	}
}

// work processes the first unfinished recording of a machine, stage by stage, and then the
// next recording. A stage that a halt interrupts starts over.
func (w *World) work(m *machine) {
	if len(m.backlog) == 0 {
		return
	}
	first := m.backlog[0]
	takes := float64(first.length) * w.config.RecordingWork * w.share(first.stage)
	w.later(m, w.now.Add(time.Duration(takes)), func() {
		if len(m.backlog) == 0 || m.backlog[0] != first {
			return // it has failed in the meantime
		}
		m.saveCount(w.now)
		w.advance(m, first)
		w.work(m)
	})
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
		m.backlog = m.backlog[1:]
		return
	case r.stage == processed && !w.config.Shipped:
		m.backlog = m.backlog[1:]
		m.published = append(m.published, r)
	}
	r.stage++
}

// backlogByStage returns the number of unfinished recordings by stage, as the script on
// the server counts them. Every stage is in it. A recording being processed also counts
// as a queued job.
func (m *machine) backlogByStage() map[string]int {
	counts := make(map[string]int, len(pool.BacklogStages))
	for _, name := range pool.BacklogStages {
		counts[name] = 0
	}
	for i, r := range m.backlog {
		if i == 0 && r.stage == recorded {
			counts["raw"]++ // being archived
		} else {
			counts[stages[r.stage].name]++
		}
	}
	counts["queued"] = min(len(m.backlog), 1)
	return counts
}

// listed returns the recordings that BBB's API lists, oldest first.
func (m *machine) listed() []pool.Recording {
	states := map[stage]pool.RecordingState{
		sanity:    pool.Processing,
		processed: pool.Processed,
		published: pool.Published,
	}
	list := []pool.Recording{}
	for _, r := range slices.Concat(m.published, m.backlog) {
		if state, visible := states[r.stage]; visible {
			list = append(list, pool.Recording{ID: r.id, State: state, MeetingEnd: pool.Seen(r.ended)})
		}
	}
	return list
}
