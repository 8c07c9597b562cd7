package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// serversKey is the name of the key that selects servers, forKey that of an event's length.
const (
	serversKey = "servers"
	forKey     = "for"
)

// Read reads a scenario. The name is that of its file; each error begins with it and with
// the number of a line. All errors are returned at once. Warnings are about events that
// cannot happen in this run.
func Read(name string, text []byte, options Options) (*Scenario, []string, error) {
	return read(name, text, options, kinds())
}

// read is Read with a list of the kinds of events.
func read(name string, text []byte, options Options, kinds []kind) (*Scenario, []string, error) {
	options.Zone = cmp.Or(options.Zone, time.UTC)
	r := reader{options: options, kinds: kinds}
	s := &Scenario{Name: name, options: options}
	var warnings []string
	var problems []error
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), byteOrderMark)) {
		number++
		place := fmt.Sprintf("%s:%d", name, number)
		event, errs := r.readLine(strings.TrimRight(line, "\r\n"))
		for _, err := range errs {
			problems = append(problems, fmt.Errorf("%s: %w", place, err))
		}
		if event == nil {
			continue
		}
		event.Line = number
		if warning := r.lateness(event); warning != "" {
			warnings = append(warnings, place+": "+warning)
		}
		s.Events = append(s.Events, *event)
	}
	if len(problems) > 0 {
		return nil, nil, errors.Join(problems...)
	}
	if len(s.Events) == 0 {
		warnings = append(warnings, name+" has no events")
	}
	return s, warnings, nil
}

// byteOrderMark is written before UTF-8 by some editors on Windows.
const byteOrderMark = "\ufeff"

// reader reads the lines of a scenario.
type reader struct {
	options Options
	kinds   []kind
}

// readLine reads a line. It returns nil if the line has no event.
func (r *reader) readLine(line string) (*Event, []error) {
	if !utf8.ValidString(line) {
		return nil, []error{errors.New("the text is not UTF-8")}
	}
	words, problems := split(line)
	if len(words) == 0 || len(problems) > 0 {
		return nil, problems
	}
	at, rest, err := parseWhen(words, r.options.Start, r.options.Zone)
	if err != nil {
		problems = append(problems, err)
	}
	if len(rest) == 0 {
		if err == nil {
			problems = append(problems, errors.New("no event follows the time"))
		}
		return nil, problems
	}
	event, errs := r.readEvent(rest)
	problems = append(problems, errs...)
	if len(problems) > 0 {
		return nil, problems
	}
	event.At = at
	if problems := r.checkEvent(event); len(problems) > 0 {
		return nil, problems
	}
	return event, nil
}

// checkEvent checks an event as a whole: whether its values fit each other, the pool and
// the run.
func (r *reader) checkEvent(event *Event) []error {
	var problems []error
	if event.kind.check != nil {
		if err := event.kind.check(event, r.options.Servers); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", event.Kind, err))
		}
	}
	if r.options.Check != nil {
		if err := r.options.Check(event); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", event.Kind, err))
		}
	}
	return problems
}

// readEvent reads the words of a line after its time.
func (r *reader) readEvent(words []word) (*Event, []error) {
	name := words[0].text
	i := slices.IndexFunc(r.kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return nil, []error{fmt.Errorf("there is no event %q%s", name, suggest(name, namesOf(r.kinds)))}
	}
	event := &Event{Kind: name, Text: join(words), Values: map[string]string{}, kind: &r.kinds[i]}
	var problems []error
	given := map[string]bool{}
	for _, w := range words[1:] {
		if err := r.readKey(event, w, given); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		given[w.key] = true
	}
	for _, k := range event.kind.keys {
		if (k.required || isServers(k)) && !given[k.name] {
			problems = append(problems, fmt.Errorf("%s: %s= is missing", name, k.name))
		}
	}
	return event, problems
}

// readKey reads a word KEY=VALUE of an event.
func (r *reader) readKey(event *Event, w word, given map[string]bool) error {
	switch {
	case !w.hasValue:
		return fmt.Errorf("%q must be KEY=VALUE", w.text)
	case given[w.key]:
		return fmt.Errorf("%s= is there twice", w.key)
	case w.key == forKey:
		return event.readFor(w.value)
	}
	i := slices.IndexFunc(event.kind.keys, func(k key) bool { return k.name == w.key })
	if i < 0 {
		return fmt.Errorf("there is no key %q%s", w.key, suggest(w.key, event.kind.keyNames()))
	}
	event.Values[w.key] = w.value
	return r.checkValue(event, event.kind.keys[i])
}

// checkValue checks the value of a key, and parses it if it selects servers.
func (r *reader) checkValue(event *Event, k key) error {
	value := event.Values[k.name]
	var err error
	switch {
	case isServers(k):
		event.servers, err = parseSelection(value, r.options.Servers)
	case len(k.words) > 0 && !slices.Contains(k.words, value):
		err = fmt.Errorf("%q must be %s", value, orList(k.words))
	case k.check != nil:
		err = k.check(value)
	}
	if err != nil {
		return fmt.Errorf("%s=: %w", k.name, err)
	}
	return nil
}

// readFor reads how long an event lasts.
func (e *Event) readFor(value string) error {
	if e.kind.instant {
		return errors.New("it takes no for=, because it is over at once")
	}
	length, err := time.ParseDuration(value)
	if err != nil || length <= 0 {
		return fmt.Errorf("for=: %q must be a duration above 0, like 40m or 1h30m", value)
	}
	e.For = length
	return nil
}

// lateness returns a warning if an event comes after the end of the run, or "".
func (r *reader) lateness(e *Event) string {
	end := r.options.Start.Add(r.options.Length)
	if r.options.Length == 0 || !e.At.After(end) {
		return ""
	}
	moment := func(t time.Time) string { return t.In(r.options.Zone).Format("Mon 2 Jan 15:04") }
	return fmt.Sprintf("%s does not happen: %s is after the end of the run, %s", e.Kind, moment(e.At), moment(end))
}

// join returns words as they are written, separated by one space.
func join(words []word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

// orList joins words: "a, b or c".
func orList(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
