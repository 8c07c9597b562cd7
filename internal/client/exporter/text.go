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

// maxBody is the largest answer that is read, in bytes. A full node_exporter
// fills less than a quarter of it.
const maxBody = 2 << 20

// longestLine bounds the lines of the metrics in the table, in bytes; others may
// be longer.
const longestLine = 16 << 10

// parse reads Prometheus's text format, version 0.0.4, at most maxBody bytes of
// it, and takes the metrics of the table. Of what else there is it looks at the
// names only: of a server's hundreds of units, disks and devices few concern us.
func parse(body io.Reader) (map[string]*series, error) {
	limited := &io.LimitedReader{R: body, N: maxBody + 1}
	lines := buffers.Get().(*bufio.Reader)
	lines.Reset(limited)
	defer buffers.Put(lines)
	t := text{lines: lines, found: map[string]*series{}}
	err := t.read()
	if limited.N <= 0 {
		return nil, fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", t.number, err)
	}
	return t.found, nil
}

// buffers are used again: an evaluation reads hundreds of answers.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, longestLine) }}

// text is an answer that is being read.
type text struct {
	lines  *bufio.Reader
	number int // of the line
	found  map[string]*series
}

var (
	errTruncated = errors.New("the text ends in the middle of it")
	errMalformed = errors.New("it is not in Prometheus's text format")
)

func (t *text) read() error {
	for {
		t.number++
		line, err := t.lines.ReadSlice('\n')
		switch {
		case err == nil:
			err = t.line(line[:len(line)-1])
		case err == bufio.ErrBufferFull:
			err = t.longLine(line)
		case err == io.EOF && len(line) == 0:
			return nil
		case err == io.EOF:
			err = errTruncated
		}
		if err != nil {
			return err
		}
	}
}

// longLine passes over a line of which the beginning is given, if it is of a
// metric that is not in the table.
func (t *text) longLine(beginning []byte) error {
	name, _ := cutName(trimBlanks(beginning))
	if m := table[string(name)]; m != nil {
		return fmt.Errorf("%s: longer than %d bytes", m.name, longestLine)
	}
	for {
		switch _, err := t.lines.ReadSlice('\n'); err {
		case bufio.ErrBufferFull:
		case io.EOF:
			return errTruncated
		default:
			return err
		}
	}
}

// line reads a sample or a comment.
func (t *text) line(line []byte) error {
	line = trimBlanks(line)
	if len(line) == 0 {
		return nil
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
	if m == nil || m == &unitState && isOthersUnit(rest) {
		return nil
	}
	if err := t.sample(m, rest); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	return nil
}

// comment looks at the type of a metric. Of ours none has several numbers each, as
// a histogram has.
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
	case "gauge", "counter", "untyped":
	default:
		t.of(m).fault = fmt.Errorf("%s: a %.20q cannot be", m.name, kind)
	}
}

// of is what is found of a metric.
func (t *text) of(m *metric) *series {
	found := t.found[m.name]
	if found == nil {
		found = &series{}
		t.found[m.name] = found
	}
	return found
}

// sample reads what follows the name: labels, a number, perhaps a time.
func (t *text) sample(m *metric, rest []byte) (err error) {
	var labels [mostLabels][]byte
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
	t.of(m).add(m, labels, value)
	return nil
}

// checkTime checks what follows a value, which nobody needs.
func checkTime(rest []byte) error {
	moment, rest := cutWord(rest)
	if _, err := strconv.ParseInt(string(moment), 10, 64); err != nil || len(trimBlanks(rest)) > 0 {
		return errors.New("what follows its value is no time")
	}
	return nil
}

func readNumber(word []byte) (float64, error) {
	if len(word) == 1 && word[0] >= '0' && word[0] <= '9' { // as most are
		return float64(word[0] - '0'), nil
	}
	value, err := strconv.ParseFloat(string(word), 64)
	if err != nil || bytes.ContainsAny(word, "pP_") { // which are Go's own
		return 0, errors.New("its value is no number")
	}
	return value, nil
}

// isOthersUnit tells of the labels of most units, and quickly, that they are not of
// one in our tables: there are hundreds, with five states each.
func isOthersUnit(labels []byte) bool {
	rest, plain := bytes.CutPrefix(labels, []byte(`{name="`))
	unit, _, closed := bytes.Cut(rest, []byte(`"`))
	return plain && closed && !mayBeBBBs(unit)
}

// readLabels reads labels up to and with the closing brace, and takes those that
// the metric's numbers differ by.
func readLabels(m *metric, rest []byte) (labels [mostLabels][]byte, after []byte, err error) {
	var seen [mostLabels]bool
	for {
		rest = trimBlanks(rest)
		if len(rest) > 0 && rest[0] == '}' {
			return labels, rest[1:], nil
		}
		name, value, next, err := cutLabel(rest)
		if err != nil {
			return labels, nil, err
		}
		for i, wanted := range m.by {
			if string(name) != wanted {
				continue
			}
			if seen[i] {
				return labels, nil, fmt.Errorf("label %s is given twice", wanted)
			}
			seen[i], labels[i] = true, value
		}
		rest = next
	}
}

var errLabels = errors.New("its labels are malformed")

// cutLabel reads a label, and the comma behind it unless it is the last.
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

// cutQuoted reads a label's value up to its closing quote.
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

// escapes are what may follow a backslash, and what it stands for.
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

// cutName cuts a name off: of a metric, or of a label.
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

// cutWord cuts off what is before the next blank.
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
