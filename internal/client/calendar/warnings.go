package calendar

import (
	"cmp"
	"fmt"
	"slices"
)

// maxWarnings is the most warnings that are kept of a text.
const maxWarnings = 50

// warnings collects what of a text is not read.
type warnings struct {
	list []warning
	more int // how many more there are than maxWarnings
}

type warning struct {
	line int
	text string
}

func (w *warnings) add(line int, format string, args ...any) {
	if len(w.list) == maxWarnings {
		w.more++
		return
	}
	w.list = append(w.list, warning{line, fmt.Sprintf(format, args...)})
}

// texts returns the warnings in the order of their lines.
func (w *warnings) texts() []string {
	slices.SortStableFunc(w.list, func(a, b warning) int { return cmp.Compare(a.line, b.line) })
	var texts []string
	for _, one := range w.list {
		texts = append(texts, fmt.Sprintf("line %d: %s", one.line, one.text))
	}
	if w.more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more warnings", w.more))
	}
	return texts
}
