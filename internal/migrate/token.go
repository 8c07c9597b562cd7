package migrate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind int

const (
	endOfFile kind = iota
	word           // a name, a keyword, or a qualified name such as \Monolog\Level
	variable       // $name, without the dollar sign
	text           // a string without its quotes and escapes
	integer
	decimal
	mark // punctuation
)

// token is a PHP token.
type token struct {
	kind kind
	text string
	line int
}

// String names a token in errors. It does not show the content of a string, which may be
// a secret.
func (t token) String() string {
	switch t.kind {
	case endOfFile:
		return "the end of the file"
	case text:
		return "a string"
	case variable:
		return "$" + strings.Trim(fmt.Sprintf("%.40q", t.text), `"`) // %q, because PHP counts every byte above ASCII as a letter
	}
	return fmt.Sprintf("%.40q", t.text)
}

// Error says what cannot be read, and where.
type Error struct {
	File string
	Line int
	// What describes the construct.
	What string
}

// Error returns one line, for example "config.php:12: a call of \"getenv\": nothing is run".
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What) }

// scanner splits PHP into tokens.
type scanner struct {
	file string
	rest string
	line int
}

func (s *scanner) fail(format string, args ...any) error {
	return &Error{s.file, s.line, fmt.Sprintf(format, args...)}
}

// open skips "<?php". Only a byte order mark and a "#!" line may come before it.
func (s *scanner) open() error {
	s.rest = strings.TrimPrefix(s.rest, "\ufeff")
	if strings.HasPrefix(s.rest, "#!") {
		_, s.rest, _ = strings.Cut(s.rest, "\n")
		s.line++
	}
	after, ok := strings.CutPrefix(s.rest, "<?php")
	if !ok || after != "" && !strings.ContainsAny(after[:1], " \t\r\n") {
		return s.fail("the file does not begin with <?php")
	}
	s.rest = after
	return nil
}

// skip skips white space and comments.
func (s *scanner) skip() error {
	for s.rest != "" {
		switch {
		case strings.ContainsRune(" \t\r\n\v\f", rune(s.rest[0])):
			s.take(1)
		case strings.HasPrefix(s.rest, "#["):
			return s.fail("an attribute")
		case s.rest[0] == '#' || strings.HasPrefix(s.rest, "//"):
			s.take(lineComment(s.rest))
		case strings.HasPrefix(s.rest, "/*"):
			end := strings.Index(s.rest[2:], "*/")
			if end < 0 {
				return s.fail("a comment that does not end")
			}
			s.take(2 + end + 2)
		default:
			return nil
		}
	}
	return nil
}

// lineComment returns the length of a comment that ends with its line or, as in PHP, at ?>.
func lineComment(rest string) int {
	end := strings.IndexAny(rest, "\r\n")
	if end < 0 {
		end = len(rest)
	}
	if closing := strings.Index(rest[:end], "?>"); closing >= 0 {
		end = closing
	}
	return end
}

// take consumes and returns n bytes.
func (s *scanner) take(n int) string {
	taken := s.rest[:n]
	s.rest = s.rest[n:]
	s.line += strings.Count(taken, "\n")
	return taken
}

// next returns the next token.
func (s *scanner) next() (token, error) {
	if err := s.skip(); err != nil {
		return token{}, err
	}
	t := token{line: s.line}
	if s.rest == "" {
		return t, nil
	}
	var err error
	switch c := s.rest[0]; {
	case strings.HasPrefix(s.rest, "?>"):
		s.take(2)
		if strings.TrimSpace(s.rest) != "" {
			return t, s.fail("text after ?>")
		}
		s.rest = ""
	case c == '$' && len(s.rest) > 1 && isNameStart(s.rest[1]):
		s.take(1)
		t.kind, t.text = variable, s.take(nameLength(s.rest))
	case isNameStart(c) || c == '\\':
		t.kind, t.text = word, s.take(qualifiedLength(s.rest))
	case isDigit(c) || c == '.' && len(s.rest) > 1 && isDigit(s.rest[1]):
		t.kind, t.text, err = s.number()
	case c == '\'':
		t.kind = text
		t.text, err = s.single()
	case c == '"':
		t.kind = text
		t.text, err = s.double()
	case strings.HasPrefix(s.rest, "<<<"):
		err = s.fail("a heredoc: use quotes instead")
	case c == '`':
		err = s.fail("a command in backticks: nothing is run")
	default:
		t.kind, t.text = mark, s.take(markLength(s.rest))
	}
	return t, err
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func nameLength(rest string) int {
	n := 0
	for n < len(rest) && (isNameStart(rest[n]) || n > 0 && isDigit(rest[n])) {
		n++
	}
	return n
}

func qualifiedLength(rest string) int {
	n := 0
	for n < len(rest) && (isNameStart(rest[n]) || rest[n] == '\\' || n > 0 && isDigit(rest[n])) {
		n++
	}
	return n
}

// longMarks are the punctuation marks of more than one byte, longest first.
var longMarks = []string{"...", "<=>", "**=", "===", "!==", "??=", "=>", "->", "::", "==", "!=", "<=", ">=", "&&", "||", "??", "+=", "-=", "*=", ".=", "/=", "++", "--", "**", "<<", ">>"}

func markLength(rest string) int {
	for _, m := range longMarks {
		if strings.HasPrefix(rest, m) {
			return len(m)
		}
	}
	_, size := utf8.DecodeRuneInString(rest)
	return size
}

// number reads a number in PHP's notation, and returns it in the notation of strconv.
func (s *scanner) number() (kind, string, error) {
	n := 0
	for n < len(s.rest) && (isDigit(s.rest[n]) || isNameStart(s.rest[n]) || s.rest[n] == '.' ||
		(s.rest[n] == '+' || s.rest[n] == '-') && (s.rest[n-1] == 'e' || s.rest[n-1] == 'E') && !strings.HasPrefix(strings.ToLower(s.rest), "0x")) {
		n++
	}
	written := s.take(n)
	clean := strings.ReplaceAll(written, "_", "")
	if len(clean) > 1 && clean[0] == '0' && strings.Trim(clean, "0123456789") == "" && strings.Trim(clean, "01234567") != "" {
		return 0, "", s.fail("an octal number with an 8 or 9: %.40q", written)
	}
	if _, err := strconv.ParseInt(clean, 0, 64); err == nil && !strings.HasSuffix(written, "_") {
		return integer, clean, nil
	}
	if _, err := strconv.ParseFloat(clean, 64); err == nil && !strings.ContainsAny(clean, "xXpPiInN") && !strings.HasSuffix(written, "_") {
		return decimal, clean, nil
	}
	return 0, "", s.fail("a number that cannot be read: %.40q", written)
}

// single reads a string in single quotes. Its only escapes are \' and \\.
func (s *scanner) single() (string, error) {
	var value strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '\'':
			s.take(i + 1)
			return value.String(), nil
		case c == '\\' && i+1 < len(s.rest) && (s.rest[i+1] == '\'' || s.rest[i+1] == '\\'):
			i++
			value.WriteByte(s.rest[i])
		default:
			value.WriteByte(c)
		}
	}
	return "", s.fail("a string that does not end")
}

// escapes are the escapes of one character in double quotes.
var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'e': 0x1b, 'f': '\f', '\\': '\\', '$': '$', '"': '"'}

// double reads a string in double quotes. A variable in it is an error.
func (s *scanner) double() (string, error) {
	var value strings.Builder
	for i := 1; i < len(s.rest); {
		c := s.rest[i]
		following := s.rest[i+1:]
		switch {
		case c == '"':
			s.take(i + 1)
			return value.String(), nil
		case c == '$' && following != "" && (isNameStart(following[0]) || following[0] == '{'), c == '{' && strings.HasPrefix(following, "$"):
			s.take(i)
			return "", s.fail("a variable inside a string: join the parts with dots instead")
		case c != '\\':
			value.WriteByte(c)
			i++
		default:
			part, length := unescape(s.rest[i:])
			value.WriteString(part)
			i += length
		}
	}
	return "", s.fail("a string that does not end")
}

// unescape returns the value and the length of the escape at the beginning of a text. A
// backslash that begins no escape is kept.
func unescape(rest string) (value string, length int) {
	if len(rest) < 2 {
		return "\\", 1
	}
	if c, simple := escapes[rest[1]]; simple {
		return string([]byte{c}), 2
	}
	switch {
	case rest[1] >= '0' && rest[1] <= '7':
		n := digits(rest[1:], 3, "01234567")
		code, _ := strconv.ParseUint(rest[1:1+n], 8, 16)
		return string([]byte{byte(code)}), 1 + n
	case rest[1] == 'x' && digits(rest[2:], 2, hexadecimal) > 0:
		n := digits(rest[2:], 2, hexadecimal)
		code, _ := strconv.ParseUint(rest[2:2+n], 16, 8)
		return string([]byte{byte(code)}), 2 + n
	case strings.HasPrefix(rest[1:], "u{"):
		n := digits(rest[3:], 6, hexadecimal)
		if n > 0 && strings.HasPrefix(rest[3+n:], "}") {
			code, _ := strconv.ParseUint(rest[3:3+n], 16, 32)
			return string(rune(code)), 3 + n + 1
		}
	}
	return "\\", 1
}

const hexadecimal = "0123456789abcdefABCDEF"

// digits returns how many of the first limit bytes of a text are digits of the given set.
func digits(rest string, limit int, set string) int {
	n := 0
	for n < limit && n < len(rest) && strings.IndexByte(set, rest[n]) >= 0 {
		n++
	}
	return n
}
