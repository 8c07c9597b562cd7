package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// Each week has one object, the list of its samples. The first record of the list holds
// the samples of earlier weeks in a short form, so that a forecast reads one object only.

// minPastInterval is the least time between two samples of past weeks. Samples in
// between are dropped when a new week begins, because all samples of past weeks are
// written again with each new sample.
const minPastInterval = 4*time.Minute + 30*time.Second

// maxWeeksBack is how many weeks back the previous list is searched for when a week
// begins. A warm process has that list in its cache.
const maxWeeksBack = 2

// pastRecord is the first record of a week's list.
type pastRecord struct {
	Past pastList `json:"past"`
}

// pastList has its own parser for the exact form that we write. Every evaluation
// reads its 36,000 numbers, and encoding/json takes seven times as long.
type pastList []pastSample

// UnmarshalJSON parses the list, with encoding/json if it is not in our own form.
func (l *pastList) UnmarshalJSON(text []byte) error {
	if samples, ok := readPast(text); ok {
		*l = samples
		return nil
	}
	return json.Unmarshal(text, (*[]pastSample)(l))
}

// readPast parses [[1,2,3],[4,5,6]]. It reports false for any other form.
func readPast(text []byte) (samples pastList, ok bool) {
	samples = make(pastList, 0, bytes.Count(text, []byte("],["))+1)
	rest, ok := bytes.CutPrefix(text, []byte("["))
	for ok && !bytes.Equal(rest, []byte("]")) {
		var sample pastSample
		for i, before := range []byte("[,,") {
			if len(rest) == 0 || rest[0] != before {
				return nil, false
			}
			if sample[i], rest, ok = readCount(rest[1:]); !ok {
				return nil, false
			}
		}
		samples = append(samples, sample)
		if rest, ok = bytes.CutPrefix(rest, []byte("]")); ok && len(rest) > 0 && rest[0] == ',' {
			rest, ok = rest[1:], len(rest) > 1 && rest[1] == '['
		}
	}
	return samples, ok
}

// readCount parses a number of at most nine digits without a sign.
func readCount(text []byte) (n int, rest []byte, ok bool) {
	digits := 0
	for digits < len(text) && digits < 10 && '0' <= text[digits] && text[digits] <= '9' {
		n = 10*n + int(text[digits]-'0')
		digits++
	}
	return n, text[digits:], digits == 1 || digits > 1 && digits < 10 && text[0] != '0'
}

// pastSample holds the minutes since the sample before it (since 1970 for the first),
// the participants and the meetings. Those on servers with a tag are left out, because
// the forecast does not cover them. Six weeks of samples take about 150 kB.
type pastSample [3]int

// weekRecord is a record of a week's list: the past or a sample.
type weekRecord struct {
	pastRecord
	pool.Sample
}

// AppendSample adds a sample to the history of its week (ISO 8601, UTC). A week of
// evaluations every 5 minutes has 2016 samples, about 300 kB.
//
// A sample that is nearer than half an interval to the last one is not kept, so that a
// flood of evaluations on demand does not push out the past. If the list is full all the
// same, the oldest samples of the week are dropped, never the weeks before.
func (s *Store) AppendSample(ctx context.Context, sample pool.Sample) error {
	if err := checkCounts("the new history sample", sample.Participants, sample.Meetings); err != nil {
		return err // it would make the list malformed
	}
	record, err := json.Marshal(sample)
	if err != nil {
		return fmt.Errorf("encode the history sample: %w", err)
	}
	if _, err := s.recallWeek(ctx, sample.At); err != nil {
		return err
	}
	return s.append(ctx, weekName(sample.At), record, list{
		parsed:     &s.weekRecords,
		check:      func(body []byte) error { _, err := s.parseWeek(body); return err },
		expendable: isSample,
		skip: func(last json.RawMessage) bool {
			var at struct {
				At time.Time `json:"t"`
			}
			return json.Unmarshal(last, &at) == nil && sample.At.Sub(at.At).Abs() < s.interval/2
		},
		beginning: func(ctx context.Context) ([]byte, error) { return s.weekBeginning(ctx, sample.At) },
	})
}

// isSample reports whether a record of a week's list is a sample, and not the past.
func isSample(record json.RawMessage) bool { return !bytes.HasPrefix(record, []byte(`{"past":`)) }

// HistoryObject returns the name and content of the history object that evaluations
// with these samples (oldest first) would have written by the time at.
func HistoryObject(at time.Time, samples []pool.Sample) (name string, body []byte, err error) {
	body, err = beginning(between(samples, pastFrom(at), monday(at)))
	if err != nil {
		return "", nil, err
	}
	records, err := decodeList[json.RawMessage](body)
	if err != nil {
		return "", nil, err
	}
	for _, sample := range between(samples, monday(at), at.Add(1)) {
		record, err := json.Marshal(sample)
		if err != nil {
			return "", nil, fmt.Errorf("encode a history sample: %w", err)
		}
		records = append(records, record)
	}
	return weekName(at), encodeList(fit(records, isSample)), nil
}

// Recent returns the samples up to and including the time at, of its week and the
// pool.HistoryWeeks weeks before it, oldest first. Missing samples are gaps. There is
// an error if the week's own list cannot be read.
func (s *Store) Recent(ctx context.Context, at time.Time) ([]pool.Sample, error) {
	o, err := s.recallWeek(ctx, at)
	if err != nil {
		return nil, err
	}
	samples, err := s.parseWeek(o.body)
	if err != nil {
		s.forget(o.name) // read it again next time: somebody may have repaired it
		return nil, fmt.Errorf("read %s: %w", s.location(s.key(o.name)), err)
	}
	return between(samples, pastFrom(at), at.Add(1)), nil
}

// History reads the samples of the week that contains the given time, oldest first.
// A week without samples is no error.
func (s *Store) History(ctx context.Context, week time.Time) ([]pool.Sample, error) {
	key := s.key(weekName(week))
	o, err := s.get(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	samples, err := decodeWeek(o.body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.location(key), err)
	}
	return between(samples, monday(week), monday(week).AddDate(0, 0, 7)), nil
}

// recallWeek returns the list of the week that contains the time at. If there is none
// yet, it starts one in the cache with the past from the previous list.
func (s *Store) recallWeek(ctx context.Context, at time.Time) (object, error) {
	last, found := s.remembered(weekName(at.AddDate(0, 0, -7)))
	o, err := s.recall(ctx, weekName(at))
	if err != nil || o.body != nil {
		return o, err
	}
	samples, err := decodeWeek(last.body)
	if found && err == nil {
		o.body, err = beginning(between(samples, pastFrom(at), monday(at)))
	} else {
		o.body, err = s.weekBeginning(ctx, at)
	}
	if err != nil {
		return object{}, err
	}
	s.remember(o)
	return o, nil
}

// weekBeginning returns the list with which the week of the time at begins: the past, from
// the list of an earlier week.
func (s *Store) weekBeginning(ctx context.Context, at time.Time) ([]byte, error) {
	samples, err := s.lastWeeks(ctx, at)
	if err != nil {
		return nil, err
	}
	return beginning(between(samples, pastFrom(at), monday(at)))
}

// lastWeeks reads the samples of the newest list before the week of the time at. A
// list that cannot be parsed counts as missing; it is left for a person to look at.
func (s *Store) lastWeeks(ctx context.Context, at time.Time) ([]pool.Sample, error) {
	for back := range maxWeeksBack {
		o, err := s.get(ctx, s.key(weekName(at.AddDate(0, 0, -7*(back+1)))))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if samples, err := decodeWeek(o.body); err == nil {
			return samples, nil
		}
	}
	return nil, nil
}

// beginning returns a week's list that holds only the past.
func beginning(samples []pool.Sample) ([]byte, error) {
	var first pastRecord
	var before time.Time
	for _, sample := range samples {
		if sample.At.Sub(before) < minPastInterval {
			continue
		}
		minutes := sample.At.Unix() / 60
		if !before.IsZero() {
			minutes -= before.Unix() / 60
		}
		first.Past = append(first.Past, pastSample{
			int(minutes), sample.Participants - sample.TaggedParticipants, sample.Meetings - sample.TaggedMeetings,
		})
		before = sample.At
	}
	if first.Past == nil {
		return encodeList(nil), nil
	}
	record, err := json.Marshal(first)
	if err != nil {
		return nil, fmt.Errorf("encode the weeks before: %w", err)
	}
	return encodeList([]json.RawMessage{record}), nil
}

// parseWeek is decodeWeek, and remembers the result. It must not be changed.
func (s *Store) parseWeek(body []byte) ([]pool.Sample, error) {
	samples, err := s.week.parse(body, decodeWeek)
	if err != nil || slices.IsSortedFunc(samples, byTime) {
		return samples, err
	}
	return slices.SortedStableFunc(slices.Values(samples), byTime), nil
}

func byTime(a, b pool.Sample) int { return a.At.Compare(b.At) }

// decodeWeek parses a week's list into the samples of the past and of the week.
func decodeWeek(body []byte) ([]pool.Sample, error) {
	records, err := decodeList[weekRecord](body)
	if err != nil {
		return nil, err
	}
	var samples []pool.Sample
	for i, record := range records {
		if i == 0 && record.Past != nil {
			samples = record.samples()
			continue
		}
		if record.Past != nil {
			return nil, fmt.Errorf("record %d: only the first record may be the past", i+1)
		}
		samples = append(samples, record.Sample)
	}
	for _, sample := range samples {
		if err := checkCounts("sample of "+sample.At.Format(time.RFC3339), sample.Participants, sample.Meetings); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(samples, byTime)
	return samples, nil
}

// samples returns the past as samples. They have only what pastSample keeps.
func (r pastRecord) samples() []pool.Sample {
	samples := make([]pool.Sample, len(r.Past))
	minutes := 0
	for i, short := range r.Past {
		minutes += short[0]
		samples[i] = pool.Sample{At: time.Unix(int64(minutes)*60, 0).UTC(), Participants: short[1], Meetings: short[2]}
	}
	return samples
}

// between returns the samples with from <= At < to. samples must be sorted.
func between(samples []pool.Sample, from, to time.Time) []pool.Sample {
	at := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(samples, t, func(s pool.Sample, t time.Time) int { return s.At.Compare(t) })
		return i
	}
	if i, j := at(from), at(to); i < j {
		return samples[i:j:j]
	}
	return nil
}

// pastFrom returns how far back the past in the list of at's week reaches.
func pastFrom(at time.Time) time.Time { return monday(at).AddDate(0, 0, -7*pool.HistoryWeeks) }

// monday returns the start of the week that contains the time at (ISO 8601, UTC).
func monday(at time.Time) time.Time {
	day := at.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

func weekName(at time.Time) string {
	year, week := at.UTC().ISOWeek()
	return fmt.Sprintf("history/%d-W%02d.json", year, week)
}
