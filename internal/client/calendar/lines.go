package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
)

const (
	// maxDepth bounds how deep components lie in one another. The format has
	// three levels: VCALENDAR, VTIMEZONE, STANDARD.
	maxDepth = 8
	// maxEvents bounds the events of a calendar.
	maxEvents = 100_000
)

// property is a content line, "NAME;PARAMETER=value:value" (RFC 5545, 3.1).
// Names are in upper case.
type property struct {
	name, value string
	parameters  map[string]string
	line        int
}

// component is what stands between BEGIN and END.
type component struct {
	name       string
	line       int
	properties []property
	children   []*component
}

// first is the first property of that name, nil if there is none.
func (c *component) first(name string) *property {
	for p := range c.all(name) {
		return p
	}
	return nil
}

func (c *component) all(name string) iter.Seq[*property] {
	return func(yield func(*property) bool) {
		for i := range c.properties {
			if c.properties[i].name == name && !yield(&c.properties[i]) {
				return
			}
		}
	}
}

// Of properties and parameters these are kept; the rest is only checked.
var (
	readProperties = map[string]bool{
		"UID": true, "SUMMARY": true, "STATUS": true, "DTSTART": true, "DTEND": true, "DURATION": true,
		"RRULE": true, "RDATE": true, "EXDATE": true, "RECURRENCE-ID": true,
		"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true, "X-WR-TIMEZONE": true,
	}
	readParameters = map[string]bool{"TZID": true, "VALUE": true, "RANGE": true}
)

// parse gives the calendars of a text.
func parse(text []byte) ([]*component, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	const begin = "BEGIN:VCALENDAR"
	if len(text) == 0 {
		return nil, errors.New("it is empty")
	}
	if len(text) < len(begin) || !strings.EqualFold(string(text[:len(begin)]), begin) {
		return nil, errors.New("it is no iCalendar text: it does not begin with " + begin)
	}

	root := &component{}
	open := []*component{root}
	events := 0
	for number, line := range unfold(text) {
		p, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		p.line = number
		inner := open[len(open)-1]
		switch {
		case p.name == "BEGIN":
			child := &component{name: strings.ToUpper(strings.TrimSpace(p.value)), line: number}
			if child.name == "VEVENT" {
				events++
			}
			if events > maxEvents {
				return nil, fmt.Errorf("line %d: more than %d events", number, maxEvents)
			}
			if len(open) > maxDepth {
				return nil, fmt.Errorf("line %d: more than %d components in one another", number, maxDepth)
			}
			inner.children = append(inner.children, child)
			open = append(open, child)
		case inner == root:
			return nil, fmt.Errorf("line %d: outside of the calendar", number)
		case p.name == "END":
			if !strings.EqualFold(strings.TrimSpace(p.value), inner.name) {
				return nil, fmt.Errorf("line %d: END does not fit BEGIN:%.40q in line %d", number, inner.name, inner.line)
			}
			open = open[:len(open)-1]
		case readProperties[p.name]:
			inner.properties = append(inner.properties, p)
		}
	}
	if inner := open[len(open)-1]; inner != root {
		return nil, fmt.Errorf("it is cut off inside the %.40q of line %d", inner.name, inner.line)
	}
	return root.children, nil
}

// unfold gives the content lines and the number of the line where each begins.
// A line that begins with a space or a tab continues the one before, even in
// the middle of a character.
func unfold(text []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		var line []byte
		begin, number := 1, 0
		for raw := range bytes.Lines(text) {
			number++
			raw = bytes.TrimRight(raw, "\r\n")
			if len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\t') {
				line = append(line, raw[1:]...)
				continue
			}
			if len(line) > 0 && !yield(begin, string(line)) {
				return
			}
			line, begin = append(line[:0], raw...), number
		}
		if len(line) > 0 {
			yield(begin, string(line))
		}
	}
}

func parseLine(line string) (property, error) {
	end := strings.IndexAny(line, ";:")
	if end <= 0 || strings.ContainsAny(line[:end], " \t\"=") {
		return property{}, errors.New("it is no line of the form NAME:value")
	}
	p := property{name: strings.ToUpper(line[:end])}
	rest := line[end:]
	for strings.HasPrefix(rest, ";") {
		name, value, ok := strings.Cut(rest[1:], "=")
		if !ok {
			return property{}, fmt.Errorf("%.40q has a parameter without a value", p.name)
		}
		value, rest, ok = parameterValue(value)
		if !ok {
			return property{}, fmt.Errorf("%.40q has a parameter without an end", p.name)
		}
		if name = strings.ToUpper(name); readParameters[name] {
			if p.parameters == nil {
				p.parameters = map[string]string{}
			}
			p.parameters[name] = value
		}
	}
	if !strings.HasPrefix(rest, ":") {
		return property{}, fmt.Errorf("%.40q has no value", p.name)
	}
	p.value = rest[1:]
	return p, nil
}

// parameterValue splits a parameter's value, in quotes or not, from the rest of
// its line. Of a list it gives the first.
func parameterValue(text string) (value, rest string, ok bool) {
	for first := true; ; first = false {
		var one string
		if quoted, isQuoted := strings.CutPrefix(text, `"`); isQuoted {
			if one, rest, ok = strings.Cut(quoted, `"`); !ok {
				return "", "", false
			}
		} else {
			end := strings.IndexAny(text, `;:,"`)
			if end < 0 {
				return "", "", false
			}
			one, rest = text[:end], text[end:]
		}
		if first {
			value = one
		}
		if !strings.HasPrefix(rest, ",") {
			return value, rest, true
		}
		text = rest[1:]
	}
}

// unescape reads a value of type TEXT (RFC 5545, 3.3.11).
func unescape(text string) string {
	var b strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case escaped && (r == 'n' || r == 'N'):
			b.WriteByte('\n')
		case r == '\\' && !escaped:
			escaped = true
			continue
		default:
			b.WriteRune(r)
		}
		escaped = false
	}
	return b.String()
}
