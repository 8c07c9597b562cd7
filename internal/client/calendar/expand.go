package calendar

import (
	"fmt"
	"time"

	"divims/internal/pool"
)

// maxOccurrences is the most occurrences that a text may have in the window.
const maxOccurrences = 100_000

// stepsPerChange is the cost, in steps of the budget, of comparing an occurrence with a
// change with RANGE=THISANDFUTURE. The comparison converts between time zones.
const stepsPerChange = 10

// Read returns the occurrences in the text of a calendar that overlap the window from
// `from` to `to`. Single events come first, in the order of the text; then come the
// recurring events, each followed by its changed occurrences. fallback is the zone of
// times without a zone, in a calendar that does not name one; nil means UTC.
func Read(text []byte, from, to time.Time, fallback *time.Location) ([]pool.Event, error) {
	calendars, err := parse(text)
	if err != nil {
		return nil, err
	}
	e := expansion{from: from, to: to, work: &budget{maxSteps}}
	for _, calendar := range calendars {
		if err := e.add(calendar, fallback); err != nil {
			return nil, err
		}
	}
	return e.found, nil
}

// expansion collects the occurrences in a window.
type expansion struct {
	from, to time.Time
	zones    *zones
	work     *budget
	found    []pool.Event
}

func (e *expansion) add(calendar *component, fallback *time.Location) (err error) {
	if e.zones, err = newZones(calendar, fallback, e.to, e.work); err != nil {
		return err
	}
	var singles []event
	var series []string // in the order of their first events
	repeated := map[string][]event{}
	for _, c := range calendar.children {
		if c.name != "VEVENT" {
			continue
		}
		ev, err := readEvent(c, e.zones)
		if err != nil {
			return fmt.Errorf("event in line %d: %w", c.line, err)
		}
		if !ev.repeated() {
			singles = append(singles, ev)
			continue
		}
		if _, known := repeated[ev.uid]; !known {
			series = append(series, ev.uid)
		}
		repeated[ev.uid] = append(repeated[ev.uid], ev)
	}
	for _, ev := range singles {
		if err := e.addOccurrence(ev, ev.start); err != nil {
			return err
		}
	}
	for _, uid := range series {
		if err := e.addSeries(repeated[uid]); err != nil {
			return err
		}
	}
	return nil
}

// addSeries adds the occurrences of the events with one UID: the recurring events, and
// the events that replace one of their occurrences. An event that replaces an
// occurrence that does not exist is added, too.
func (e *expansion) addSeries(events []event) error {
	var masters, changes, futureChanges []event
	changed := newStampSet(nil)
	for _, ev := range events {
		if ev.replaces == nil {
			masters = append(masters, ev)
			continue
		}
		changes = append(changes, ev)
		changed.add(*ev.replaces)
		if ev.andFuture {
			futureChanges = append(futureChanges, ev)
		}
	}
	for _, ev := range masters {
		if err := e.addRepeated(ev, changed, futureChanges); err != nil {
			return fmt.Errorf("event in line %d: %w", ev.line, err)
		}
	}
	for _, change := range changes {
		if err := e.addOccurrence(change, change.start); err != nil {
			return err
		}
	}
	return nil
}

// addRepeated adds the occurrences of a recurring event that are neither excluded nor
// replaced by another event. It applies futureChanges to them.
func (e *expansion) addRepeated(ev event, changed stampSet, futureChanges []event) error {
	if err := e.work.spend(stepsPerChange * len(futureChanges)); err != nil {
		return err
	}
	starts, err := e.starts(ev, futureChanges)
	if err != nil {
		return err
	}
	if err := e.work.spend(len(starts) * (1 + stepsPerChange*len(futureChanges))); err != nil {
		return err
	}
	excluded, seen := newStampSet(ev.excluded), newStampSet(nil)
	for _, start := range starts {
		if seen.has(start) || excluded.has(start) || changed.has(start) {
			continue
		}
		seen.add(start)
		if err := e.addOccurrence(ev.applyFutureChange(start, futureChanges)); err != nil {
			return err
		}
	}
	return nil
}

// starts returns the starts of a recurring event whose occurrences may overlap the
// window. Some may lie outside.
func (e *expansion) starts(ev event, futureChanges []event) ([]stamp, error) {
	// The window is widened by two days because wall-clock time differs from UTC by up
	// to a day. It is also widened by the length of the event and by the changes, since
	// an occurrence may last into the window or be moved into it.
	from, to := e.from.UTC().AddDate(0, 0, -2), e.to.UTC().AddDate(0, 0, 2)
	from = addSeconds(from.AddDate(0, 0, -ev.length.days), -ev.length.seconds)
	for _, change := range futureChanges {
		moved := change.shift(ev.start.zone)
		from = addSeconds(from.AddDate(0, 0, -change.length.days), -change.length.seconds-max(0, moved))
		to = addSeconds(to, max(0, -moved))
	}
	starts := append([]stamp{ev.start}, ev.added...)
	for _, r := range ev.rules {
		clocks, err := r.between(ev.start.clock, from, to, e.work)
		if err != nil {
			return nil, err
		}
		for _, clock := range clocks {
			starts = append(starts, stamp{clock, ev.start.zone, ev.start.dateOnly})
		}
	}
	return starts, nil
}

// addOccurrence adds an occurrence of an event if it overlaps the window.
func (e *expansion) addOccurrence(ev event, start stamp) error {
	begin, end := start.instant(), ev.length.after(start)
	if end.Before(begin) {
		end = begin // a zone that the calendar defines may skip more than the event's length
	}
	if end.Before(e.from) || begin.After(e.to) {
		return nil
	}
	if len(e.found) == maxOccurrences {
		return fmt.Errorf("event in line %d: more than %d occurrences within %s",
			ev.line, maxOccurrences, e.to.Sub(e.from).Round(time.Hour))
	}
	e.found = append(e.found, pool.Event{
		Start:     begin.In(e.zones.floating),
		End:       end.In(e.zones.floating),
		Summary:   ev.summary,
		Cancelled: ev.cancelled,
		Order:     len(e.found),
	})
	return nil
}

// stampSet is a set of occurrences. A date without a time of day matches all
// occurrences of that day.
type stampSet struct {
	instants map[int64]bool
	days     map[time.Time]bool
}

func newStampSet(list []stamp) stampSet {
	set := stampSet{map[int64]bool{}, map[time.Time]bool{}}
	for _, s := range list {
		set.add(s)
	}
	return set
}

func (set stampSet) add(s stamp) {
	if s.dateOnly {
		set.days[s.clock] = true
		return
	}
	set.instants[s.instant().Unix()] = true
}

func (set stampSet) has(s stamp) bool {
	year, month, day := s.clock.Date()
	return set.instants[s.instant().Unix()] || set.days[time.Date(year, month, day, 0, 0, 0, 0, time.UTC)]
}
