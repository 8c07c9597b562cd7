package fact_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"divims/internal/fact"
	"divims/internal/lab/hostile"
)

func TestCleanLeavesOneHarmlessLine(t *testing.T) {
	for name, c := range map[string]struct{ text, line, lines string }{
		"an ordinary text stays":                {"é – 日本 “x” 100 %\u00a0€ 🙂", "é – 日本 “x” 100 %\u00a0€ 🙂", "é – 日本 “x” 100 %\u00a0€ 🙂"},
		"colours and a cleared screen":          {"\x1b[31mred\x1b[2J", "�[31mred�[2J", "�[31mred�[2J"},
		"a window title and a hidden link":      {"\x1b]0;root\x07\x1b]8;;http://x\x1b\\", "�]0;root��]8;;http://x�\\", "�]0;root��]8;;http://x�\\"},
		"the one-byte form of ESC [":            {"\u009b31m and \x9b31m", "�31m and �31m", "�31m and �31m"},
		"a forged line":                         {"x\r\nerror: y\nz", "x error: y z", "x\nerror: y\nz"},
		"a line written over":                   {"deleted\rkept", "deleted kept", "deleted kept"},
		"backspaces and a delete":               {"no\b\byes\x7f", "no��yes�", "no��yes�"},
		"other line breaks":                     {"a\u2028b\u2029c\u0085d\ve\ff", "a b c d e f", "a b c d e f"},
		"a column of a table":                   {"a\tb", "a b", "a b"},
		"text turned around":                    {"a\u202egnp.exe\u202c \u2066b\u2069 \u200f\u061c", "agnp.exe b ", "agnp.exe b "},
		"a name with invisible parts":           {"ad\u200bmin\ufeff\u2060\u00ad\u034f\u3164", "admin", "admin"},
		"a hidden message in tag characters":    {"x\U000e0041\U000e0042", "x", "x"},
		"bytes that are not UTF-8, and a null":  {"\xff\xfe\x00", "���", "���"},
		"an escape that ends with the text":     {"x\x1b", "x�", "x�"},
		"an empty text, which stays empty":      {"", "", ""},
		"a carriage return before a line break": {"a\r\r\nb", "a  b", "a \nb"},
	} {
		line, lines := fact.Clean(c.text), fact.CleanLines(c.text)
		if line != c.line || lines != c.lines {
			t.Errorf("%s: %+q and %+q, want %+q and %+q", name, line, lines, c.line, c.lines)
		}
		if fact.Clean(line) != line || fact.CleanLines(lines) != lines {
			t.Errorf("%s: cleaned twice it is another text", name)
		}
	}
}

type word string

func TestLogLinesAreClean(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: fact.CleanAttribute}))
	log.With("pool", hostile.Text).WithGroup("a").Error(hostile.Text, "text", hostile.Text, "error", errors.New(hostile.Text),
		"word", word(hostile.Text), "fact", fact.New("by %s", hostile.Text), "list", []string{hostile.Text},
		slog.Group("group", "text", hostile.Text), "number", 7, "nothing", nil)
	for _, sign := range []string{`\u00`, `\n`, `\r`, `\t`, "\u202e", "\u200b", `\ufffd[31m`, "\u009b"} {
		if strings.Contains(out.String(), sign) {
			t.Errorf("the line has %+q: %s", sign, out.String())
		}
	}
	if strings.Count(out.String(), "�[31mred") != 8 || !strings.Contains(out.String(), `"number":7,"nothing":null`) || !strings.Contains(out.String(), `"level":"ERROR"`) {
		t.Errorf("a value is missing: %s", out.String())
	}
}
