package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// heldByHand reports whether a person has cordoned or disabled the server in Scalelite.
func (s *server) heldByHand() bool { return !s.memory.Entry.HandSince.IsZero() }

// findHands finds the servers that a person has cordoned or disabled in Scalelite since
// the evaluation before. They are held until somebody enables them there, or ends their
// maintenance. If many changed at once, that was not a person: Scalelite was restored from
// a backup, or something else manages the pool.
func (d *decision) findHands() {
	var changed servers
	enabled := 0
	for _, s := range d.servers {
		memory := &s.memory.Entry
		if memory.EnabledAs != "" {
			enabled++
		}
		switch {
		case s.entry == nil && s.Entry.Known():
			memory.EnabledAs = "" // it may come back as it was long ago
		case s.entry == nil || s.maintenance():
		case s.entry.State == pool.Enabled:
			memory.EnabledAs, memory.Ours, memory.HandSince = s.entry.ID, false, time.Time{}
		case memory.HandSince.IsZero() && d.changedByHand(s):
			changed = append(changed, s)
		default:
			memory.EnabledAs = ""
		}
	}
	if isMass(len(changed), enabled) {
		for _, s := range changed {
			s.memory.Entry.EnabledAs = ""
		}
		d.passing(Error, SubjectScalelite, adviceMass, "%s of %s were cordoned or disabled at once, and not by DiViMS: Scalelite was restored from a backup, or something else manages the pool",
			fact.Count(len(changed), "server"), fact.Count(enabled, "enabled server"))
		return
	}
	for _, s := range changed {
		s.memory.Entry.HandSince = d.now
	}
}

// ForgetHands forgets which servers were enabled and which a person holds. In a pool of
// which something else is in charge, no change is a person's.
func ForgetHands(state *pool.State) {
	for number := range state.Servers {
		memory := state.Memory(number)
		memory.Entry.EnabledAs, memory.Entry.HandSince = "", time.Time{}
		state.Remember(number, memory)
	}
}

// changedByHand reports whether a person has cordoned or disabled the server: it was
// enabled under the same entry id, and DiViMS neither cordoned it nor may have done so. If
// an evaluation in between did not record what it did, it may have been DiViMS.
func (d *decision) changedByHand(s *server) bool {
	memory := s.memory.Entry
	return memory.EnabledAs == s.entry.ID && !memory.Ours && d.state.TakenOver == ""
}

// isMass reports whether so many of the enabled servers changed at once that it was not a
// person: more than half of them and at least three, or both of two.
func isMass(changed, enabled int) bool {
	return changed >= 3 && 2*changed > enabled || changed == 2 && enabled == 2
}

// warnHands adds an alert for each server that a person holds.
func (d *decision) warnHands() {
	for _, s := range d.servers {
		if s.heldByHand() && d.twice(s.memory.Entry.HandSince) && !s.maintenance() && s.entry != nil {
			d.alertOf(s, Warning, subjectHand, adviceHand, "somebody has set server %d to %s in Scalelite, seen since %s: DiViMS leaves it alone",
				s.Server.Number, s.entry.State, s.memory.Entry.HandSince).Since = s.memory.Entry.HandSince
		}
	}
}
