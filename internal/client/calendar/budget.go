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

// startEvent gives the next event its own budget.
func (b *budget) startEvent() { b.event = maxEventSteps }

// exhausted reports whether nothing is left for the whole text.
func (b *budget) exhausted() bool { return b.steps < 0 }

func (b *budget) spend(steps int) error {
	b.steps -= steps
	b.event -= steps
	switch {
	case b.steps < 0:
		return errTooMuch
	case b.event < 0:
		return errEventTooMuch
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
