package fact

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Facts are texts that keep their form and values in JSON, where a Text is only its
// English. So what was stored can be shown in other languages.
type Facts []Text

// Collect returns the texts of which the English alone would not do, because they have
// values. Each is listed once.
func Collect(texts ...Text) Facts {
	var facts Facts
	seen := map[string]bool{}
	for _, text := range texts {
		text = text.unwrap()
		if len(text.values) == 0 || text.isVerbatim() || seen[text.String()] {
			continue
		}
		seen[text.String()] = true
		facts = append(facts, text)
	}
	return facts
}

// unwrap returns the text that is the only value of a text without words of its own.
func (t Text) unwrap() Text {
	if t.form == "%s" && len(t.values) == 1 {
		if inner, ok := t.values[0].(Text); ok {
			return inner.unwrap()
		}
	}
	return t
}

// isVerbatim reports whether the text is a quoted string and nothing else.
func (t Text) isVerbatim() bool {
	if t.form != "%s" || len(t.values) != 1 {
		return false
	}
	switch t.values[0].(type) {
	case string, error:
		return true
	}
	return false
}

// Book finds the fact of an English text.
type Book map[string]Text

// NewBook returns a book with the facts of several records.
func NewBook(lists ...Facts) Book {
	book := Book{}
	for _, facts := range lists {
		for _, text := range facts {
			book[text.String()] = text
		}
	}
	return book
}

// Of returns the fact of a text that was read from JSON, or the text itself.
func (b Book) Of(text Text) Text {
	if text.isVerbatim() {
		return b.Find(text.String())
	}
	return text.unwrap()
}

// Find returns the fact of an English text. One that is not in the book and not a known
// sentence without values is quoted as it is.
func (b Book) Find(english string) Text {
	if text, ok := b[english]; ok {
		return text
	}
	if form, ok := sentences[english]; ok {
		return New(form)
	}
	return Verbatim(english)
}

// sentences has the forms without values by their English text.
var sentences = func() map[string]string {
	forms := map[string]string{}
	for form := range frenchForms {
		if len(verbsOf(form)) == 0 {
			forms[New(form).String()] = form
		}
	}
	return forms
}()

// MarshalJSON writes the forms and values.
func (f Facts) MarshalJSON() ([]byte, error) { return json.Marshal(store(f)) }

// UnmarshalJSON reads forms and values. A text that a later version wrote in another way
// is left out.
func (f *Facts) UnmarshalJSON(text []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	*f = nil
	for _, element := range list {
		var s stored
		if json.Unmarshal(element, &s) == nil {
			*f = append(*f, s.text())
		}
	}
	return nil
}

// stored is a text as Facts writes it.
type stored struct {
	Form   string        `json:"form"`
	Values []storedValue `json:"values,omitempty"`
}

func store(texts []Text) []stored {
	list := make([]stored, len(texts))
	for i, text := range texts {
		list[i].Form = text.form
		for _, value := range text.values {
			list[i].Values = append(list[i].Values, storedValue{value})
		}
	}
	return list
}

func (s stored) text() Text {
	text := Text{form: s.Form}
	for _, value := range s.Values {
		text.values = append(text.values, value.of)
	}
	return text
}

// storedValue is a value of a text as JSON: a string, a whole number, or a valueObject.
type storedValue struct{ of any }

// valueObject is any other value. One field is set.
type valueObject struct {
	Word     *string    `json:"word,omitempty"`
	Float    *float64   `json:"float,omitempty"`
	Time     *time.Time `json:"time,omitempty"`
	Duration *string    `json:"duration,omitempty"`
	Count    *float64   `json:"count,omitempty"`
	Noun     string     `json:"noun,omitempty"` // of Count
	Servers  *Numbers   `json:"servers,omitempty"`
	Fact     *stored    `json:"fact,omitempty"`
	List     *[]stored  `json:"list,omitempty"`
}

// word is a word of the decision, such as a machine's state, that was read from JSON.
type word string

// MarshalJSON writes the value with its type.
func (s storedValue) MarshalJSON() ([]byte, error) {
	switch v := s.of.(type) {
	case string, int:
		return json.Marshal(v)
	case float64:
		return json.Marshal(valueObject{Float: &v})
	case time.Time:
		return json.Marshal(valueObject{Time: &v})
	case time.Duration:
		text := v.String()
		return json.Marshal(valueObject{Duration: &text})
	case Counted:
		return json.Marshal(valueObject{Count: &v.N, Noun: v.Noun})
	case Numbers:
		return json.Marshal(valueObject{Servers: &v})
	case Text:
		return json.Marshal(valueObject{Fact: &store([]Text{v})[0]})
	case List:
		list := store(v)
		return json.Marshal(valueObject{List: &list})
	}
	text := fmt.Sprint(s.of)
	if reflect.ValueOf(s.of).Kind() == reflect.String {
		return json.Marshal(valueObject{Word: &text})
	}
	return json.Marshal(text)
}

// UnmarshalJSON reads a value. An unknown one is an error.
func (s *storedValue) UnmarshalJSON(text []byte) error {
	var number int
	var quoted string
	var object valueObject
	switch {
	case json.Unmarshal(text, &quoted) == nil:
		s.of = quoted
		return nil
	case json.Unmarshal(text, &number) == nil:
		s.of = number
		return nil
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return fmt.Errorf("read a value: %w", err)
	}
	return s.set(object)
}

func (s *storedValue) set(o valueObject) error {
	switch {
	case o.Word != nil:
		s.of = word(*o.Word)
	case o.Float != nil:
		s.of = *o.Float
	case o.Time != nil:
		s.of = *o.Time
	case o.Duration != nil:
		d, err := time.ParseDuration(*o.Duration)
		s.of = d
		return err
	case o.Count != nil:
		s.of = Counted{*o.Count, o.Noun}
	case o.Servers != nil:
		s.of = *o.Servers
	case o.Fact != nil:
		s.of = o.Fact.text()
	case o.List != nil:
		list := make(List, len(*o.List))
		for i, text := range *o.List {
			list[i] = text.text()
		}
		s.of = list
	default:
		return errors.New("a value of an unknown kind")
	}
	return nil
}
