package exporter

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"unicode/utf8"
)

// maxBody is the largest response that is read, in bytes. A node_exporter with all its
// collectors sends less than a quarter of it.
const maxBody = 2 << 20

// maxLine is the longest line of a metric in the table, in bytes. Other lines may be
// longer.
const maxLine = 16 << 10

// parse reads Prometheus's text format, version 0.0.4, or OpenMetrics, and returns the
// metrics in the table. Of other metrics it reads the name only. Lines may end in CRLF, the
// last one may have no end, and the text may begin with a byte order mark. More than maxBody
// bytes are an error.
func parse(body io.Reader) (map[string]*series, error) {
	limited := &io.LimitedReader{R: body, N: maxBody + 1}
	lines := buffers.Get().(*bufio.Reader)
	lines.Reset(limited)
	defer buffers.Put(lines)
	t := text{lines: lines, found: map[string]*series{}}
	err := t.read()
	if limited.N <= 0 {
		return nil, fmt.Errorf("the response is larger than %d MiB", maxBody>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", t.number, err)
	}
	return t.found, nil
}

// buffers are reused, because an evaluation may read hundreds of responses.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, maxLine) }}

// text is the state of parsing one response.
type text struct {
	lines  *bufio.Reader
	number int // current line, from 1
	found  map[string]*series
}

var (
	errMalformed = errors.New("not in Prometheus's text format")
	errEnding    = errors.New("lines must end in LF or CRLF, not in CR alone")
)

func (t *text) read() error {
	for {
		t.number++
		line, err := t.lines.ReadSlice('\n')
		if t.number == 1 {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		switch {
		case err == nil:
			err = t.line(line[:len(line)-1])
		case errors.Is(err, bufio.ErrBufferFull):
			err = t.longLine(line)
		case errors.Is(err, io.EOF):
			// If the text was cut off here, the line is malformed, or its number has lost
			// digits. A count does not become zero by that.
			return t.line(line)
		}
		if err != nil {
			return err
		}
	}
}

// byteOrderMark is written by some editors at the beginning of UTF-8 text.
var byteOrderMark = []byte("\xef\xbb\xbf")

// longLine skips the rest of a line with the given beginning. It returns an error if
// the line belongs to a metric in the table.
func (t *text) longLine(beginning []byte) error {
	name, _ := cutName(trimBlanks(beginning))
	if bytes.IndexByte(beginning[:len(beginning)-1], '\r') >= 0 {
		return errEnding
	}
	if m := table[string(name)]; m != nil {
		return fmt.Errorf("%s: longer than %d bytes", m.name, maxLine)
	}
	for {
		switch _, err := t.lines.ReadSlice('\n'); {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
}

// line parses a sample or a comment.
func (t *text) line(line []byte) error {
	line = trimBlanks(bytes.TrimSuffix(line, []byte("\r")))
	if len(line) == 0 {
		return nil
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		return errEnding
	}
	if line[0] == '#' {
		t.comment(line[1:])
		return nil
	}
	name, rest := cutName(line)
	if len(name) == 0 || len(rest) == 0 {
		return errMalformed
	}
	m := table[string(name)]
	if m == nil || m == &unitState && isForeignUnit(rest) {
		return nil
	}
	if err := t.sample(m, rest); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	return nil
}

// comment parses a TYPE comment. A metric in the table must not be a histogram or a
// summary.
func (t *text) comment(line []byte) {
	word, rest := cutWord(trimBlanks(line))
	if string(word) != "TYPE" {
		return
	}
	name, rest := cutWord(trimBlanks(rest))
	m := table[string(name)]
	if m == nil {
		return
	}
	switch kind, _ := cutWord(trimBlanks(rest)); string(kind) {
	case "gauge", "counter", "untyped", "unknown", "info", "stateset": // the last three are OpenMetrics'
	default:
		t.seriesOf(m).fault = fmt.Errorf("%s: unexpected type %.20q", m.name, kind)
	}
}

// seriesOf returns the series of a metric and creates it if necessary.
func (t *text) seriesOf(m *metric) *series {
	found := t.found[m.name]
	if found == nil {
		found = &series{}
		t.found[m.name] = found
	}
	return found
}

// sample parses what follows the name of a metric: labels, a value and perhaps a time. In
// OpenMetrics, an exemplar may follow.
func (t *text) sample(m *metric, rest []byte) (err error) {
	var labels [maxLabels][]byte
	if rest = trimBlanks(rest); len(rest) > 0 && rest[0] == '{' {
		if labels, rest, err = readLabels(m, rest[1:]); err != nil {
			return err
		}
	}
	number, rest := cutWord(trimBlanks(rest))
	value, err := readNumber(number)
	if err != nil {
		return err
	}
	if rest = trimBlanks(rest); len(rest) > 0 {
		if err := checkTime(rest); err != nil {
			return err
		}
	}
	t.seriesOf(m).add(m, labels, value)
	return nil
}

// checkTime checks the optional timestamp after a value. Its value is not used. It is an
// integer, but in OpenMetrics a decimal number, and an exemplar may follow or replace it.
func checkTime(rest []byte) error {
	if rest[0] != '#' {
		moment, after := cutWord(rest)
		if _, err := strconv.ParseFloat(string(moment), 64); err != nil {
			return errAfterValue
		}
		rest = trimBlanks(after)
	}
	if len(rest) > 0 && rest[0] != '#' {
		return errAfterValue
	}
	return nil
}

var errAfterValue = errors.New("the text after its value is not a timestamp")

func readNumber(word []byte) (float64, error) {
	if len(word) == 1 && word[0] >= '0' && word[0] <= '9' { // most values are 0 or 1
		return float64(word[0] - '0'), nil
	}
	value, err := strconv.ParseFloat(string(word), 64)
	if err != nil || bytes.ContainsAny(word, "pP_") { // Go's hexadecimal floats and underscores are not in the format
		return 0, errors.New("its value is not a number")
	}
	return value, nil
}

// isForeignUnit returns true for the labels of most units that are not in our tables.
// It is a fast check: a server has hundreds of units, with five states each.
func isForeignUnit(labels []byte) bool {
	rest, plain := bytes.CutPrefix(labels, []byte(`{name="`))
	unit, _, closed := bytes.Cut(rest, []byte(`"`))
	return plain && closed && !mayBeBBBUnit(unit)
}

// readLabels parses labels up to and including the closing brace, and returns the
// values of those in m.labels.
func readLabels(m *metric, rest []byte) (labels [maxLabels][]byte, after []byte, err error) {
	var seen [maxLabels]bool
	for {
		rest = trimBlanks(rest)
		if len(rest) > 0 && rest[0] == '}' {
			return labels, rest[1:], nil
		}
		name, value, next, err := cutLabel(rest)
		if err != nil {
			return labels, nil, err
		}
		for i, wanted := range m.labels {
			if string(name) != wanted {
				continue
			}
			if seen[i] {
				return labels, nil, fmt.Errorf("label %s occurs twice", wanted)
			}
			seen[i], labels[i] = true, value
		}
		rest = next
	}
}

var errLabels = errors.New("its labels are malformed")

// cutLabel parses a label and the comma after it, if there is one.
func cutLabel(rest []byte) (name, value, after []byte, err error) {
	name, rest = cutName(rest)
	rest = trimBlanks(rest)
	if len(name) == 0 || len(rest) == 0 || rest[0] != '=' {
		return nil, nil, nil, errLabels
	}
	rest = trimBlanks(rest[1:])
	if len(rest) == 0 || rest[0] != '"' {
		return nil, nil, nil, errLabels
	}
	if value, rest, err = cutQuoted(rest[1:]); err != nil {
		return nil, nil, nil, err
	}
	rest = trimBlanks(rest)
	switch {
	case len(rest) > 0 && rest[0] == ',':
		return name, value, rest[1:], nil
	case len(rest) > 0 && rest[0] == '}':
		return name, value, rest, nil
	}
	return nil, nil, nil, errLabels
}

// cutQuoted parses a label's value up to its closing quote.
func cutQuoted(rest []byte) (value, after []byte, err error) {
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil, nil, errLabels
	}
	value, after = rest[:end], rest[end+1:]
	if bytes.IndexByte(value, '\\') >= 0 {
		value, after, err = cutEscaped(rest)
	}
	if err != nil || !utf8.Valid(value) {
		return nil, nil, errLabels
	}
	return value, after, nil
}

// escapes maps the characters that may follow a backslash to their meaning.
var escapes = map[byte]byte{'"': '"', '\\': '\\', 'n': '\n'}

func cutEscaped(rest []byte) (value, after []byte, err error) {
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '"':
			return value, rest[i+1:], nil
		case '\\':
			i++
			if i == len(rest) || escapes[rest[i]] == 0 {
				return nil, nil, errLabels
			}
			value = append(value, escapes[rest[i]])
		default:
			value = append(value, c)
		}
	}
	return nil, nil, errLabels
}

// cutName cuts off the name of a metric or a label. The name is empty if there is none.
func cutName(line []byte) (name, rest []byte) {
	end := 0
	for end < len(line) && isNameByte(line[end]) {
		end++
	}
	if end > 0 && line[0] >= '0' && line[0] <= '9' {
		end = 0
	}
	return line[:end], line[end:]
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == ':'
}

// cutWord cuts off the text before the next space or tab.
func cutWord(line []byte) (word, rest []byte) {
	if end := bytes.IndexAny(line, " \t"); end >= 0 {
		return line[:end], line[end:]
	}
	return line, nil
}

func trimBlanks(line []byte) []byte {
	for len(line) > 0 && isBlank(line[0]) {
		line = line[1:]
	}
	return line
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
