package report

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// language is a language of the page.
type language struct {
	tag string
	// texts has the translations by the English text; nil for English itself.
	texts map[string]string
	// subjects has the subjects of alerts by the English subject. One that ends with a name
	// has %s there.
	subjects         map[string]string
	semicolon        string // between two texts
	group, decimal   string
	euros, percent   string // formats for fmt.Sprintf
	weekdays, months []string
}

const (
	noBreak       = "\u00a0"
	narrowNoBreak = "\u202f"
)

var english = language{
	tag: "en", semicolon: "; ", group: ",", decimal: ".", euros: "€%s", percent: "%s%%",
	weekdays: []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
	months:   []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
}

var french = language{
	tag: "fr", texts: withNoBreakSpaces(frenchTexts), subjects: frenchSubjects, semicolon: noBreak + "; ", group: narrowNoBreak, decimal: ",", euros: "%s" + noBreak + "€", percent: "%s" + noBreak + "%%",
	weekdays: []string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."},
	months:   []string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
}

// withNoBreakSpaces replaces the space before : and ; in French texts by a no-break
// space, so that no line begins with them. It adds the words of decisions.
func withNoBreakSpaces(texts map[string]string) map[string]string {
	spaces := strings.NewReplacer(" :", noBreak+":", " ;", noBreak+";")
	replaced := make(map[string]string, len(texts))
	maps.Copy(replaced, fact.FrenchWords())
	for english, text := range texts {
		replaced[english] = spaces.Replace(text)
	}
	return replaced
}

// preferredLanguage returns the language that fits an Accept-Language header best:
// the first one with the highest weight, English if there is none.
func preferredLanguage(accept string) language {
	best, weight := english, 0.0
	for choice := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(choice, ";")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			q, _ = strconv.ParseFloat(value, 64) // an invalid weight counts as 0
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "-")
		for _, l := range []language{english, french} {
			if l.tag == primary && q > weight {
				best, weight = l, q
			}
		}
	}
	return best
}

// T translates an English text and fills in its arguments.
func (l language) T(text string, arguments ...any) string {
	if translation, ok := l.texts[text]; ok {
		text = translation
	}
	if len(arguments) == 0 {
		return text
	}
	return fmt.Sprintf(text, arguments...)
}

// N returns a number with its noun: "1 meeting", "2 meetings". forms has both forms:
// "meeting/meetings".
func (l language) N(n int, forms string) string { return l.Count(n) + noBreak + l.form(n, forms) }

// form returns the form of a noun for a number. French has the singular for 0.
func (l language) form(n int, forms string) string {
	one, many, _ := strings.Cut(l.T(forms), "/")
	if n == 1 || n == 0 && l.tag == french.tag {
		return one
	}
	return many
}

// Count returns a whole number with separated thousands.
func (l language) Count(n int) string { return l.Number(float64(n), 0) }

// Number returns a number with a number of decimals.
func (l language) Number(v float64, decimals int) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + l.group + whole[i:]
	}
	if fraction != "" {
		whole += l.decimal + fraction
	}
	if v < 0 {
		return "−" + whole
	}
	return whole
}

// Maybe returns a whole number, or a question mark if it is unknown.
func (l language) Maybe(r pool.Reading[int]) string { return show(r, l.Count) }

// Euros returns an amount, or a question mark if it is unknown.
func (l language) Euros(r pool.Reading[float64], decimals int) string {
	return show(r, func(v float64) string { return fmt.Sprintf(l.euros, l.Number(v, decimals)) })
}

// Share returns a fraction of 1 as a percentage, or a question mark if it is unknown.
func (l language) Share(r pool.Reading[float64]) string {
	return show(r, func(v float64) string { return fmt.Sprintf(l.percent, l.Number(100*v, 0)) })
}

// Span returns a rounded duration: "12 minutes", "5 hours", "3 days".
func (l language) Span(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return l.N(int(d.Minutes()), "minute/minutes")
	case d < 2*day:
		return l.N(int(d.Hours()), "hour/hours")
	}
	return l.N(int(d/day), "day/days")
}

// Date returns a day: "Mon 2 Mar".
func (l language) Date(t time.Time) string {
	return fmt.Sprintf("%s %d %s", l.weekdays[t.Weekday()], t.Day(), l.months[t.Month()-1])
}
