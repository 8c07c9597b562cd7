package cycle

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// news is what operators are to be told by one message.
type news struct {
	// Begun are new, or more urgent than they were, or back after their end was
	// told. Ongoing were told of, and it is time to do so again. Ended are over.
	Begun, Ongoing, Ended []matter
	// Silent is how many matters go on of which operators were told lately.
	Silent int
}

// matter is an alert, and since when it is so. Of what ended only the level, the
// subject and the times are known.
type matter struct {
	scaling.Alert
	Since, Gone time.Time
}

func (n news) empty() bool { return len(n.Begun)+len(n.Ongoing)+len(n.Ended) == 0 }

// watch follows matters through one evaluation: what is seen, and what is not seen
// any more. open tells of which subjects nobody can say whether they go on; they
// stay as they are.
func watch(now time.Time, alerts []scaling.Alert, open func(subject string) bool, before map[string]pool.Told) map[string]pool.Told {
	next := make(map[string]pool.Told, len(alerts))
	for _, alert := range alerts {
		told, known := before[alert.Subject]
		ended := !told.Ended.IsZero()
		if !known || ended && !told.Gone.IsZero() {
			told.Since = now
		}
		if !told.Gone.IsZero() && (ended || !told.Returned.IsZero()) {
			told.Returned = now
		}
		told.Gone, told.Passing = time.Time{}, alert.Passing
		next[alert.Subject] = told
	}
	for subject, told := range before {
		if _, seen := next[subject]; seen {
			continue
		}
		if !open(subject) {
			if told.At.IsZero() {
				continue // nobody was told of it, so there is nothing to take back
			}
			told.Gone = cmp.Or(told.Gone, now)
		}
		next[subject] = told
	}
	return next
}

// due says what operators are to be told now, of alerts with one subject each, and
// what they know then. With 8 hours for errors:
//
//	08:00 seen             told as new
//	08:05 seen             silent until 16:00, then told as ongoing
//	16:05 not seen         silent, for it may come back
//	16:10 not seen         told as ended
//	17:00 seen             told as new, since operators believe it is over
//	17:05 not seen         silent: it comes and goes
//	17:10 seen             silent until 01:00, as it was told at 17:00
//	01:05 not seen         told as ended when it has stayed away for 8 hours
//
// So a matter that comes and goes is told of three times in its first 8 hours, and
// once in all others. A matter that gets more urgent is told as new at once.
func due(now time.Time, every Every, alerts []scaling.Alert, open func(subject string) bool, watched map[string]pool.Told) (n news, known map[string]pool.Told) {
	known = maps.Clone(watched)
	for _, alert := range alerts {
		known[alert.Subject] = n.goesOn(now, every.of(alert.Level), alert, known[alert.Subject])
	}
	for subject, told := range watched {
		if told.Gone.IsZero() || open(subject) {
			continue
		}
		told, remembered := n.isGone(now, every.of(scaling.Level(told.Level)), subject, told)
		known[subject] = told
		if !remembered {
			delete(known, subject)
		}
	}
	byUrgency(n.Ended)
	return n, known
}

// goesOn takes in a matter that was seen, and gives what operators know of it then.
func (n *news) goesOn(now time.Time, wait time.Duration, alert scaling.Alert, told pool.Told) pool.Told {
	if now.Sub(told.Returned) >= wait {
		told.Returned = time.Time{} // it has stayed
	}
	again := now.Sub(told.At) >= wait
	risen := alert.Level.Rank() > scaling.Level(told.Level).Rank() // also from nothing
	switch {
	case risen, alert.Passing && again, !alert.Passing && !told.Ended.IsZero():
		n.Begun = append(n.Begun, matter{Alert: alert, Since: told.Since})
	case alert.Passing:
		return told
	case again:
		n.Ongoing = append(n.Ongoing, matter{Alert: alert, Since: told.Since})
	default:
		n.Silent++
		return told
	}
	told.Level, told.At, told.Ended = string(alert.Level), now, time.Time{}
	return told
}

// isGone takes in a matter that was not seen any more, and gives what operators know
// of it then, as long as that has to be remembered.
func (n *news) isGone(now time.Time, wait time.Duration, subject string, told pool.Told) (known pool.Told, remembered bool) {
	comesAndGoes := !told.Returned.IsZero()
	switch {
	case told.Passing && now.Sub(told.At) >= wait, !told.Ended.IsZero() && now.Sub(told.Ended) >= wait:
		return told, false
	case told.Passing, !told.Ended.IsZero(), !told.Gone.Before(now), comesAndGoes && now.Sub(told.Gone) < wait:
		return told, true // it is known to be over, or may come back
	}
	n.Ended = append(n.Ended, matter{scaling.Alert{Level: scaling.Level(told.Level), Subject: subject}, told.Since, told.Gone})
	told.Ended, told.Returned = now, time.Time{}
	return told, true
}

// byUrgency sorts the most urgent first, and then by subject.
func byUrgency(matters []matter) {
	slices.SortFunc(matters, func(a, b matter) int {
		return cmp.Or(cmp.Compare(b.Level.Rank(), a.Level.Rank()), cmp.Compare(a.Subject, b.Subject))
	})
}

// bySubject makes one alert of all those with the same subject, with the most
// urgent level, and puts the most urgent first.
func bySubject(alerts []scaling.Alert) []scaling.Alert {
	place := make(map[string]int, len(alerts))
	var list []scaling.Alert
	for _, alert := range alerts {
		at, twice := place[alert.Subject]
		if !twice {
			place[alert.Subject] = len(list)
			list = append(list, alert)
			continue
		}
		list[at].Text += "; " + alert.Text
		if alert.Level.Rank() > list[at].Level.Rank() {
			list[at].Level, list[at].Advice = alert.Level, alert.Advice
		}
	}
	slices.SortStableFunc(list, func(a, b scaling.Alert) int { return cmp.Compare(b.Level.Rank(), a.Level.Rank()) })
	return list
}
