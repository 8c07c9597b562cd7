package fact

import (
	"encoding"
	"log/slog"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns a text from outside (an error, a name, an operator's reason) as one line
// that changes nothing around it. Line breaks and tabs become spaces. Control characters,
// with which escape sequences begin, and bytes that are not UTF-8 become "�". Invisible
// characters are left out: bidirectional marks, zero-width characters, fillers.
func Clean(text string) string {
	return strings.Map(visible, strings.ReplaceAll(text, "\r\n", "\n"))
}

// CleanLines is Clean for a text of several lines: line feeds stay.
func CleanLines(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return visible(r)
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// visible returns the character that is shown for another one, -1 for none.
func visible(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\v', r == '\f', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
		return ' '
	case unicode.IsControl(r):
		return utf8.RuneError
	case unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	}
	return r
}

// CleanAttribute cleans the texts of a log line. It is used as ReplaceAttr of the log's
// handler.
func CleanAttribute(_ []string, attribute slog.Attr) slog.Attr {
	switch attribute.Value.Kind() {
	case slog.KindString:
		attribute.Value = slog.StringValue(Clean(attribute.Value.String()))
	case slog.KindAny:
		attribute.Value = cleanAny(attribute.Value)
	}
	return attribute
}

// cleanAny cleans a value that the log's handler writes as text. Other values stay.
func cleanAny(value slog.Value) slog.Value {
	switch v := value.Any().(type) {
	case nil, slog.Level:
		return value
	case error:
		return slog.StringValue(Clean(v.Error()))
	case encoding.TextMarshaler:
		if text, err := v.MarshalText(); err == nil {
			return slog.StringValue(Clean(string(text)))
		}
	case []string:
		list := make([]string, len(v))
		for i, text := range v {
			list[i] = Clean(text)
		}
		return slog.AnyValue(list)
	default:
		if v := reflect.ValueOf(v); v.Kind() == reflect.String {
			return slog.StringValue(Clean(v.String()))
		}
	}
	return value
}
