package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// maxLog is the largest size of a list, in bytes. The decisions of an hour of a pool of
// 1,000 servers take less than 1 MB.
const maxLog = 8 << 20

// maxRecords is the largest number of records in a list. A week of evaluations every
// minute has 10,080.
const maxRecords = 20_000

// AppendDecision adds a decision record to the list of its hour (UTC). When an hour
// begins, the hour that is too old to be kept is deleted, by its name and without listing:
// the records of an hour are left there if no evaluation is made in the hour that should
// delete them, or if the access key may not delete objects.
//
// If the list of the hour is full, the oldest idle records are dropped, and the oldest
// others only if there are no idle ones. So a flood of evaluations on demand does not push
// out those that did something.
func (s *Store) AppendDecision(ctx context.Context, at time.Time, record json.RawMessage) error {
	isFirst := false
	err := s.append(ctx, hourName(at), record, list{
		parsed:     &s.decisions,
		expendable: isIdle,
		skip:       func(last json.RawMessage) bool { isFirst = last == nil; return false },
		beginning:  func(context.Context) ([]byte, error) { return encodeList(nil), nil },
	})
	if isFirst {
		err = errors.Join(err, s.deleteDecisions(ctx, at.Add(-s.keep)))
	}
	return err
}

// isIdle reports whether a decision record has neither actions nor operators' orders.
func isIdle(record json.RawMessage) bool {
	var parts struct{ Outcomes, Interventions []json.RawMessage }
	return json.Unmarshal(record, &parts) == nil && len(parts.Outcomes)+len(parts.Interventions) == 0
}

// deleteDecisions deletes the records of an hour; in the last hour of a day also those of
// the day, which earlier versions kept in one object.
func (s *Store) deleteDecisions(ctx context.Context, hour time.Time) error {
	if s.keep <= 0 {
		return nil
	}
	err := s.deleteIfAllowed(ctx, s.key(hourName(hour)))
	if hour.UTC().Hour() == 23 {
		err = errors.Join(err, s.deleteIfAllowed(ctx, s.key(dayName(hour))))
	}
	return err
}

// Decisions reads the decision records of the hour that contains the given time (UTC),
// oldest first. An hour without records is no error.
func (s *Store) Decisions(ctx context.Context, hour time.Time) ([]json.RawMessage, error) {
	return s.list(ctx, hourName(hour))
}

// DayDecisions reads the decision records that earlier versions stored in one object for
// the whole day (UTC), oldest first. A day without that object is no error.
func (s *Store) DayDecisions(ctx context.Context, day time.Time) ([]json.RawMessage, error) {
	return s.list(ctx, dayName(day))
}

func hourName(at time.Time) string { return "decisions/" + at.UTC().Format("2006-01-02/15") + ".json" }

func dayName(at time.Time) string { return "decisions/" + at.UTC().Format(time.DateOnly) + ".json" }

// list says how records are added to a list.
type list struct {
	// parsed has the list's records from the last time.
	parsed *parsed[json.RawMessage]
	// check returns an error if the content of the list is malformed; nil if being a JSON
	// list is enough.
	check func(body []byte) error
	// expendable reports whether a record is dropped before others if the list is full.
	expendable func(record json.RawMessage) bool
	// skip reports whether a record is not to be added, because of the last one, which is
	// nil if there is none.
	skip func(last json.RawMessage) bool
	// beginning returns the content of a new list, for one that takes the place of a
	// malformed one.
	beginning func(context.Context) ([]byte, error)
}

// append adds a record to a list. If the record equals the last one, it was added
// before and only the answer was lost, so nothing changes.
//
// If the list is malformed, it is set aside, and the record is the first of a new list.
// The error then says so.
func (s *Store) append(ctx context.Context, name string, record json.RawMessage, l list) error {
	var line bytes.Buffer
	if err := json.Compact(&line, record); err != nil {
		return fmt.Errorf("add to %s: %w", s.location(s.key(name)), err)
	}
	add := func(old []byte) ([]byte, error) {
		records, err := l.decode(old)
		if err != nil {
			return nil, err
		}
		var last json.RawMessage
		if n := len(records); n > 0 {
			last = records[n-1]
		}
		if bytes.Equal(last, line.Bytes()) || l.skip(last) {
			return nil, nil
		}
		return encodeList(fit(append(records, line.Bytes()), l.expendable)), nil
	}
	err := s.update(ctx, name, add)
	var malformed *malformedError
	if !errors.As(err, &malformed) {
		return err
	}
	aside, err := s.setAside(ctx, name, l)
	if err != nil {
		return err
	}
	if err := s.update(ctx, name, add); err != nil || aside == "" {
		return err
	}
	return fmt.Errorf("%s was malformed: %w; it was copied to %s, and a new list was begun", s.location(s.key(name)), malformed, aside)
}

// malformedError means that a list cannot be parsed.
type malformedError struct{ error }

// decode returns the records of a list. The error is a *malformedError.
func (l list) decode(body []byte) ([]json.RawMessage, error) {
	records, err := l.parsed.parse(body, decodeList[json.RawMessage])
	if err == nil && l.check != nil {
		err = l.check(body)
	}
	if err != nil {
		return nil, &malformedError{err}
	}
	return records, nil
}

// setAside replaces a malformed list with an empty one. It first has the server copy the
// list to another name, which it returns, so that nothing is lost and a person can repair
// it. The list is read again before that, because an answer that was cut off on the way
// looks malformed, too. If it is well-formed after all, setAside changes nothing and the
// name is empty.
func (s *Store) setAside(ctx context.Context, name string, l list) (aside string, err error) {
	o, err := s.read(ctx, name)
	if err != nil {
		return "", err
	}
	if _, err := l.decode(o.body); err == nil {
		return "", nil
	}
	beginning, err := l.beginning(ctx)
	if err != nil {
		return "", err
	}
	// The ETag in the name keeps the copy of an earlier object from being replaced.
	aside = s.key(strings.TrimSuffix(name, ".json") + "-malformed-" + strings.Trim(o.etag, `"`) + ".json")
	_, err = s.s3.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: &aside, CopySource: aws.String(s.bucket + "/" + s.key(name)), CopySourceIfMatch: &o.etag,
	})
	if err != nil {
		return "", fmt.Errorf("%s is malformed, and copying it to %s failed: %w", s.location(s.key(name)), aside, explain(err))
	}
	if _, err = s.write(ctx, o, beginning); err != nil {
		return "", err
	}
	return s.location(aside), nil
}

func (s *Store) list(ctx context.Context, name string) ([]json.RawMessage, error) {
	o, err := s.get(ctx, s.key(name))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	records, err := decodeList[json.RawMessage](o.body)
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

// fit drops records until the list has at most maxLog bytes and maxRecords records: the
// oldest expendable ones, then the oldest others, but never the newest one.
func fit(records []json.RawMessage, expendable func(json.RawMessage) bool) []json.RawMessage {
	size, left := listSize(records), len(records)
	dropped := make([]bool, len(records))
	drop := func(mayDrop func(json.RawMessage) bool) {
		for i := 0; i < len(records)-1 && (size > maxLog || left > maxRecords); i++ {
			if dropped[i] || !mayDrop(records[i]) {
				continue
			}
			dropped[i] = true
			size, left = size-len(records[i])-len(separator), left-1
		}
	}
	drop(expendable)
	drop(func(json.RawMessage) bool { return true })
	kept := make([]json.RawMessage, 0, left)
	for i, record := range records {
		if !dropped[i] {
			kept = append(kept, record)
		}
	}
	return kept
}

// separator is between two records of a list that we write, end at its end.
const (
	separator = ",\n"
	end       = "\n]\n"
)

// listSize returns the length of the records as a list, in bytes.
func listSize(records []json.RawMessage) int {
	size := len("[\n") + len(end)
	for _, record := range records {
		size += len(record) + len(separator)
	}
	return size
}

// encodeList returns a JSON array with one line per record.
func encodeList(records []json.RawMessage) []byte {
	text := bytes.NewBuffer(make([]byte, 0, listSize(records)))
	text.WriteString("[\n")
	for i, record := range records {
		if i > 0 {
			text.WriteString(separator)
		}
		text.Write(record)
	}
	text.WriteString(end)
	return text.Bytes()
}
