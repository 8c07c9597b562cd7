package calendar

import (
	"fmt"
	"strings"
)

// budget limits the work for all calendars of one text. A rule with every second since
// 1970, for example, then ends with an error instead of using up the evaluation's time.
type budget struct{ steps int }

// maxSteps is the initial budget. A rule costs some dozens of steps; a rule with COUNT
// costs a few steps for each occurrence since its start.
const maxSteps = 3_000_000

var errTooMuch = fmt.Errorf("the calendar's rules, dates and zones take more than %d steps to expand", maxSteps)

func (b *budget) spend(steps int) error {
	if b.steps -= steps; b.steps < 0 {
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
