package setup

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"divims/internal/fact"
	"divims/internal/pool"
)

// Level is how bad a finding is. What could not be read is Unknown, never OK.
type Level string

// The levels, the worst first.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Unknown Level = "unknown"
	OK      Level = "ok"
)

var levels = []Level{Error, Warning, Unknown, OK}

// Finding is the result of one check.
type Finding struct {
	Level Level `json:"level"`
	// Subject is what was checked, for example "server 3" or "storage".
	Subject string `json:"subject"`
	What    string `json:"what"`
	// Why says why the finding matters, Fix what to do about it. Both are empty for OK,
	// and may be empty for Unknown.
	Why string `json:"why,omitempty"`
	Fix string `json:"mend,omitempty"`
}

// Report is all findings, the worst first.
type Report struct {
	Findings []Finding `json:"findings"`
}

// newReport sorts the findings by level. Findings of one level keep their order.
func newReport(findings []Finding) Report {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(levels, a.Level), slices.Index(levels, b.Level))
	})
	return Report{findings}
}

// Count returns the number of findings of a level.
func (r Report) Count(level Level) (count int) {
	for _, f := range r.Findings {
		if f.Level == level {
			count++
		}
	}
	return count
}

// Text writes the report for a terminal.
func (r Report) Text(w io.Writer) error {
	var text strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&text, "%-8s%s: %s\n", f.Level, fact.Clean(f.Subject), fact.Clean(f.What))
		if f.Why != "" {
			fmt.Fprintf(&text, "        why:  %s\n", fact.Clean(f.Why))
		}
		if f.Fix != "" {
			fmt.Fprintf(&text, "        fix:  %s\n", fact.Clean(f.Fix))
		}
	}
	fmt.Fprintf(&text, "\n%s, %s, %d unknown, %d ok\n", pool.Count(r.Count(Error), "error"), pool.Count(r.Count(Warning), "warning"), r.Count(Unknown), r.Count(OK))
	_, err := io.WriteString(w, text.String())
	return err
}
