package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"divims/internal/pool"
)

// event is a VEVENT.
type event struct {
	uid, summary string
	cancelled    bool
	start        stamp
	length       length
	rules        []rule
	added        []occurrence // RDATE
	excluded     []stamp      // EXDATE
	exceptions   []rule       // EXRULE, of the standard before RFC 5545
	// replaces is the occurrence of the same UID that this event replaces
	// (RECURRENCE-ID); nil if there is none.
	replaces *stamp
	// isChange means that it has a RECURRENCE-ID, be it one that cannot be read.
	isChange bool
	// andFuture means that the event also replaces all later occurrences
	// (RANGE=THISANDFUTURE).
	andFuture bool
	line      int
	version   version
	// matters means that the event has users=.
	matters bool
	// problem is why the event cannot be read; nil if it can. Its times are then the best
	// guess from the parts that can be read, and dayUnknown means that there is none.
	problem    error
	dayUnknown bool
}

// occurrence is one start of a recurring event. length is nil for the event's own.
type occurrence struct {
	stamp
	length *length
}

// version orders several versions of one event: SEQUENCE, DTSTAMP, LAST-MODIFIED.
type version struct {
	sequence          int
	stamped, modified time.Time
}

func (v version) compare(other version) int {
	return cmp.Or(cmp.Compare(v.sequence, other.sequence), v.stamped.Compare(other.stamped), v.modified.Compare(other.modified))
}

// name returns how warnings name an event.
func (ev *event) name() string {
	if ev.uid == "" {
		return fmt.Sprintf("event %.40q", ev.summary)
	}
	return fmt.Sprintf("event %.40q (UID %.60q)", ev.summary, ev.uid)
}

// repeated reports whether an event is part of a series: it recurs, or it replaces an
// occurrence of an event that recurs.
func (ev *event) repeated() bool {
	return len(ev.rules) > 0 || len(ev.added) > 0 || ev.replaces != nil
}

// everyDay returns the event as if it took place every day at its hours.
func (ev *event) everyDay() *event {
	daily := *ev
	daily.rules, daily.added, daily.exceptions = []rule{dailyRule(ev.start, time.Time{})}, nil, nil
	return &daily
}

// shift returns how many seconds later the event begins than the occurrence that it
// replaces, by the wall clock of zone.
func (ev *event) shift(zone *time.Location) int64 {
	return wallClock(ev.start.instant(), zone).Unix() - wallClock(ev.replaces.instant(), zone).Unix()
}

// applyFutureChange applies the latest change with RANGE=THISANDFUTURE to the occurrence
// of ev at start. It returns the changed event and start, or ev and start if no change
// applies.
func (ev *event) applyFutureChange(start stamp, futureChanges []*event) (*event, stamp) {
	var last *event
	for _, change := range futureChanges {
		if !change.replaces.instant().After(start.instant()) &&
			(last == nil || change.replaces.instant().After(last.replaces.instant())) {
			last = change
		}
	}
	if last == nil {
		return ev, start
	}
	start.clock = addSeconds(start.clock, last.shift(start.zone))
	return last, start
}

// eventReader reads a VEVENT. It goes on after a problem, to guess when the event may take
// place.
type eventReader struct {
	*component
	zones *zones
	event event
}

// note notes a problem. The first one is kept.
func (r *eventReader) note(err error) {
	if r.event.problem == nil {
		r.event.problem = err // nil is no problem
	}
}

func readEvent(c *component, z *zones) event {
	r := eventReader{c, z, event{start: stamp{zone: z.floating}, line: c.line, problem: c.broken}}
	r.readTexts()
	z.work.startEvent(r.event.matters)
	r.readStart()
	r.readLength()
	r.readReplaced()
	r.readRules()
	return r.event
}

func (r *eventReader) readTexts() {
	ev := &r.event
	if p := r.first("UID"); p != nil {
		ev.uid = p.value
	}
	if p := r.first("SUMMARY"); p != nil {
		ev.summary = unescape(p.value)
	}
	if p := r.first("STATUS"); p != nil {
		ev.cancelled = strings.EqualFold(strings.TrimSpace(p.value), "CANCELLED")
	}
	_, ev.matters = pool.Users(ev.summary)
	if !ev.matters && r.brokenUsers != nil {
		ev.matters = true
		r.note(r.brokenUsers)
	}
	if p := r.first("SEQUENCE"); p != nil {
		sequence, _ := strconv.Atoi(strings.TrimSpace(p.value)) // 0 if it is not a number
		ev.version.sequence = max(0, sequence)
	}
	ev.version.stamped, ev.version.modified = r.utc("DTSTAMP"), r.utc("LAST-MODIFIED")
}

// utc returns the time of a property that is always in UTC; zero if it is not a time.
func (r *eventReader) utc(name string) time.Time {
	p := r.first(name)
	if p == nil {
		return time.Time{}
	}
	s, _ := parseStamp(p.value, time.UTC)
	return s.clock
}

// readStart reads DTSTART. If it cannot be read, the event may take place on the whole day
// that DTSTART, RECURRENCE-ID or DTEND names.
func (r *eventReader) readStart() {
	err := errors.New("no DTSTART")
	if p := r.first("DTSTART"); p != nil {
		var list []occurrence
		if list, err = p.occurrences(r.zones); len(list) > 0 {
			r.event.start = list[0].stamp
			r.note(err)
			return
		}
	}
	r.note(err)
	for _, name := range []string{"DTSTART", "RECURRENCE-ID", "DTEND"} {
		if p := r.first(name); p != nil {
			if day, ok := parseDay(p.value, r.zones.floating); ok {
				r.event.start = day
				return
			}
		}
	}
	r.event.dayUnknown = true
}

// readLength reads the length of an event. Without DTEND and DURATION, an all-day event
// lasts one day and any other event 0 seconds (RFC 5545, 3.6.1). An all-day event that
// ends when it begins lasts one day, too. An event whose end cannot be read may last a day.
func (r *eventReader) readLength() {
	start, l := r.event.start, length{}
	if p := r.first("DTEND"); p != nil {
		list, err := p.occurrences(r.zones)
		if err != nil {
			r.note(err)
			l.days = 1
		}
		if len(list) > 0 {
			l = lengthUntil(start, list[0].stamp)
		}
	} else if p := r.first("DURATION"); p != nil {
		var err error
		if l, err = parseLength(p.value); err != nil {
			r.note(fmt.Errorf("line %d: %w", p.line, err))
			l.days = 1
		}
	}
	if start.dateOnly && l == (length{}) {
		l.days = 1
	}
	r.event.length = l
}

func (r *eventReader) readReplaced() {
	p := r.first("RECURRENCE-ID")
	if p == nil {
		return
	}
	r.event.isChange = true
	list, err := p.occurrences(r.zones)
	if err != nil || len(list) == 0 {
		r.note(cmp.Or(err, fmt.Errorf("line %d: RECURRENCE-ID has no value", p.line)))
		return
	}
	replaced := list[0].stamp
	if r.event.start.dateOnly {
		replaced = stamp{replaced.date().clock, r.event.start.zone, true}
	}
	r.event.replaces, r.event.andFuture = &replaced, strings.EqualFold(p.parameters["RANGE"], "THISANDFUTURE")
}

// readRules reads the rules and lists of a recurring event. If the occurrences that they
// add cannot be read, the event may take place every day at its hours. If those that they
// exclude cannot be read, it may take place then.
func (r *eventReader) readRules() {
	ev := &r.event
	for p := range r.all("RRULE") {
		ev.rules = append(ev.rules, r.rule(p))
	}
	for p := range r.all("EXRULE") {
		ev.exceptions = append(ev.exceptions, r.rule(p))
	}
	for p := range r.all("RDATE") {
		list, err := p.occurrences(r.zones)
		if err != nil {
			r.note(err)
			ev.rules = append(ev.rules, dailyRule(ev.start, time.Time{}))
		}
		ev.added = append(ev.added, list...)
	}
	for p := range r.all("EXDATE") {
		list, err := p.occurrences(r.zones)
		r.note(err)
		for _, o := range list {
			ev.excluded = append(ev.excluded, o.stamp)
		}
	}
	if ev.problem != nil {
		ev.exceptions = nil // one of them may be a guess
	}
}

// rule parses a rule. If it cannot be read, the result is a rule for every day.
func (r *eventReader) rule(p *property) rule {
	parsed, err := parseRule(p.value, r.event.start)
	if err != nil {
		r.note(fmt.Errorf("line %d: %w", p.line, err))
		return dailyRule(r.event.start, parsed.until)
	}
	return parsed
}

// occurrences parses a property that holds a date, a time or a list of them. A period has
// a length of its own. With an error it returns what could be read, and takes the
// calendar's own zone for one that is unknown.
func (p *property) occurrences(z *zones) (list []occurrence, err error) {
	if err := z.work.spendList(p.value); err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	note := func(problem error) {
		if problem != nil && err == nil {
			err = fmt.Errorf("line %d: %s: %w", p.line, p.name, problem)
		}
	}
	zone, zoneErr := z.floating, error(nil)
	if id := p.parameters["TZID"]; id != "" {
		if zone, zoneErr = z.find(id); zoneErr != nil {
			zone = z.floating
		}
	}
	for text := range strings.SplitSeq(p.value, ",") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		o, problem := parseOccurrence(text, zone)
		note(problem)
		if problem != nil {
			continue
		}
		if !o.dateOnly && !strings.ContainsAny(text, "Zz") {
			note(zoneErr) // neither a day nor a time in UTC needs the zone
		}
		if strings.EqualFold(p.parameters["VALUE"], "DATE") {
			o.stamp = o.date()
		}
		list = append(list, o)
	}
	return list, err
}

// parseOccurrence parses a date, a time or a period, whose end is a time or a duration.
func parseOccurrence(text string, zone *time.Location) (occurrence, error) {
	begin, end, isPeriod := strings.Cut(text, "/")
	start, err := parseStamp(begin, zone)
	if err != nil || !isPeriod {
		return occurrence{stamp: start}, err
	}
	if until, err := parseStamp(end, zone); err == nil {
		l := lengthUntil(start, until)
		return occurrence{start, &l}, nil
	}
	l, err := parseLength(end)
	return occurrence{start, &l}, err
}

// lengthUntil returns the length of an event with an end, 0 if it ends before it begins.
func lengthUntil(start, end stamp) length {
	if start.dateOnly && end.dateOnly {
		return length{days: max(0, int((end.clock.Unix()-start.clock.Unix())/periodSeconds[daily]))}
	}
	return length{seconds: max(0, end.instant().Unix()-start.instant().Unix())}
}
