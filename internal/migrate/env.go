package migrate

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// EnvFile returns the text of a pool's settings file, which a shell can read. It contains
// secrets. Settings that the operator must decide are comments.
func (r *Result) EnvFile() string {
	var text strings.Builder
	text.WriteString("# Made from the predecessor's configuration. This file holds secrets.\n")
	for _, setting := range slices.Sorted(maps.Keys(r.values)) {
		fmt.Fprintf(&text, "DIVIMS_%s='%s'\n", setting, strings.ReplaceAll(r.values[setting], "'", `'\''`))
	}
	text.WriteString("\n# To be decided:\n")
	for _, row := range r.Rows {
		if row.Outcome == Decide && row.Setting != "" {
			fmt.Fprintf(&text, "# DIVIMS_%s=    # %s\n", row.Setting, oneLine(row.Note))
		}
	}
	return text.String()
}

// oneLine replaces line breaks, so that a note stays in its comment.
func oneLine(note string) string { return strings.Join(strings.Fields(note), " ") }

// Table writes the rows as a text table.
func (r *Result) Table(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if _, err := fmt.Fprintln(table, "\tbefore\tnow\tnote"); err != nil {
		return err
	}
	for _, row := range r.Rows {
		now := row.Setting
		if now != "" {
			now = "DIVIMS_" + now
		}
		if row.Value != "" {
			now = strings.TrimPrefix(now+"="+row.Value, "=")
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", row.Outcome, printable(row.Old), printable(now), printable(row.Note)); err != nil {
			return err
		}
	}
	return table.Flush()
}

// printable replaces characters that would break the table or the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
}
