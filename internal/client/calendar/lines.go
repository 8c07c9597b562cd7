package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
)

const (
	// maxDepth is how deep components may be nested. The format needs three levels:
	// VCALENDAR, VTIMEZONE, STANDARD.
	maxDepth = 8
	// maxEvents is the most events that a text may have.
	maxEvents = 100_000
)

// property is a content line, "NAME;PARAMETER=value:value" (RFC 5545, 3.1). The names
// are converted to upper case.
type property struct {
	name, value string
	parameters  map[string]string
	line        int
}

// component is the content between BEGIN and END.
type component struct {
	name       string
	line       int
	properties []property
	children   []*component
}

// first returns the first property with that name, or nil if there is none.
func (c *component) first(name string) *property {
	for p := range c.all(name) {
		return p
	}
	return nil
}

// all returns the properties with that name.
func (c *component) all(name string) iter.Seq[*property] {
	return func(yield func(*property) bool) {
		for i := range c.properties {
			if c.properties[i].name == name && !yield(&c.properties[i]) {
				return
			}
		}
	}
}

// These properties and parameters are kept. All others are dropped after a check of
// their syntax.
var (
	readProperties = map[string]bool{
		"UID": true, "SUMMARY": true, "STATUS": true, "DTSTART": true, "DTEND": true, "DURATION": true,
		"RRULE": true, "RDATE": true, "EXDATE": true, "RECURRENCE-ID": true,
		"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true, "X-WR-TIMEZONE": true,
	}
	readParameters = map[string]bool{"TZID": true, "VALUE": true, "RANGE": true}
)

// parse returns the calendars in a text.
func parse(text []byte) ([]*component, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	const begin = "BEGIN:VCALENDAR"
	if len(text) == 0 {
		return nil, errors.New("the text is empty")
	}
	if len(text) < len(begin) || !strings.EqualFold(string(text[:len(begin)]), begin) {
		return nil, errors.New("not an iCalendar text: it does not begin with " + begin)
	}

	root := &component{}
	t := tree{open: []*component{root}}
	for number, line := range unfold(text) {
		p, err := parseLine(line)
		p.line = number
		if err == nil {
			err = t.add(p)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if inner := t.inner(); inner != root {
		return nil, fmt.Errorf("the text ends inside the %.40q of line %d", inner.name, inner.line)
	}
	return root.children, nil
}

// tree builds components from content lines.
type tree struct {
	open   []*component // the root and the components without an END so far
	events int
}

func (t *tree) inner() *component { return t.open[len(t.open)-1] }

// add adds a content line to the innermost component, or opens or closes a component.
func (t *tree) add(p property) error {
	inner := t.inner()
	switch {
	case p.name == "BEGIN":
		return t.begin(&component{name: strings.ToUpper(strings.TrimSpace(p.value)), line: p.line})
	case len(t.open) == 1:
		return errors.New("outside of BEGIN:VCALENDAR")
	case p.name == "END":
		if !strings.EqualFold(strings.TrimSpace(p.value), inner.name) {
			return fmt.Errorf("END does not fit BEGIN:%.40q in line %d", inner.name, inner.line)
		}
		t.open = t.open[:len(t.open)-1]
	case readProperties[p.name]:
		inner.properties = append(inner.properties, p)
	}
	return nil
}

func (t *tree) begin(child *component) error {
	if child.name == "VEVENT" {
		t.events++
	}
	if t.events > maxEvents {
		return fmt.Errorf("more than %d events", maxEvents)
	}
	if len(t.open) > maxDepth {
		return fmt.Errorf("components nested deeper than %d", maxDepth)
	}
	parent := t.inner()
	parent.children = append(parent.children, child)
	t.open = append(t.open, child)
	return nil
}

// unfold returns the content lines and the number of the line where each begins. A line
// that begins with a space or a tab continues the previous line, even in the middle of a
// character (RFC 5545, 3.1).
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
		return property{}, errors.New("not a line of the form NAME:value")
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

// parameterValue splits a parameter's value, with or without quotes, from the rest of
// its line. It returns the first value of a list.
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

// unescape decodes a value of type TEXT (RFC 5545, 3.3.11).
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
