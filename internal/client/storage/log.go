package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxLog is the largest size of a list, in bytes. Beyond it the oldest records are
// dropped. A day's decisions of a large pool take a few MB.
const maxLog = 8 << 20

// maxRecords is the largest number of records in a list. A week of evaluations every
// minute has 10,080.
const maxRecords = 20_000

// AppendDecision adds a decision record to the list of its day (UTC).
func (s *Store) AppendDecision(ctx context.Context, at time.Time, record json.RawMessage) error {
	return s.append(ctx, dayName(at), record)
}

// Decisions reads the decision records of the day that contains the given time (UTC),
// oldest first. A day without records is no error.
func (s *Store) Decisions(ctx context.Context, day time.Time) ([]json.RawMessage, error) {
	return list[json.RawMessage](ctx, s, dayName(day))
}

func dayName(at time.Time) string { return "decisions/" + at.UTC().Format(time.DateOnly) + ".json" }

// append adds a record to a list. If the record equals the last one, it was added
// before and only the answer was lost, so nothing changes.
func (s *Store) append(ctx context.Context, name string, record json.RawMessage) error {
	var line bytes.Buffer
	if err := json.Compact(&line, record); err != nil {
		return fmt.Errorf("add to %s: %w", s.location(s.key(name)), err)
	}
	return s.update(ctx, name, func(old []byte) ([]byte, error) {
		records, err := decodeList[json.RawMessage](old)
		if err != nil {
			return nil, err
		}
		if n := len(records); n > 0 && bytes.Equal(records[n-1], line.Bytes()) {
			return nil, nil
		}
		return encodeList(append(records, line.Bytes())), nil
	})
}

func list[T any](ctx context.Context, s *Store, name string) ([]T, error) {
	o, err := s.read(ctx, name)
	if err != nil {
		return nil, err
	}
	records, err := decodeList[T](o.body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.location(s.key(name)), err)
	}
	return records, nil
}

func decodeList[T any](body []byte) ([]T, error) {
	if body == nil {
		return nil, nil
	}
	list := json.NewDecoder(bytes.NewReader(body))
	if begin, err := list.Token(); err != nil || begin != json.Delim('[') {
		return nil, errors.New("it is not a JSON list")
	}
	var records []T
	for list.More() {
		var record T
		if err := list.Decode(&record); err != nil {
			return nil, fmt.Errorf("record %d: %.200q", len(records)+1, err.Error())
		}
		if records = append(records, record); len(records) > maxRecords {
			return nil, fmt.Errorf("more than %d records", maxRecords)
		}
	}
	if _, err := list.Token(); err != nil {
		return nil, fmt.Errorf("it ends after record %d: %w", len(records), err)
	}
	if _, err := list.Token(); err != io.EOF {
		return nil, errors.New("unexpected data after the list")
	}
	return records, nil
}

// encodeList returns a JSON array with one line per record. If it would exceed maxLog
// or maxRecords, it drops the oldest records, but never the newest one.
func encodeList(records []json.RawMessage) []byte {
	const brackets = len("[\n") + len("\n]\n")
	size, first := brackets, len(records)
	for first > max(0, len(records)-maxRecords) && (first == len(records) || size+len(records[first-1])+len(",\n") <= maxLog) {
		first--
		size += len(records[first]) + len(",\n")
	}
	text := bytes.NewBuffer(make([]byte, 0, size))
	text.WriteString("[\n")
	for i, record := range records[first:] {
		if i > 0 {
			text.WriteString(",\n")
		}
		text.Write(record)
	}
	text.WriteString("\n]\n")
	return text.Bytes()
}
