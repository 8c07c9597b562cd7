// Package fact holds what DiViMS tells people as typed facts: a wording and its values,
// from which the texts in English and in other languages are made.
package fact

import (
	"fmt"
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
// Text, or a string from outside, which is quoted as it is.
func New(form string, values ...any) Text { return Text{form, values} }

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
