package calendar

import (
	"fmt"
	"time"

	"divims/internal/pool"
)

// maxOccurrences bounds what a calendar may have in the time that matters.
const maxOccurrences = 100_000

// stepsPerMove is what it costs to compare an occurrence with a change that goes
// for all that follow: two clocks of some zones.
const stepsPerMove = 10

// read gives the occurrences of a calendar that overlap the time from `from` to
// `to`: single events in the order of the text, then the repeated ones, each
// series followed by its changed occurrences.
func read(text []byte, from, to time.Time, fallback *time.Location) ([]pool.Event, error) {
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

// expansion collects the occurrences of a time.
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
			return fmt.Errorf("event of line %d: %w", c.line, err)
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
		if err := e.keep(ev, ev.start); err != nil {
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

// addSeries adds the occurrences of the events of one UID: those that repeat,
// and those that change an occurrence of it. A change without what it changes
// counts by itself.
func (e *expansion) addSeries(events []event) error {
	var masters, changes, toAll []event
	changed := newMoments(nil)
	for _, ev := range events {
		if ev.changes == nil {
			masters = append(masters, ev)
			continue
		}
		changes = append(changes, ev)
		changed.add(*ev.changes)
		if ev.toAll {
			toAll = append(toAll, ev)
		}
	}
	for _, ev := range masters {
		if err := e.addRepeated(ev, changed, toAll); err != nil {
			return fmt.Errorf("event of line %d: %w", ev.line, err)
		}
	}
	for _, change := range changes {
		if err := e.keep(change, change.start); err != nil {
			return err
		}
	}
	return nil
}

// addRepeated adds the occurrences of a series that are neither excluded nor
// changed one by one.
func (e *expansion) addRepeated(ev event, changed moments, toAll []event) error {
	if err := e.work.spend(stepsPerMove * len(toAll)); err != nil {
		return err
	}
	starts, err := e.starts(ev, toAll)
	if err != nil {
		return err
	}
	if err := e.work.spend(len(starts) * (1 + stepsPerMove*len(toAll))); err != nil {
		return err
	}
	excluded, seen := newMoments(ev.excluded), newMoments(nil)
	for _, start := range starts {
		if seen.has(start) || excluded.has(start) || changed.has(start) {
			continue
		}
		seen.add(start)
		if err := e.keep(ev.following(start, toAll)); err != nil {
			return err
		}
	}
	return nil
}

// starts are the starts of a series that can matter.
func (e *expansion) starts(ev event, toAll []event) ([]stamp, error) {
	// Clocks on the wall are up to a day from UTC. An occurrence matters if it
	// begins before the time that matters but lasts into it, or is moved into it.
	from, to := e.from.UTC().AddDate(0, 0, -2), e.to.UTC().AddDate(0, 0, 2)
	from = addSeconds(from.AddDate(0, 0, -ev.length.days), -ev.length.seconds)
	for _, change := range toAll {
		moved := change.moves(ev.start.zone)
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
			starts = append(starts, stamp{clock, ev.start.zone, ev.start.day})
		}
	}
	return starts, nil
}

// keep adds an occurrence of an event if it overlaps the time that matters.
func (e *expansion) keep(ev event, start stamp) error {
	begin, end := start.instant(), ev.length.after(start)
	if end.Before(begin) {
		end = begin // days in a made-up zone whose clocks are put forward by more than that
	}
	if end.Before(e.from) || begin.After(e.to) {
		return nil
	}
	if len(e.found) == maxOccurrences {
		return fmt.Errorf("event of line %d: more than %d occurrences within %s",
			ev.line, maxOccurrences, e.to.Sub(e.from).Round(time.Hour))
	}
	e.found = append(e.found, pool.Event{
		Start:     begin.In(e.zones.own),
		End:       end.In(e.zones.own),
		Summary:   ev.summary,
		Cancelled: ev.cancelled,
		Order:     len(e.found),
	})
	return nil
}

// moments are occurrences to leave out, by instant, or by day where only the
// day was given.
type moments struct {
	instants map[int64]bool
	days     map[time.Time]bool
}

func newMoments(list []stamp) moments {
	m := moments{map[int64]bool{}, map[time.Time]bool{}}
	for _, s := range list {
		m.add(s)
	}
	return m
}

func (m moments) add(s stamp) {
	if s.day {
		m.days[s.clock] = true
		return
	}
	m.instants[s.instant().Unix()] = true
}

func (m moments) has(s stamp) bool {
	year, month, day := s.clock.Date()
	return m.instants[s.instant().Unix()] || m.days[time.Date(year, month, day, 0, 0, 0, 0, time.UTC)]
}
