package world

import "slices"

// recordingPoint is a place in BBB's pipeline where a recording can get stuck or fail.
type recordingPoint struct {
	name string
	// stuckAt is the stage at which a recording gets stuck, failsAt the one at which it fails.
	stuckAt, failsAt stage
	// blocks is set if the stuck recording keeps BBB's only worker busy, so that all later
	// recordings wait. Otherwise the worker never takes it.
	blocks bool
}

// recordingPoints are in the order in which a recording passes them. A point that is not a
// stage of its own here has the stage that BBB's marks on the disk show, and so the stats.
var recordingPoints = []recordingPoint{
	// The meeting has ended, and its archiving is not queued. A failure there leaves no mark of
	// its own: it shows as a failure of archiving.
	{"recorded", recorded, recorded, false},
	{"raw", recorded, recorded, true},     // being archived
	{"queued", archived, archived, false}, // archived; the next job, the check, stays in the queue
	{"sanity", sanity, archived, false},   // checked, and not processed; or the check fails
	{"processing", sanity, sanity, true},
	// Published, and not shipped; stuck while being published where nothing is shipped. What
	// fails is the publishing.
	{"published", published, processed, true},
}

// RecordingPoints returns the names of the places where a recording can get stuck or fail.
func RecordingPoints() []string {
	names := make([]string, len(recordingPoints))
	for i, point := range recordingPoints {
		names[i] = point.name
	}
	return names
}

// recordingFault waits for the next recording that comes to its point, and hits only that.
type recordingFault struct {
	recordingPoint
	fails bool
	hit   *recording
}

// at returns the stage at which the fault hits a recording.
func (f *recordingFault) at() stage {
	if f.fails {
		return f.failsAt
	}
	return f.stuckAt
}

// StickRecording makes the next recording of a server's machine stay at one of the
// RecordingPoints until free is called. Without a machine nothing happens, and free is nil.
func (w *World) StickRecording(server int, point string) (free func()) {
	return w.hitRecording(server, point, false)
}

// BreakRecording makes the next recording of a server's machine fail at one of the
// RecordingPoints. end cancels that if no recording has come there; a recording that failed
// stays failed. Without a machine nothing happens, and end is nil.
func (w *World) BreakRecording(server int, point string) (end func()) {
	return w.hitRecording(server, point, true)
}

func (w *World) hitRecording(server int, name string, fails bool) (end func()) {
	m := w.machineOf(server)
	i := slices.IndexFunc(recordingPoints, func(point recordingPoint) bool { return point.name == name })
	if m == nil || i < 0 {
		return nil
	}
	point := recordingPoints[i]
	if point.stuckAt == published && !w.config.Shipped {
		point.stuckAt = processed
	}
	remove := m.recordingFaults.add(recordingFault{recordingPoint: point, fails: fails})
	added := m.recordingFaults.newest()
	return func() {
		remove()
		if r := added.hit; r != nil && r.fault == added {
			m.saveCount(w.now)
			r.fault = nil
			w.work(m)
		}
	}
}

// hit gives a recording the first fault that waits for one at its stage.
func (m *machine) hit(r *recording) {
	if r.fault != nil {
		return
	}
	for _, f := range m.recordingFaults.items {
		if f.hit == nil && f.at() == r.stage {
			f.hit, r.fault = r, f
			return
		}
	}
}

// isStuck reports whether a fault holds the recording up.
func (r *recording) isStuck() bool { return r.fault != nil && !r.fault.fails }

// waits reports whether the recording is stuck without keeping the worker busy.
func (r *recording) waits() bool { return r.isStuck() && !r.fault.blocks }
