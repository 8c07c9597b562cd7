package calendar

import (
	"cmp"
	"errors"
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
//
// What the schedule never uses is not read. An event that cannot be read is left out: if it
// has users=, Unread and Warnings name it. An error means that nothing could be read.
func Read(text []byte, from, to time.Time, fallback *time.Location) (pool.Calendar, error) {
	e := expansion{from: from, to: to, work: newBudget()}
	calendars, err := parse(text, &e.warnings)
	if err != nil {
		return pool.Calendar{}, err
	}
	for _, calendar := range calendars {
		if err := e.add(calendar, fallback); err != nil {
			return pool.Calendar{}, err
		}
	}
	return pool.Calendar{Events: e.found, Unread: e.unread, Warnings: e.warnings.texts()}, nil
}

// expansion collects the occurrences in a window.
type expansion struct {
	from, to time.Time
	zones    *zones
	work     *budget
	warnings warnings
	found    []pool.Event
	unread   []pool.UnreadEvent
}

func (e *expansion) add(calendar *component, fallback *time.Location) error {
	events, err := e.read(calendar, fallback)
	if err != nil {
		return err
	}
	var series []string // in the order of their first events
	repeated := map[string][]*event{}
	for _, ev := range e.newest(events) {
		switch {
		case ev.problem != nil:
			err = e.leaveOut(ev)
		case !ev.repeated():
			err = e.addOccurrence(ev, ev.start)
		default:
			key := cmp.Or(ev.uid, fmt.Sprintf("in line %d", ev.line))
			if _, known := repeated[key]; !known {
				series = append(series, key)
			}
			repeated[key] = append(repeated[key], ev)
		}
		if err != nil {
			return err
		}
	}
	for _, key := range series {
		if err := e.addSeries(repeated[key]); err != nil {
			return err
		}
	}
	return nil
}

// read reads the zones and events of a calendar.
func (e *expansion) read(calendar *component, fallback *time.Location) ([]*event, error) {
	e.work.startEvent(true)
	e.zones = newZones(calendar, fallback, e.to, e.work, &e.warnings)
	var events []*event
	for _, c := range calendar.children {
		if c.name != "VEVENT" {
			continue
		}
		ev := readEvent(c, e.zones)
		events = append(events, &ev)
		if e.work.exhausted() {
			return nil, fmt.Errorf("event in line %d: %w", c.line, errTooMuch)
		}
	}
	return events, nil
}

// identity is what the versions of an event have in common. start distinguishes events with
// the same UID and SEQUENCE: some programs write each date of a course as such an event.
type identity struct {
	uid             string
	isChange        bool
	replaces, start int64
}

func (ev *event) identity() identity {
	id := identity{uid: ev.uid, isChange: ev.isChange}
	if ev.replaces != nil {
		id.replaces = ev.replaces.instant().Unix()
	}
	return id
}

// newest returns the events without those of which there is a newer version: the same UID
// and RECURRENCE-ID with a higher SEQUENCE, or with the same one and start, and changed or
// written later.
func (e *expansion) newest(events []*event) []*event {
	highest := map[identity]int{} // the SEQUENCE
	for _, ev := range events {
		highest[ev.identity()] = max(highest[ev.identity()], ev.version.sequence)
	}
	last := map[identity]int{} // the index of the newest version
	older := map[int]bool{}
	for i, ev := range events {
		if ev.uid == "" || ev.isChange && ev.replaces == nil {
			continue
		}
		id := ev.identity()
		if ev.version.sequence < highest[id] {
			older[i] = true
			continue
		}
		if !ev.isChange {
			id.start = ev.start.instant().Unix()
		}
		before, known := last[id]
		switch {
		case !known:
		case ev.version.compare(events[before].version) < 0:
			older[i] = true
			e.warnReplaced(events[before], ev)
			continue
		default:
			older[before] = true
			e.warnReplaced(ev, events[before])
		}
		last[id] = i
	}
	if len(older) == 0 {
		return events
	}
	var newest []*event
	for i, ev := range events {
		if !older[i] {
			newest = append(newest, ev)
		}
	}
	return newest
}

// warnReplaced warns about two events with the same UID and SEQUENCE that may not be
// versions of one, because they differ.
func (e *expansion) warnReplaced(ev, older *event) {
	same := ev.summary == older.summary && ev.start.instant().Equal(older.start.instant())
	if older.matters && !same {
		e.warnings.add(older.line, "%s is left out: the event in line %d has the same UID and counts instead", older.name(), ev.line)
	}
}

// leaveOut notes when an event may take place that cannot be read, and warns about it. An
// event without users= does not matter.
func (e *expansion) leaveOut(ev *event) error {
	if !ev.matters {
		return nil
	}
	before := len(e.unread)
	var err error
	switch {
	case ev.dayUnknown:
		e.unread = append(e.unread, pool.UnreadEvent{Reason: e.reason(ev)})
	case len(ev.rules)+len(ev.added) > 0:
		e.work.startEvent(true)
		if err = e.addRepeated(ev, newStampSet(nil), nil); errors.Is(err, errEventTooMuch) {
			e.work.startEvent(true)
			err = e.addRepeated(ev.everyDay(), newStampSet(nil), nil)
		}
	default:
		err = e.addOccurrence(ev, ev.start)
	}
	if len(e.unread) > before || ev.start.instant().After(e.to) {
		e.warnings.add(ev.line, "%s is left out: %s", ev.name(), ev.problem)
	}
	return err
}

// reason returns why an event is not read, with its name.
func (e *expansion) reason(ev *event) string {
	return fmt.Sprintf("%s in line %d: %s", ev.name(), ev.line, ev.problem)
}

// addSeries adds the occurrences of the events with one UID: the recurring events, and
// the events that replace one of their occurrences. An event that replaces an
// occurrence that does not exist is added, too.
func (e *expansion) addSeries(events []*event) error {
	var masters, changes, futureChanges []*event
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
		e.work.startEvent(ev.matters)
		err := e.addRepeated(ev, changed, futureChanges)
		if errors.Is(err, errEventTooMuch) {
			ev.problem = err
			err = e.leaveOut(ev.everyDay())
		}
		if err != nil {
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
func (e *expansion) addRepeated(ev *event, changed stampSet, futureChanges []*event) error {
	if err := e.work.spend(1 + stepsPerChange*len(futureChanges)); err != nil {
		return err
	}
	starts, excluded, err := e.starts(ev, futureChanges)
	if err != nil {
		return err
	}
	if err := e.work.spend(len(starts) * (1 + stepsPerChange*len(futureChanges))); err != nil {
		return err
	}
	seen := newStampSet(nil)
	for _, o := range starts {
		if seen.has(o.stamp) || excluded.has(o.stamp) || changed.has(o.stamp) {
			continue
		}
		seen.add(o.stamp)
		one, start := ev.applyFutureChange(o.stamp, futureChanges)
		if o.length != nil {
			period := *one
			period.length, one = *o.length, &period
		}
		if err := e.addOccurrence(one, start); err != nil {
			return err
		}
	}
	return nil
}

// starts returns the starts of a recurring event whose occurrences may overlap the
// window, some of which may lie outside, and the starts that are excluded.
func (e *expansion) starts(ev *event, futureChanges []*event) ([]occurrence, stampSet, error) {
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
	starts := append([]occurrence{{stamp: ev.start}}, ev.added...)
	for _, r := range ev.rules {
		clocks, err := r.between(ev.start.clock, from, to, e.work)
		if err != nil {
			return nil, stampSet{}, err
		}
		for _, clock := range clocks {
			starts = append(starts, occurrence{stamp: stamp{clock, ev.start.zone, ev.start.dateOnly}})
		}
	}
	excluded := newStampSet(ev.excluded)
	for _, r := range ev.exceptions {
		clocks, err := r.allBetween(ev.start.clock, from, to, e.work)
		if err != nil {
			return nil, stampSet{}, err
		}
		for _, clock := range clocks {
			excluded.add(stamp{clock, ev.start.zone, ev.start.dateOnly})
		}
	}
	return starts, excluded, nil
}

// addOccurrence adds an occurrence of an event if it overlaps the window.
func (e *expansion) addOccurrence(ev *event, start stamp) error {
	begin, end := start.instant(), ev.length.after(start)
	if end.Before(begin) {
		end = begin // a zone that the calendar defines may skip more than the event's length
	}
	if end.Before(e.from) || begin.After(e.to) {
		return nil
	}
	if !ev.matters && len(e.found) >= maxOccurrences/2 {
		return nil // they leave room for those that matter
	}
	if len(e.found)+len(e.unread) == maxOccurrences {
		return fmt.Errorf("event in line %d: more than %d occurrences within %s",
			ev.line, maxOccurrences, e.to.Sub(e.from).Round(time.Hour))
	}
	begin, end = begin.In(e.zones.floating), end.In(e.zones.floating)
	if ev.problem != nil {
		if end.Equal(begin) {
			end = begin.AddDate(0, 0, 1)
		}
		e.unread = append(e.unread, pool.UnreadEvent{Start: begin, End: end, Reason: e.reason(ev)})
		return nil
	}
	e.found = append(e.found, pool.Event{
		Start:     begin,
		End:       end,
		Summary:   ev.summary,
		Cancelled: ev.cancelled,
		Order:     len(e.found),
		Line:      ev.line,
	})
	return nil
}

// stampSet is a set of occurrences. A date without a time of day matches all
// occurrences of that day, and an all-day occurrence is matched by all times of that day,
// as they are written: programs write 20260309T000000Z for the day of 9 March.
type stampSet struct {
	instants    map[int64]bool
	days, dates map[time.Time]bool // dates has the days of all stamps
}

func newStampSet(list []stamp) stampSet {
	set := stampSet{map[int64]bool{}, map[time.Time]bool{}, map[time.Time]bool{}}
	for _, s := range list {
		set.add(s)
	}
	return set
}

func (set stampSet) add(s stamp) {
	day := s.date().clock
	set.dates[day] = true
	if s.dateOnly {
		set.days[day] = true
		return
	}
	set.instants[s.instant().Unix()] = true
}

func (set stampSet) has(s stamp) bool {
	day := s.date().clock
	if s.dateOnly {
		return set.dates[day]
	}
	return set.instants[s.instant().Unix()] || set.days[day]
}
