package scaling

import (
	"maps"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// replacementWaits returns why a server that malfunctions is not replaced, or no text: its
// fault must be seen twice, and there must be hope that its replacement has it not.
func (d *decision) replacementWaits(s *server) fact.Text {
	switch {
	case !d.twice(s.memory.FaultSince):
		return fact.New("%s, seen for the first time: nothing is done unless the next evaluation sees the same", s.why)
	case d.hopeless(s.fault):
		return fact.New("%s, but it is not replaced: other servers, new ones too, have the same fault", s.why)
	}
	return fact.Text{}
}

// hopeless reports whether replacing servers for a fault does not help: more than half of
// the running servers and at least two have it, or one has it whose machine was made since
// a server was first replaced for it.
func (d *decision) hopeless(fault string) bool {
	hope, judged := d.hopes[fault]
	if !judged {
		hope = !d.isCommon(fault)
		d.hopes[fault] = hope
	}
	return !hope
}

// isCommon reports whether others have a fault, too: most servers, or a new one.
func (d *decision) isCommon(fault string) bool {
	running, having := 0, 0
	replaced := d.state.Faults[fault]
	for _, s := range d.servers {
		if s.maintenance() || s.machineState() != pool.Running {
			continue
		}
		running++
		if s.fault != fault {
			continue
		}
		having++
		if !replaced.IsZero() && s.memory.FirstSeen.After(replaced) {
			return true
		}
	}
	return having >= 2 && 2*having > running
}

// noteReplaced remembers that a server is replaced for its fault.
func (d *decision) noteReplaced(s *server) {
	if s.fault != "" {
		d.replacedFor = append(d.replacedFor, s.fault)
	}
}

// faults returns since when servers have been replaced for each fault that a server has.
func (d *decision) faults() map[string]time.Time {
	next := map[string]time.Time{}
	maps.Copy(next, d.state.Faults)
	for _, fault := range d.replacedFor {
		if next[fault].IsZero() {
			next[fault] = d.now
		}
	}
	had := map[string]bool{}
	for _, s := range d.servers {
		had[s.fault] = true
		if s.silent() || s.asked() && !s.Stats.Known() {
			return next // it may still have any of them
		}
	}
	maps.DeleteFunc(next, func(fault string, _ time.Time) bool { return !had[fault] })
	return next
}
