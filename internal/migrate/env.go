package migrate

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"divims/internal/fact"
)

// EnvFile returns the text of a pool's settings file, which a shell and systemd can read.
// It contains secrets. Settings that the operator must decide are comments.
func (r *Result) EnvFile() string {
	var text strings.Builder
	text.WriteString("# Made from the predecessor's configuration. This file holds secrets.\n")
	for _, setting := range slices.Sorted(maps.Keys(r.values)) {
		fmt.Fprintf(&text, "DIVIMS_%s=%s\n", setting, quote(r.values[setting]))
	}
	text.WriteString("\n# To be decided:\n")
	for _, row := range r.Rows {
		if row.Outcome == Decide && row.Setting != "" {
			value := ""
			if row.Value != "" {
				value = quote(row.Value)
			}
			fmt.Fprintf(&text, "# %s\n# DIVIMS_%s=%s\n", fact.Clean(row.Note), row.Setting, value)
		}
	}
	return text.String()
}

// quote quotes a value. Systemd does not understand the shell's way to write a single quote
// within single quotes, so such a value gets double quotes.
func quote(value string) string {
	if !strings.Contains(value, "'") {
		return "'" + value + "'"
	}
	return `"` + escapeDoubleQuoted.Replace(value) + `"`
}

var escapeDoubleQuoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`)

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
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", row.Outcome, fact.Clean(row.Old), fact.Clean(now), fact.Clean(row.Note)); err != nil {
			return err
		}
	}
	return table.Flush()
}
