package scenario

import (
	"fmt"
	"io"
	"strings"
)

// listWidth is the number of columns that the list of events takes.
const listWidth = 100

// listHead explains the form of a scenario.
const listHead = `A scenario is a text file with one event a line. # begins a comment. Each line has the form
  WHEN EVENT KEY=VALUE ...
WHEN is a day and a time of the pool's zone, "Mon 09:30", the first one after the start, or a time
after the start, "+90m". A VALUE with blanks is put in double quotes, in which \" and \\ stand for
" and \. SERVERS are ` + serversForms + `. random: and % draw from
the servers whose machine runs. Durations are like 90s, 40m and 1h30m. An event lasts for the
duration of for=, and stays without it. Keys in brackets may be left out.
`

// List writes all events with their keys and an example.
func List(w io.Writer) error { return list(w, kinds()) }

// list is List for some kinds.
func list(w io.Writer, kinds []kind) error {
	indent := 0
	for _, name := range namesOf(kinds) {
		indent = max(indent, len(name)+2)
	}
	text := strings.Builder{}
	text.WriteString(listHead)
	for _, k := range kinds {
		fmt.Fprintf(&text, "\n%-*s", indent, k.name)
		lines := append(wrap(k.usage(), listWidth-indent), wrap(strings.Fields(k.happens), listWidth-indent)...)
		lines = append(lines, strings.TrimSpace("Mon 09:30 "+k.name+" "+k.example))
		text.WriteString(strings.Join(lines, "\n"+strings.Repeat(" ", indent)) + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// usage returns the keys of a kind with the values that they may have.
func (k *kind) usage() []string {
	var keys []string
	for _, key := range k.keys {
		value := strings.ToUpper(key.name)
		if len(key.words) > 0 {
			value = strings.Join(key.words, "|")
		}
		text := key.name + "=" + value
		if !key.required && !isServers(key) {
			text = "[" + text + "]"
		}
		keys = append(keys, text)
	}
	if !k.instant {
		keys = append(keys, "["+forKey+"=DURATION]")
	}
	if len(keys) == 0 {
		return []string{"(no keys)"}
	}
	return keys
}

// wrap joins words with spaces to lines of at most width columns.
func wrap(words []string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
