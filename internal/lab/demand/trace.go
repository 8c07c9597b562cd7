package demand

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of a trace.
const (
	maxRows = 5_000_000
	maxLine = 256 // bytes
)

// traceHeader is the first line of every trace.
const traceHeader = "start,duration_s,participants,join_s,leave_s,recorded"

// ReadTrace reads a trace and returns its meetings, sorted by start. A trace is a CSV
// file with the columns of traceHeader, compressed with gzip if its name ends in .gz.
// Errors name the file and the line.
func ReadTrace(name string) ([]Meeting, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	defer func() { _ = file.Close() }()
	meetings, err := readTrace(file, strings.HasSuffix(name, ".gz"))
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", name, err)
	}
	return meetings, nil
}

func readTrace(from io.Reader, packed bool) ([]Meeting, error) {
	if packed {
		unpacked, err := gzip.NewReader(from)
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		from = unpacked
	}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	meetings, line, err := parseRows(lines)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", line, err)
	}
	slices.SortStableFunc(meetings, func(a, b Meeting) int { return a.Start.Compare(b.Start) })
	return meetings, nil
}

// parseRows returns the meetings, and the number of the last line that it read.
func parseRows(lines *bufio.Scanner) (meetings []Meeting, line int, err error) {
	for line = 1; lines.Scan(); line++ {
		if line == 1 {
			if lines.Text() != traceHeader {
				return nil, line, errors.New("is not the header " + traceHeader)
			}
			continue
		}
		if len(meetings) == maxRows {
			return nil, line, fmt.Errorf("more than %d meetings", maxRows)
		}
		m, err := parseRow(lines.Text())
		if err != nil {
			return nil, line, err
		}
		meetings = append(meetings, m)
	}
	if err := lines.Err(); err != nil {
		return nil, line, err
	}
	if line == 1 {
		return nil, line, errors.New("is missing: no header " + traceHeader)
	}
	return meetings, line, nil
}

func parseRow(text string) (Meeting, error) {
	fields := strings.Split(text, ",")
	if len(fields) != 6 {
		return Meeting{}, fmt.Errorf("%d fields, must be 6", len(fields))
	}
	start, err := time.Parse(time.RFC3339, fields[0])
	if err != nil {
		return Meeting{}, fmt.Errorf("start %.40q is not an ISO-8601 time", fields[0])
	}
	var numbers [5]int
	for i, field := range fields[1:] {
		if numbers[i], err = strconv.Atoi(field); err != nil || numbers[i] < 0 || numbers[i] > int(maxDuration/time.Second) {
			return Meeting{}, fmt.Errorf("%s %.40q is not a number, or out of bounds", strings.Split(traceHeader, ",")[i+1], field)
		}
	}
	if recorded := numbers[4]; recorded != 0 && recorded != 1 {
		return Meeting{}, fmt.Errorf("recorded is %d, must be 0 or 1", recorded)
	}
	m := Meeting{
		Start:        start.UTC(),
		Duration:     time.Duration(numbers[0]) * time.Second,
		Participants: numbers[1],
		Join:         time.Duration(numbers[2]) * time.Second,
		Leave:        time.Duration(numbers[3]) * time.Second,
		Recorded:     numbers[4] == 1,
	}
	return m, m.check()
}

// WriteTrace writes an uncompressed trace that ReadTrace can read. Times are truncated to
// whole seconds.
func WriteTrace(to io.Writer, meetings []Meeting) error {
	var out bytes.Buffer
	fmt.Fprintln(&out, traceHeader)
	for _, m := range meetings {
		recorded := 0
		if m.Recorded {
			recorded = 1
		}
		fmt.Fprintf(&out, "%s,%d,%d,%d,%d,%d\n", m.Start.UTC().Format(time.RFC3339),
			m.Duration/time.Second, m.Participants, m.Join/time.Second, m.Leave/time.Second, recorded)
	}
	if _, err := to.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}
