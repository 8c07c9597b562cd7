package world

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// stage is how far a recording has come. Its name is that of the backlog.
type stage int

const (
	recorded  stage = iota // waits for its turn, then is archived
	archived               // is checked
	sanity                 // is processed: BBB's API shows it from here on
	processed              // is published
	published              // is sent away, if recordings are shipped
)

// stages names the stages, and says which share of the work each of them is.
// Processing dominates.
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

// record puts an ended meeting into its machine's recording work. A machine
// that was halted goes on once its BBB is up again.
func (w *World) record(m *meeting) {
	if w.config.RecordingWork == 0 {
		return
	}
	on := m.machine
	on.keepCount(w.now)
	on.backlog = append(on.backlog, &recording{id: m.internalID, ended: w.now, length: w.now.Sub(m.created)})
	if len(on.backlog) == 1 && on.bbbUp {
		w.work(on)
	}
}

// work does the next stage of the machine's first unfinished recording. There
// is one recording at work at a time; what a halt interrupts starts over.
func (w *World) work(m *machine) {
	if len(m.backlog) == 0 {
		return
	}
	first := m.backlog[0]
	takes := float64(first.length) * w.config.RecordingWork * w.share(first.stage)
	w.later(m, w.now.Add(time.Duration(takes)), func() {
		if len(m.backlog) == 0 || m.backlog[0] != first {
			return // it failed meanwhile
		}
		m.keepCount(w.now)
		w.advance(m, first)
		w.work(m)
	})
}

// share is the part of the work that a stage is. Where nothing is sent away,
// publishing takes that time, too.
func (w *World) share(s stage) float64 {
	if s == processed && !w.config.Shipped {
		return stages[processed].share + stages[published].share
	}
	return stages[s].share
}

// advance takes a recording to its next stage, or out of the work.
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

// backlogByStage counts the unfinished recordings as a script on the server
// would: every stage is there, and the recording at work counts as a job, too.
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

// listed are the recordings that BBB's API shows, oldest first.
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
