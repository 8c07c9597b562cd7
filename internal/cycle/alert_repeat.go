package cycle

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// digest is the content of one message to operators.
type digest struct {
	// New alerts are new, more urgent than before, or back after they were reported
	// as resolved. Ongoing ones were reported before and are due again.
	New, Ongoing, Resolved []trackedAlert
	// Muted counts the alerts that go on and were reported lately.
	Muted int
}

// trackedAlert is an alert with its times. Of a resolved one only the level, the
// subject and the times are known.
type trackedAlert struct {
	scaling.Alert
	Since, Gone time.Time
}

func (d digest) empty() bool { return len(d.New)+len(d.Ongoing)+len(d.Resolved) == 0 }

// track updates since when each alert has been present or absent. Alerts whose
// subject is undecided stay as they are.
func track(now time.Time, alerts []scaling.Alert, undecided func(subject string) bool, before map[string]pool.NotifiedAlert) map[string]pool.NotifiedAlert {
	next := make(map[string]pool.NotifiedAlert, len(alerts))
	for _, alert := range alerts {
		memory, known := before[alert.Subject]
		resolved := !memory.Ended.IsZero()
		if !known || resolved && !memory.Gone.IsZero() {
			memory.Since = now
		}
		if !memory.Gone.IsZero() && (resolved || !memory.Returned.IsZero()) {
			memory.Returned = now
		}
		memory.Gone, memory.Passing = time.Time{}, alert.Passing
		next[alert.Subject] = memory
	}
	for subject, memory := range before {
		if _, seen := next[subject]; seen {
			continue
		}
		if !undecided(subject) {
			if memory.At.IsZero() {
				continue // it was never reported, so it need not be reported as resolved
			}
			memory.Gone = cmp.Or(memory.Gone, now)
		}
		next[subject] = memory
	}
	return next
}

// newDigest returns the alerts to report now, and what operators know afterwards. No
// two alerts may have the same subject. every has the time after which an alert is
// reported again, by level. An example with 8 hours for errors:
//
//	08:00 present          reported as new
//	08:05 present          nothing until 16:00, then reported as ongoing
//	16:05 absent           nothing, because it may come back
//	16:10 absent           reported as resolved
//	17:00 present          reported as new, because it was reported as resolved
//	17:05 absent           nothing: it comes and goes
//	17:10 present          nothing until 01:00, 8 hours after 17:00
//	01:05 absent           reported as resolved once it has been absent for 8 hours
//
// So an alert that comes and goes is reported three times in its first 8 hours, and
// once in every further 8 hours. An alert that becomes more urgent is reported as new
// at once.
func newDigest(now time.Time, every Every, alerts []scaling.Alert, undecided func(subject string) bool, tracked map[string]pool.NotifiedAlert) (d digest, known map[string]pool.NotifiedAlert) {
	known = maps.Clone(tracked)
	for _, alert := range alerts {
		known[alert.Subject] = d.addPresent(now, every.of(alert.Level), alert, known[alert.Subject])
	}
	for subject, memory := range tracked {
		if memory.Gone.IsZero() || undecided(subject) {
			continue
		}
		memory, keep := d.addAbsent(now, every.of(scaling.Level(memory.Level)), subject, memory)
		known[subject] = memory
		if !keep {
			delete(known, subject)
		}
	}
	sortByUrgency(d.Resolved)
	return d, known
}

// addPresent adds an alert that is present, if it is to be reported. It returns what
// operators know of it afterwards.
func (d *digest) addPresent(now time.Time, interval time.Duration, alert scaling.Alert, memory pool.NotifiedAlert) pool.NotifiedAlert {
	if now.Sub(memory.Returned) >= interval {
		memory.Returned = time.Time{} // it came back long ago, and no longer comes and goes
	}
	isDue := now.Sub(memory.At) >= interval
	isMoreUrgent := alert.Level.Rank() > scaling.Level(memory.Level).Rank() // also if it was never reported
	switch {
	case isMoreUrgent, alert.Passing && isDue, !alert.Passing && !memory.Ended.IsZero():
		d.New = append(d.New, trackedAlert{Alert: alert, Since: memory.Since})
	case alert.Passing:
		return memory
	case isDue:
		d.Ongoing = append(d.Ongoing, trackedAlert{Alert: alert, Since: memory.Since})
	default:
		d.Muted++
		return memory
	}
	memory.Level, memory.At, memory.Ended = string(alert.Level), now, time.Time{}
	return memory
}

// addAbsent adds an alert that is no longer present, if it is to be reported as
// resolved. It returns what operators know of it, and whether that must be kept.
func (d *digest) addAbsent(now time.Time, interval time.Duration, subject string, memory pool.NotifiedAlert) (known pool.NotifiedAlert, keep bool) {
	comesAndGoes := !memory.Returned.IsZero()
	switch {
	case memory.Passing && now.Sub(memory.At) >= interval, !memory.Ended.IsZero() && now.Sub(memory.Ended) >= interval:
		return memory, false
	case memory.Passing, !memory.Ended.IsZero(), !memory.Gone.Before(now), comesAndGoes && now.Sub(memory.Gone) < interval:
		return memory, true // it was reported as resolved, or may come back
	}
	d.Resolved = append(d.Resolved, trackedAlert{scaling.Alert{Level: scaling.Level(memory.Level), Subject: subject}, memory.Since, memory.Gone})
	memory.Ended, memory.Returned = now, time.Time{}
	return memory, true
}

// sortByUrgency puts the most urgent alerts first, and sorts equals by subject.
func sortByUrgency(alerts []trackedAlert) {
	slices.SortFunc(alerts, func(a, b trackedAlert) int {
		return cmp.Or(cmp.Compare(b.Level.Rank(), a.Level.Rank()), cmp.Compare(a.Subject, b.Subject))
	})
}
