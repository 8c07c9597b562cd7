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

// maxLog is the size in bytes up to which a list grows; then the oldest records
// give way. A day's decisions of a large pool have a few MB.
const maxLog = 8 << 20

// maxRecords is the same in records: a week of evaluations every minute has
// 10,080.
const maxRecords = 20_000

// AppendDecision adds an evaluation's record to those of its day (UTC).
func (s *Store) AppendDecision(ctx context.Context, at time.Time, record json.RawMessage) error {
	return s.append(ctx, dayName(at), record)
}

// Decisions reads the records of the day of a time, oldest first; none is no error.
func (s *Store) Decisions(ctx context.Context, day time.Time) ([]json.RawMessage, error) {
	return list[json.RawMessage](ctx, s, dayName(day))
}

func dayName(at time.Time) string { return "decisions/" + at.UTC().Format(time.DateOnly) + ".json" }

// append adds a record to a list. Adding the last one once more changes nothing:
// it is an addition whose answer got lost.
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
		return nil, errors.New("it is no list of records")
	}
	var records []T
	for list.More() {
		var record T
		if err := list.Decode(&record); err != nil {
			return nil, fmt.Errorf("record %d: %.200q", len(records)+1, err.Error())
		}
		if records = append(records, record); len(records) > maxRecords {
			return nil, fmt.Errorf("it has more than %d records", maxRecords)
		}
	}
	if _, err := list.Token(); err != nil {
		return nil, fmt.Errorf("it ends behind record %d: %w", len(records), err)
	}
	if _, err := list.Token(); err != io.EOF {
		return nil, errors.New("there is more behind the list")
	}
	return records, nil
}

// encodeList writes a JSON array with a line for each record, and leaves out the
// oldest records if it gets too large.
func encodeList(records []json.RawMessage) []byte {
	const around = len("[\n") + len("\n]\n")
	size, first := around, len(records)
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
