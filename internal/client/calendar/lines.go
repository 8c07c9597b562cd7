package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode"

	"divims/internal/pool"
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
	// broken is the error of a line that was meant as a property that is read, and
	// brokenUsers that of a line with users=. They are nil if there is none.
	broken, brokenUsers error
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

// These components, properties and parameters are read. All others are skipped, whatever
// is in them: an attendee's quote, for example, does not matter to the schedule.
var (
	readComponents = map[string]bool{"": true, "VCALENDAR": true, "VEVENT": true, "VTIMEZONE": true, "STANDARD": true, "DAYLIGHT": true}
	readProperties = map[string]bool{
		"BEGIN": true, "END": true,
		"UID": true, "SUMMARY": true, "STATUS": true, "DTSTART": true, "DTEND": true, "DURATION": true,
		"RRULE": true, "RDATE": true, "EXDATE": true, "EXRULE": true, "RECURRENCE-ID": true,
		"SEQUENCE": true, "DTSTAMP": true, "LAST-MODIFIED": true,
		"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true, "X-LIC-LOCATION": true, "X-WR-TIMEZONE": true,
	}
	// timeProperties have dates or times as values. Only their parameters are read.
	timeProperties = map[string]bool{"DTSTART": true, "DTEND": true, "RDATE": true, "EXDATE": true, "RECURRENCE-ID": true}
	readParameters = map[string]bool{"TZID": true, "VALUE": true, "RANGE": true}
)

// parse returns the calendars in a text. A line that is malformed is skipped with a
// warning; a text whose components do not fit together is an error.
func parse(text []byte, warned *warnings) ([]*component, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	const begin = "BEGIN:VCALENDAR"
	if len(text) == 0 {
		return nil, errors.New("the text is empty")
	}
	if len(text) < len(begin) || !strings.EqualFold(string(text[:len(begin)]), begin) {
		return nil, errors.New("not an iCalendar text: it does not begin with " + begin)
	}

	root := &component{}
	t := tree{open: []*component{root}, warnings: warned}
	for number, line := range unfold(text) {
		p, err := parseLine(line)
		p.line = number
		if err != nil {
			t.skip(number, line, err)
			continue
		}
		if err := t.add(p); err != nil {
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
	open     []*component // the root and the components without an END so far
	events   int
	warnings *warnings
}

func (t *tree) inner() *component { return t.open[len(t.open)-1] }

// add adds a content line to the innermost component, or opens or closes a component.
func (t *tree) add(p property) error {
	inner := t.inner()
	switch {
	case p.name == "BEGIN":
		return t.begin(&component{name: strings.ToUpper(strings.TrimSpace(p.value)), line: p.line})
	case p.name == "END":
		return t.end(strings.TrimSpace(p.value))
	case len(t.open) == 1:
		t.warnings.add(p.line, "outside of BEGIN:VCALENDAR; the line is skipped")
	case readProperties[p.name] && readComponents[inner.name] && strings.TrimSpace(p.value) != "":
		inner.properties = append(inner.properties, p) // a property without a value counts as absent
	}
	return nil
}

func (t *tree) begin(child *component) error {
	if len(t.open) == 1 && child.name != "VCALENDAR" {
		return errors.New("outside of BEGIN:VCALENDAR")
	}
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

// end closes the component with a name. A component that is not read may lack its END, or
// have one too many.
func (t *tree) end(name string) error {
	for depth := len(t.open) - 1; depth > 0; depth-- {
		if strings.EqualFold(name, t.open[depth].name) {
			t.open = t.open[:depth]
			return nil
		}
		if readComponents[t.open[depth].name] {
			break
		}
	}
	inner := t.inner()
	switch {
	case len(t.open) == 1:
		return errors.New("outside of BEGIN:VCALENDAR")
	case readComponents[inner.name]:
		return fmt.Errorf("END does not fit BEGIN:%.40q in line %d", inner.name, inner.line)
	}
	return nil
}

// skip warns about a line that is malformed, and notes whether the component lacks
// something because of it.
func (t *tree) skip(number int, line string, err error) {
	inner := t.inner()
	if !readComponents[inner.name] {
		return
	}
	t.warnings.add(number, "%.40q %s; the line is skipped", line, err)
	meant := meantProperty(line)
	_, hasUsers := pool.Users(line)
	hasUsers = hasUsers || meant == "SUMMARY" && strings.Contains(line, "users")
	if meant == "" && !hasUsers {
		return
	}
	err = fmt.Errorf("line %d: %.40q %w", number, line, err)
	if meant != "" && inner.broken == nil {
		inner.broken = err
	}
	if hasUsers {
		inner.brokenUsers = err
	}
}

// meantProperty returns the property that a malformed line was meant as, if it is one that
// is read. "SUMMARY users=5" is meant as SUMMARY; "Summary of the lecture" is the rest of
// another property whose value has a line break.
func meantProperty(line string) string {
	end := strings.IndexFunc(line, func(r rune) bool { return r != '-' && !unicode.IsLetter(r) })
	if end <= 0 {
		return ""
	}
	name := strings.ToUpper(line[:end])
	if isUpper := line[:end] == name; !readProperties[name] || !isUpper && line[end] != ';' && line[end] != ':' {
		return ""
	}
	return name
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

// What is wrong with a malformed line. The texts follow the line.
var (
	errForm             = errors.New("is not a line of the form NAME:value")
	errNoValue          = errors.New("has no value")
	errNoParameterValue = errors.New("has a parameter without a value")
)

// parseLine parses a content line. Of a property that is not read it returns the name
// only.
func parseLine(line string) (property, error) {
	end := strings.IndexAny(line, ";:")
	if end <= 0 || strings.ContainsAny(line[:end], " \t\"=") {
		return property{}, errForm
	}
	p := property{name: strings.ToUpper(line[:end])}
	if !readProperties[p.name] {
		return property{name: p.name}, nil
	}
	rest := line[end:]
	colon := valueColon(rest, timeProperties[p.name])
	if colon < 0 {
		return property{}, errNoValue
	}
	p.value = rest[colon+1:]
	if !timeProperties[p.name] {
		return p, nil
	}
	var err error
	p.parameters, err = parseParameters(rest[:colon])
	return p, err
}

// beginsWithDate reports whether a text begins as dates and times do.
func beginsWithDate(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) >= len(dayLayout) && strings.Trim(text[:len(dayLayout)], "0123456789") == ""
}

// valueColon returns the index of the colon before the value of a property, or -1. It is
// the first outside quotes. Dates and times have no colon, but Google writes
// TZID=GMT+05:30 without quotes, so for them it is the last.
func valueColon(rest string, isTime bool) int {
	if last := strings.LastIndexByte(rest, ':'); isTime && beginsWithDate(rest[last+1:]) {
		return last
	}
	return indexUnquoted(rest, ':')
}

// indexUnquoted returns the index of the first such character outside quotes, or -1.
func indexUnquoted(text string, character byte) int {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == character && !quoted:
			return i
		}
	}
	return -1
}

// parseParameters parses parameters such as ;TZID="Europe/Paris";VALUE=DATE.
func parseParameters(text string) (map[string]string, error) {
	parameters := map[string]string{}
	for text != "" {
		part := text[1:] // without the semicolon
		if end := indexUnquoted(part, ';'); end >= 0 {
			part = part[:end]
		}
		text = text[1+len(part):]
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, errNoParameterValue
		}
		if name = strings.ToUpper(strings.TrimSpace(name)); readParameters[name] {
			parameters[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return parameters, nil
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
