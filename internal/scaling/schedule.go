package scaling

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling/forecast"
)

// ScheduleMode says how long an event of the calendar is in force.
type ScheduleMode string

// The modes of the policy schedule.
const (
	// ScheduleStep is the predecessor's rule: an event is in force until the next one
	// starts, at most until 7 days after its end.
	ScheduleStep ScheduleMode = "step"
	// ScheduleWindow means that an event is in force from its start to its end.
	ScheduleWindow ScheduleMode = "window"
)

// stepDays is how many days after its end an event stops being in force in mode step.
// They are calendar days in the event's time zone: 7 days are 167 hours if summer time
// begins among them.
const stepDays = 7

// scheduleAnswer returns what the schedule requires within the lead time, or what must be
// created early for a later event if that is more. enabled is the number of servers that
// are enabled now.
func scheduleAnswer(now time.Time, config Config, calendar pool.Reading[pool.Calendar], enabled int) Answer {
	read, ok := calendar.Get()
	if !ok {
		reason := "no calendar: " + calendar.Reason()
		return Answer{Policy: PolicySchedule, Servers: pool.Unknown[int](reason), Why: []string{reason}}
	}
	answer := scheduleRequired(now, config, read)
	answer.Outlook = scheduleOutlook(now, config, read)
	answer.createEarly(now, config, read.Events, enabled)
	return answer
}

// scheduleRequired returns the largest demand from now to the end of the lead time, in
// servers, and how it was calculated. With users=50%, 30 servers and a capacity of 10000
// participants it is
//
//	ceil(50% of 10000 × 30 / 10000) = 15
//
// An event that cannot be read is not a demand of 0. It is ignored if other events can be
// read. If none can, the policy has no answer. From its start to its end it keeps the floor
// (raiseToFloor).
func scheduleRequired(now time.Time, config Config, calendar pool.Calendar) Answer {
	source := "calendar: " + calendar.Source
	if config.Size <= 0 || config.Capacity <= 0 {
		return noAnswer(source, "the pool's size and capacity must be above 0")
	}
	var events []pool.Event
	unread := unreadEvents(calendar.Unread, now, config)
	switch config.ScheduleMode {
	case ScheduleStep:
		events = steps(calendar.Events, now, config.LeadTime())
		if len(events)+len(unread) == 0 {
			return noAnswer(source, fmt.Sprintf("no event in the last %d days", stepDays))
		}
	case ScheduleWindow:
		events = windows(calendar.Events, now, config.LeadTime())
		if len(events)+len(unread) == 0 {
			return Answer{Policy: PolicySchedule, Servers: pool.Seen(0),
				Why: []string{source, "no event holds within the lead time: 0 servers, so the minimum applies"}}
		}
	default:
		return noAnswer(source, fmt.Sprintf("unknown schedule mode %q", config.ScheduleMode))
	}
	return largestDemand(source, events, unread, now, config)
}

// noAnswer returns an Answer with an unknown number of servers.
func noAnswer(source, reason string) Answer {
	return Answer{Policy: PolicySchedule, Servers: pool.Unknown[int](reason), Why: []string{source, reason}}
}

// steps returns the events that are in force between now and the end of the lead time in
// mode step, sorted by start: the last event that began before now, unless it ended 7 days
// ago or earlier, and the events that begin within the lead time. Of events that begin at
// the same time the one with the lowest order counts. An event is not in force yet at the
// moment of its start. Cancelled events count, as they did for the predecessor.
func steps(events []pool.Event, now time.Time, leadTime time.Duration) []pool.Event {
	began := slices.DeleteFunc(slices.Clone(events), func(e pool.Event) bool {
		return !e.Start.Before(now.Add(leadTime)) ||
			!e.End.After(now.In(e.End.Location()).AddDate(0, 0, -stepDays))
	})
	began = slices.CompactFunc(ByStart(began), func(a, b pool.Event) bool { return a.Start.Equal(b.Start) })
	ahead := slices.IndexFunc(began, func(e pool.Event) bool { return !e.Start.Before(now) })
	if ahead < 0 {
		ahead = len(began)
	}
	return began[max(0, ahead-1):]
}

// ByStart returns the events sorted by their starts, those of the same start by their order.
func ByStart(events []pool.Event) []pool.Event {
	return slices.SortedFunc(slices.Values(events), func(a, b pool.Event) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Order, b.Order))
	})
}

// windows returns the events in force at any moment of the lead time in mode window.
// It leaves out cancelled events, events without a duration, and those without users=
// in the summary.
func windows(events []pool.Event, now time.Time, leadTime time.Duration) []pool.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e pool.Event) bool {
		_, hasUsers := pool.Users(e.Summary)
		inForce := e.Start.Before(e.End) && !e.Start.After(now.Add(leadTime)) && e.End.After(now)
		return !inForce || !hasUsers || e.Cancelled
	})
}

// unreadEvents returns why events that may be in force at any moment of the lead time
// cannot be read. An event whose day is not known is not among them: it would keep the
// floor for ever. The alert of warnCalendar names it.
func unreadEvents(events []pool.UnreadEvent, now time.Time, config Config) []string {
	var reasons []string
	for _, e := range events {
		if !e.Start.After(now.Add(config.LeadTime())) && e.End.After(now) {
			reasons = append(reasons, fmt.Sprintf("from %s to %s: %s", momentText(e.Start, config), momentText(e.End, config), e.Reason))
		}
	}
	return few(reasons)
}

// maxReasons is the most events that are explained one by one.
const maxReasons = 50

// largestDemand returns the largest demand of the events in force. unread are the reasons
// why further events cannot be read.
func largestDemand(source string, events []pool.Event, unread []string, now time.Time, config Config) Answer {
	answer := Answer{Policy: PolicySchedule}
	var reasons []string
	largest, decisive := -1, ""
	for _, event := range events {
		start := momentText(event.Start, config)
		when := "event that began " + start
		if event.Start.After(now) {
			when = "event that begins " + start + ", within the lead time"
		}
		servers, formula, err := demand(event, config)
		if err != nil {
			answer.misread = append(answer.misread, when+": "+err.Error())
			answer.impossible = answer.impossible || errors.Is(err, errRatio)
			continue
		}
		reasons = append(reasons, when+": "+formula)
		if servers > largest {
			largest, decisive = servers, reasons[len(reasons)-1]
		}
	}
	if len(reasons) > maxReasons {
		reasons = append(few(reasons), "the largest of them all is the "+decisive)
	}
	answer.misread = few(answer.misread)
	answer.Unread = slices.Concat(answer.misread, unread)
	answer.Why = slices.Concat([]string{source}, reasons, answer.Unread)
	answer.Servers = pool.Seen(largest)
	if largest < 0 {
		answer.Servers = pool.Unknown[int](strings.Join(answer.Unread, "; "))
	}
	return answer
}

// demand returns how many servers an event requires, and how that was calculated.
func demand(event pool.Event, config Config) (servers int, formula string, err error) {
	read, err := ReadDemand(event.Summary)
	if err != nil {
		return 0, "", err
	}
	_, formula = read.participants(config.Capacity)
	wanted, servers := read.Servers(config)
	return servers, fmt.Sprintf("%s; ceil(%s × %s / %d participants) = %s",
		formula, pool.Count(wanted, "participant"), pool.Count(config.Size, "server"), config.Capacity, pool.Count(servers, "server")), nil
}

// momentText writes when an event begins or ends.
func momentText(at time.Time, config Config) string {
	return at.In(config.zone()).Format("Mon 2006-01-02 15:04 MST")
}

// createEarly raises the answer to what this evaluation must require early, because one
// evaluation creates only MaxCreations machines. It looks as far ahead as the forecast.
// From the demand of each later event, limited to the pool's size, it subtracts what the
// evaluations can create that come after this one and whose machines are up when the event
// begins. The largest result counts. If 100 servers are needed at 9:00, 10 can be created
// every 5 minutes and the lead time is 12 minutes, it is 100 - 6 × 10 = 40 at 8:18.
//
// An event begins with its largest demand, so its begin is the only moment to look at,
// in mode step too, in which the event is in force until the next one begins. Without an
// answer for the lead time, the answer becomes only more than enabled, the number of
// servers enabled now. An event that cannot be read is left to the evaluations whose lead
// time it is in.
func (a *Answer) createEarly(now time.Time, config Config, events []pool.Event, enabled int) {
	if config.Interval <= 0 || config.MaxCreations <= 0 {
		return
	}
	largest, known := a.Servers.Get()
	if !known {
		largest = enabled
	}
	why := ""
	for _, event := range laterEvents(events, now, config) {
		servers, formula, err := demand(event, config)
		evaluations := evaluationsBefore(event, now, config)
		early := min(servers, config.Size) - evaluations*config.MaxCreations
		if err != nil || early <= largest {
			continue
		}
		largest = early
		why = fmt.Sprintf("event that begins %s: %s; an evaluation creates %s at most, so the %s after this one and in time for the event create %d: %s must be enabled now",
			momentText(event.Start, config), formula, pool.Count(config.MaxCreations, "machine"), pool.Count(evaluations, "evaluation"),
			evaluations*config.MaxCreations, pool.Count(largest, "server"))
	}
	if why != "" {
		a.Servers, a.Why = pool.Seen(largest), append(a.Why, why)
	}
}

// laterEvents returns the events that begin after the lead time, and within the time that
// the forecast looks ahead.
func laterEvents(events []pool.Event, now time.Time, config Config) []pool.Event {
	ahead := config.LeadTime() + forecast.MaxAhead
	switch config.ScheduleMode {
	case ScheduleStep:
		events = steps(events, now, ahead)
	case ScheduleWindow:
		events = windows(events, now, ahead)
	default:
		return nil
	}
	return slices.DeleteFunc(events, func(e pool.Event) bool { return evaluationsBefore(e, now, config) <= 0 })
}

// evaluationsBefore returns how many evaluations after this one create machines that take
// meetings when an event begins. It is 0 for an event that is within the lead time now.
func evaluationsBefore(event pool.Event, now time.Time, config Config) int {
	late := event.Start.Sub(now.Add(config.LeadTime()))
	if config.ScheduleMode == ScheduleStep {
		late++ // in mode step an event is not in force yet at the moment of its start
	}
	if late <= 0 {
		return 0
	}
	return int((late + config.Interval - 1) / config.Interval)
}

// few returns the first reasons of many, and how many more there are.
func few(reasons []string) []string {
	if len(reasons) <= maxReasons {
		return reasons
	}
	return append(reasons[:maxReasons:maxReasons], "and "+pool.Count(len(reasons)-maxReasons, "more event"))
}

// quantity matches a number with an optional decimal part after a point or comma,
// optional (no-break) spaces between thousands, and an optional %.
var quantity = regexp.MustCompile(`^(-?)(\d{1,9}|\d{1,3}(?:[ \x{a0}\x{202f}]\d{3}){1,2})(?:[.,](\d{1,6}))?[ \x{a0}\x{202f}]{0,3}(%?)$`)

// errNoUsers is the error of an event without users=.
var errNoUsers = errors.New("its summary has no line that begins with users=")

// errRatio is the error of a percentage outside 0 % to 100 %.
var errRatio = errors.New("is not between 0% and 100%")

// Demand is what an event of the calendar asks for: participants or a percentage of the
// pool's capacity. The number is digits / scale, so that it is calculated with integers:
// with binary fractions, 100 % of 600 participants on 7 servers would need 8 servers.
type Demand struct {
	text          string
	digits, scale int
	isPercentage  bool
	isNegative    bool
}

// ReadDemand returns the demand of an event with a summary. With an error it is not to be
// used.
func ReadDemand(summary string) (Demand, error) {
	text, found := pool.Users(summary)
	if !found {
		return Demand{}, errNoUsers
	}
	parts := quantity.FindStringSubmatch(text)
	if parts == nil {
		return Demand{}, fmt.Errorf("users=%.40q is neither a number nor a percentage", text)
	}
	d := Demand{text: text, scale: 1, isNegative: parts[1] != "", isPercentage: parts[4] != ""}
	fraction := parts[3]
	whole := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, parts[2])
	d.digits, _ = strconv.Atoi(whole + fraction) // quantity allows at most 15 digits
	for range fraction {
		d.scale *= 10
	}
	switch {
	case d.isPercentage && (d.isNegative && d.digits > 0 || d.digits > 100*d.scale):
		return Demand{}, fmt.Errorf("users=%s %w", text, errRatio)
	case !d.isPercentage && len(fraction) == 3:
		return Demand{}, fmt.Errorf("users=%s may mean thousands or thousandths: write it without the separator", text)
	case d.isNegative:
		d.digits = 0
	}
	return d, nil
}

// Users returns the number of participants, rounded up. It reports false for a percentage.
func (d Demand) Users() (users int, ok bool) {
	return ceilDiv(d.digits, d.scale), !d.isPercentage
}

// Percent returns the percentage of the pool's capacity. It reports false for a number.
func (d Demand) Percent() (percent float64, ok bool) {
	return float64(d.digits) / float64(d.scale), d.isPercentage
}

// Servers returns how many participants and servers a pool needs for the demand.
func (d Demand) Servers(config Config) (participants, servers int) {
	participants, _ = d.participants(config.Capacity)
	return participants, ceilDiv(participants*config.Size, config.Capacity)
}

// participants returns the demand in whole participants, rounded up, and how it was read.
func (d Demand) participants(capacity int) (wanted int, formula string) {
	switch {
	case d.isPercentage:
		return ceilDiv(d.digits*capacity, 100*d.scale), fmt.Sprintf("users=%s of %d", d.text, capacity)
	case d.isNegative:
		return 0, fmt.Sprintf("users=%s counts as 0", d.text)
	}
	return ceilDiv(d.digits, d.scale), "users=" + d.text
}
