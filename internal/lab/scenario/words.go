package scenario

import (
	"errors"
	"fmt"
	"strings"
)

// word is a word of a line. Blanks separate words.
type word struct {
	// text is the word as it is written.
	text string
	// key and value are those of a word KEY=VALUE; without quotes and escapes.
	key, value string
	// hasValue is set for a word KEY=VALUE.
	hasValue bool
}

const blanks = " \t"

// split splits a line into words and leaves out its comment.
func split(line string) ([]word, []error) {
	var words []word
	var problems []error
	for rest := strings.TrimLeft(line, blanks); rest != "" && rest[0] != '#'; rest = strings.TrimLeft(rest, blanks) {
		w, length, err := firstWord(rest)
		if err != nil {
			problems = append(problems, err)
		}
		words = append(words, w)
		rest = rest[length:]
	}
	return words, problems
}

// firstWord returns the word at the beginning of a text, and its length in the text.
func firstWord(text string) (word, int, error) {
	end := strings.IndexAny(text, blanks)
	if end < 0 {
		end = len(text)
	}
	key, value, hasValue := strings.Cut(text[:end], "=")
	if !hasValue || !strings.HasPrefix(value, `"`) {
		w := word{text[:end], key, value, hasValue}
		switch {
		case strings.Contains(w.text, `"`):
			return w, end, fmt.Errorf(`%s: a double quote must follow the "="; write KEY="VALUE"`, w.text)
		case hasValue && value == "":
			return w, end, fmt.Errorf("%s has no value", w.text)
		}
		return w, end, nil
	}
	value, length, err := unquote(text[len(key)+1:])
	end = len(key) + 1 + length
	if err != nil {
		return word{text[:end], key, value, true}, end, fmt.Errorf("%s: %w", key, err)
	}
	if end < len(text) && !strings.ContainsRune(blanks, rune(text[end])) {
		err = fmt.Errorf("%s: a blank must follow the closing quote", key)
	}
	return word{text[:end], key, value, true}, end, err
}

// unquote returns the value in double quotes at the beginning of a text, and its length
// in the text, quotes and escapes included.
func unquote(text string) (string, int, error) {
	var value strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return value.String(), i + 1, nil
		case '\\':
			i++
			if i == len(text) || text[i] != '"' && text[i] != '\\' {
				return value.String(), len(text), errors.New(`in quotes, \ must be followed by " or \`)
			}
			value.WriteByte(text[i])
		default:
			value.WriteByte(c)
		}
	}
	return value.String(), len(text), errors.New("the closing quote is missing")
}
