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

// EnvFile is the settings as a pool's file, which a shell can read. It holds
// secrets. What is to be decided is in it as a comment.
func (r *Result) EnvFile() string {
	var text strings.Builder
	text.WriteString("# Made of the predecessor's configuration. It holds secrets.\n")
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

// oneLine keeps a note within its comment.
func oneLine(note string) string { return strings.Join(strings.Fields(note), " ") }

// Table writes what became of what, for people.
func (r *Result) Table(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\tbefore\tnow\tnote")
	for _, row := range r.Rows {
		now := row.Setting
		if now != "" {
			now = "DIVIMS_" + now
		}
		if row.Value != "" {
			now = strings.TrimPrefix(now+"="+row.Value, "=")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", row.Outcome, printable(row.Old), printable(now), printable(row.Note))
	}
	return table.Flush()
}

// printable leaves out what would break a table or a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
}
