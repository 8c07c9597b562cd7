// Package setup looks whether everything is in place that a pool needs: keys,
// names, addresses, entries, images, storage, stats. In go the pool's services;
// out come findings, each with why it matters and how to mend it. It changes
// nothing but an object of its own in the bucket.
package setup

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"divims/internal/pool"
)

// Level says how bad a finding is. What could not be looked at is never OK.
type Level string

// Levels, the worst first.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Unknown Level = "unknown"
	OK      Level = "ok"
)

var order = []Level{Error, Warning, Unknown, OK}

// Finding is one thing that was looked at.
type Finding struct {
	Level Level `json:"level"`
	// Subject is what it is about, for example "server 3" or "storage".
	Subject string `json:"subject"`
	What    string `json:"what"`
	// Why it matters and what would Mend it; empty where all is well.
	Why  string `json:"why,omitempty"`
	Mend string `json:"mend,omitempty"`
}

// Report is all that was found, the worst first.
type Report struct {
	Findings []Finding `json:"findings"`
}

func newReport(findings []Finding) Report {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(order, a.Level), slices.Index(order, b.Level))
	})
	return Report{findings}
}

// Count counts the findings of a level.
func (r Report) Count(level Level) (count int) {
	for _, f := range r.Findings {
		if f.Level == level {
			count++
		}
	}
	return count
}

// Text writes the report for a terminal, what is wrong before what is well.
func (r Report) Text(w io.Writer) error {
	var text strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&text, "%-8s%s: %s\n", f.Level, f.Subject, f.What)
		if f.Why != "" {
			fmt.Fprintf(&text, "        why:  %s\n", f.Why)
		}
		if f.Mend != "" {
			fmt.Fprintf(&text, "        mend: %s\n", f.Mend)
		}
	}
	fmt.Fprintf(&text, "\n%s, %s, %d unknown, %d ok\n", pool.Count(r.Count(Error), "error"), pool.Count(r.Count(Warning), "warning"), r.Count(Unknown), r.Count(OK))
	_, err := io.WriteString(w, text.String())
	return err
}
