package fact

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"divims/internal/pool"
)

// Language is a language of texts.
type Language string

// The languages.
const (
	English Language = "en"
	French  Language = "fr"
)

// In returns the text in a language, with times in a zone (UTC if nil). It is in English if
// it has no wording in the language.
func (t Text) In(language Language, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	if language == French {
		if wording, ok := frenchWordings[t.form]; ok {
			return fmt.Sprintf(wording, t.inFrench(zone)...)
		}
	}
	values := make([]any, len(t.values))
	for i, value := range t.values {
		values[i] = inEnglish(value, zone)
	}
	return fmt.Sprintf(t.form, values...)
}

// Has reports whether the text has a wording in a language. What it quotes may be in
// English all the same.
func (t Text) Has(language Language) bool {
	_, ok := frenchWordings[t.form]
	return language == English || ok && !t.isVerbatim()
}

func inEnglish(value any, zone *time.Location) any {
	switch v := value.(type) {
	case time.Time:
		return v.In(zone).Format("Mon 2006-01-02 15:04 MST")
	case time.Duration:
		return pool.FormatDuration(v)
	case Text:
		return v.In(English, zone)
	case List:
		return v.join(English, zone, "; ")
	}
	return value
}

// verbs matches the verbs of a form, and doubled percent signs.
var verbs = regexp.MustCompile(`%(?:%|[-+# 0]*[0-9]*(?:\.[0-9]+)?[a-z])`)

// verbsOf returns the verbs of a form.
func verbsOf(form string) []string {
	var list []string
	for _, verb := range verbs.FindAllString(form, -1) {
		if verb != "%%" {
			list = append(list, verb)
		}
	}
	return list
}

// inFrench returns the values in French, as strings.
func (t Text) inFrench(zone *time.Location) []any {
	values, verbs := make([]any, len(t.values)), verbsOf(t.form)
	for i, value := range t.values {
		verb := "%v"
		if i < len(verbs) {
			verb = verbs[i]
		}
		values[i] = inFrench(verb, value, zone)
	}
	return values
}

// inFrench returns a value in French. verb is its verb in the English form.
func inFrench(verb string, value any, zone *time.Location) string {
	switch v := value.(type) {
	case string:
		return v
	case time.Time:
		return v.In(zone).Format("02/01/2006 à 15:04 MST")
	case time.Duration:
		return frenchDuration(v)
	case Counted:
		return frenchCount(v)
	case Numbers:
		return v.named("serveur", "serveurs", " et %d autres")
	case Text:
		return v.In(French, zone)
	case List:
		return v.join(French, zone, noBreak+"; ")
	case float64:
		return decimalComma(fmt.Sprintf(verb, v))
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.String {
		return frenchWord(v.String())
	}
	return fmt.Sprintf(verb, value)
}

const noBreak = "\u00a0"

var frenchUnits = strings.NewReplacer("d", noBreak+"j"+noBreak, "h", noBreak+"h"+noBreak, "m", noBreak+"min"+noBreak, "s", noBreak+"s"+noBreak)

// frenchDuration returns a duration: "2 j 4 h".
func frenchDuration(d time.Duration) string {
	return strings.TrimSuffix(frenchUnits.Replace(pool.FormatDuration(d)), noBreak)
}

// frenchCount returns a number with its noun. French has the singular below 2.
func frenchCount(c Counted) string {
	number, _, _ := strings.Cut(pool.Count(c.N, ""), " ")
	forms, ok := frenchNouns[c.Noun]
	if !ok {
		return c.String()
	}
	noun := forms[1]
	if c.N < 2 {
		noun = forms[0]
	}
	return decimalComma(number) + noBreak + noun
}

func decimalComma(number string) string { return strings.Replace(number, ".", ",", 1) }

// frenchWord returns a word of the decision, such as a machine's state.
func frenchWord(english string) string {
	if word, ok := frenchWords[english]; ok {
		return word
	}
	return english
}

// FrenchWords returns the words of decisions (states, kinds, results) in French, by the
// English word.
func FrenchWords() map[string]string { return frenchWords }

// frenchWordings has the wordings in French with no-break spaces, so that no line begins
// with a sign, by the English form.
var frenchWordings = withNoBreakSpaces(frenchForms)

func withNoBreakSpaces(forms map[string]string) map[string]string {
	spaces := strings.NewReplacer(" :", noBreak+":", " ;", noBreak+";", " ?", noBreak+"?", "« ", "«"+noBreak, " »", noBreak+"»", " %%", noBreak+"%%")
	replaced := make(map[string]string, len(forms))
	for english, wording := range forms {
		replaced[english] = spaces.Replace(wording)
	}
	return replaced
}
