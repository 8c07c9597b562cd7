package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// event is a VEVENT.
type event struct {
	uid, summary string
	cancelled    bool
	start        stamp
	length       length
	rules        []rule
	added        []stamp // RDATE
	excluded     []stamp // EXDATE
	// replaces is the occurrence of the same UID that this event replaces
	// (RECURRENCE-ID); nil if there is none.
	replaces *stamp
	// andFuture means that the event also replaces all later occurrences
	// (RANGE=THISANDFUTURE).
	andFuture bool
	line      int
}

// repeated reports whether an event is part of a series: it recurs, or it replaces an
// occurrence of an event that recurs.
func (ev event) repeated() bool {
	return len(ev.rules) > 0 || len(ev.added) > 0 || ev.replaces != nil
}

// shift returns how many seconds later the event begins than the occurrence that it
// replaces, by the wall clock of zone.
func (ev event) shift(zone *time.Location) int64 {
	return wallClock(ev.start.instant(), zone).Unix() - wallClock(ev.replaces.instant(), zone).Unix()
}

// applyFutureChange applies the latest change with RANGE=THISANDFUTURE to the occurrence
// of ev at start. It returns the changed event and start, or ev and start if no change
// applies.
func (ev event) applyFutureChange(start stamp, futureChanges []event) (event, stamp) {
	var last *event
	for i, change := range futureChanges {
		if !change.replaces.instant().After(start.instant()) &&
			(last == nil || change.replaces.instant().After(last.replaces.instant())) {
			last = &futureChanges[i]
		}
	}
	if last == nil {
		return ev, start
	}
	start.clock = addSeconds(start.clock, last.shift(start.zone))
	return *last, start
}

func readEvent(c *component, z *zones) (event, error) {
	ev := event{uid: fmt.Sprintf("in line %d", c.line), line: c.line}
	if p := c.first("UID"); p != nil {
		ev.uid = p.value
	}
	if p := c.first("SUMMARY"); p != nil {
		ev.summary = unescape(p.value)
	}
	if p := c.first("STATUS"); p != nil {
		ev.cancelled = strings.EqualFold(strings.TrimSpace(p.value), "CANCELLED")
	}
	start := c.first("DTSTART")
	if start == nil {
		return event{}, errors.New("no DTSTART")
	}
	var err error
	if ev.start, err = start.stamp(z); err != nil {
		return event{}, err
	}
	if ev.length, err = readLength(c, ev.start, z); err != nil {
		return event{}, err
	}
	if p := c.first("RECURRENCE-ID"); p != nil {
		s, err := p.stamp(z)
		if err != nil {
			return event{}, err
		}
		ev.replaces, ev.andFuture = &s, strings.EqualFold(p.parameters["RANGE"], "THISANDFUTURE")
	}
	for p := range c.all("RRULE") {
		r, err := parseRule(p.value, ev.start)
		if err != nil {
			return event{}, fmt.Errorf("line %d: %w", p.line, err)
		}
		ev.rules = append(ev.rules, r)
	}
	if ev.added, err = stamps(c, "RDATE", z); err != nil {
		return event{}, err
	}
	ev.excluded, err = stamps(c, "EXDATE", z)
	return ev, err
}

// readLength reads the length of an event. Without DTEND and DURATION, an all-day event
// lasts one day and any other event 0 seconds (RFC 5545, 3.6.1).
func readLength(c *component, start stamp, z *zones) (length, error) {
	if p := c.first("DTEND"); p != nil {
		end, err := p.stamp(z)
		if err != nil {
			return length{}, err
		}
		if start.dateOnly && end.dateOnly {
			return length{days: max(0, int((end.clock.Unix()-start.clock.Unix())/periodSeconds[daily]))}, nil
		}
		return length{seconds: max(0, end.instant().Unix()-start.instant().Unix())}, nil
	}
	if p := c.first("DURATION"); p != nil {
		l, err := parseLength(p.value)
		if err != nil {
			return length{}, fmt.Errorf("line %d: %w", p.line, err)
		}
		return l, nil
	}
	if start.dateOnly {
		return length{days: 1}, nil
	}
	return length{}, nil
}

// stamp parses a property that holds a date or time.
func (p *property) stamp(z *zones) (stamp, error) {
	list, err := p.stamps(z)
	if err != nil {
		return stamp{}, err
	}
	return list[0], nil
}

// stamps parses a property that holds a list of dates or times, at least one. For a
// period it returns the start.
func (p *property) stamps(z *zones) ([]stamp, error) {
	zone := z.floating
	if id := p.parameters["TZID"]; id != "" {
		var err error
		if zone, err = z.find(id); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if err := z.work.spendList(p.value); err != nil {
		return nil, err
	}
	var list []stamp
	for text := range strings.SplitSeq(p.value, ",") {
		begin, _, _ := strings.Cut(text, "/")
		s, err := parseStamp(begin, zone)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", p.line, p.name, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// stamps parses the lists of dates or times in all properties with the given name.
func stamps(c *component, name string, z *zones) ([]stamp, error) {
	var list []stamp
	for p := range c.all(name) {
		more, err := p.stamps(z)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}
