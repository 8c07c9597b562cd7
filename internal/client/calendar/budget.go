package calendar

import (
	"fmt"
	"strings"
)

// budget limits the work for all calendars of one text, and for each of their events. A
// rule with every second since 1970, for example, then ends with an error instead of
// using up the evaluation's time.
type budget struct {
	steps int // left for the whole text
	event int // left for the event that is read
}

// A whole text has maxSteps, and each of its events maxEventSteps. A rule costs some
// dozens of steps; a rule with COUNT costs a few steps for each occurrence since its
// start.
const (
	maxSteps      = 3_000_000
	maxEventSteps = maxSteps / 10
)

// errEventTooMuch is the error of one event, which is left out. errTooMuch makes the whole
// text unusable.
var (
	errTooMuch      = fmt.Errorf("the calendar's rules, dates and zones take more than %d steps to expand", maxSteps)
	errEventTooMuch = fmt.Errorf("its rules, dates and zones take more than %d steps to expand", maxEventSteps)
)

func newBudget() *budget { return &budget{maxSteps, maxEventSteps} }

// startEvent gives the next event its own budget. Events that do not matter leave half of
// the text's budget to those that do.
func (b *budget) startEvent(matters bool) {
	b.event = maxEventSteps
	if !matters {
		b.event = min(b.event, b.steps-maxSteps/2)
	}
}

// exhausted reports whether nothing is left for the whole text.
func (b *budget) exhausted() bool { return b.steps < 0 }

// spend spends steps before the work is done. What an event has not left is not spent.
func (b *budget) spend(steps int) error {
	if steps > b.event {
		return errEventTooMuch
	}
	b.event -= steps
	if b.steps -= steps; b.exhausted() {
		return errTooMuch
	}
	return nil
}

// stepsPerDate is the cost of each date after the first in a list of dates. All lists of
// a text may have 100,000 dates together.
const stepsPerDate = 30

// spendList spends the cost of a list of dates.
func (b *budget) spendList(list string) error {
	return b.spend(stepsPerDate * strings.Count(list, ","))
}
