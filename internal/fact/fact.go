// Package fact has the texts for operators as typed facts: a wording and its values,
// from which the texts in English and in other languages are made.
package fact

import (
	"fmt"
	"strings"
	"time"

	"divims/internal/pool"
)

// Text is a sentence, or a part of one, as a typed fact. The zero value is no text.
type Text struct {
	// form is the English wording with a verb (%s, %d, %g, %v) for each value.
	form   string
	values []any
}

// New returns a text. A value is a number, a time, a duration, a Counted, a Numbers, another
// Text, a List, or a string from outside, which is quoted as it is.
func New(form string, values ...any) Text { return Text{form, values} }

// Verbatim returns a text of which only the English is known. It is no text if that is
// empty.
func Verbatim(english string) Text {
	if english == "" {
		return Text{}
	}
	return New("%s", english)
}

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return t.form == "" }

// String returns the text in English, with times in UTC.
func (t Text) String() string {
	values := make([]any, len(t.values))
	for i, value := range t.values {
		switch v := value.(type) {
		case time.Time:
			values[i] = v.UTC().Format(time.RFC3339)
		case time.Duration:
			values[i] = pool.FormatDuration(v)
		default:
			values[i] = value
		}
	}
	return fmt.Sprintf(t.form, values...)
}

// MarshalText returns the text in English, so that JSON has a string.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a text of which only the English is known.
func (t *Text) UnmarshalText(english []byte) error {
	*t = Verbatim(string(english))
	return nil
}

// List is several texts, one after the other.
type List []Text

// String returns the texts in English, with semicolons between them.
func (l List) String() string {
	parts := make([]string, len(l))
	for i, text := range l {
		parts[i] = text.String()
	}
	return strings.Join(parts, "; ")
}

// join returns the texts in a language, with a separator between them.
func (l List) join(language Language, zone *time.Location, separator string) string {
	parts := make([]string, len(l))
	for i, text := range l {
		parts[i] = text.In(language, zone)
	}
	return strings.Join(parts, separator)
}

// Counted is a number of things: "3 servers".
type Counted struct {
	N float64
	// Noun is the English singular.
	Noun string
}

// Count returns a number of things.
func Count[T int | float64](n T, noun string) Counted { return Counted{float64(n), noun} }

// String returns the number with the noun in English.
func (c Counted) String() string { return pool.Count(c.N, c.Noun) }

// Numbers are numbers of servers: "server 3", "servers 1, 2 and 5 more".
type Numbers []int

// maxNamed is the most servers listed by number in a text.
const maxNamed = 10

// String returns the list in English.
func (n Numbers) String() string { return n.named("server", "servers", " and %d more") }

// named returns the list with a noun in front. more is the form of the number of servers
// that are left out.
func (n Numbers) named(one, many, more string) string {
	named := make([]string, min(len(n), maxNamed))
	for i := range named {
		named[i] = fmt.Sprint(n[i])
	}
	list := strings.Join(named, ", ")
	switch {
	case len(n) == 1:
		return one + " " + list
	case len(n) > maxNamed:
		list += fmt.Sprintf(more, len(n)-maxNamed)
	}
	return many + " " + list
}
