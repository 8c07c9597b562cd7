package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestDecisionsHaveOneObjectPerHour(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	for i := range 3 {
		record := fmt.Sprintf("{\n  \"number\": %d\n}", i)
		if err := s.AppendDecision(t.Context(), now.Add(time.Duration(i)*40*time.Minute), json.RawMessage(record)); err != nil {
			t.Fatal(err)
		}
	}
	records, err := s.Decisions(t.Context(), now)
	if err != nil || len(records) != 2 || string(records[1]) != `{"number":1}` {
		t.Errorf("got %s, %v; want the two records of the hour, in order", records, err)
	}
	if err := s.AppendDecision(t.Context(), now, json.RawMessage("{")); err == nil {
		t.Error("invalid JSON was added")
	}
}

// TestOldDecisionsAreDeleted: when an hour begins, the hour that is too old is deleted,
// and with the last hour of a day the day's object of an earlier version.
func TestOldDecisionsAreDeleted(t *testing.T) {
	config := service(t)
	config.DecisionsKeep = 90 * 24 * time.Hour
	s := New(config, http.DefaultClient)
	old := now.Add(-config.DecisionsKeep)
	last := time.Date(old.Year(), old.Month(), old.Day(), 23, 0, 0, 0, time.UTC)
	kept := []string{hourName(old.Add(time.Hour)), dayName(old.AddDate(0, 0, 1))}
	for _, name := range append(kept, hourName(old), hourName(last), dayName(old)) {
		raw(t, s, s.key(name), "[]")
	}
	exists := func(name string) bool {
		_, err := s.Object(t.Context(), s.key(name))
		return !errors.Is(err, ErrNotFound)
	}
	add := func(at time.Time) {
		t.Helper()
		if err := s.AppendDecision(t.Context(), at, fmt.Appendf(nil, `{"at":%q}`, at)); err != nil {
			t.Fatal(err)
		}
	}
	add(now)
	if exists(hourName(old)) || !exists(hourName(last)) || !exists(dayName(old)) {
		t.Error("not exactly the hour that is too old was deleted")
	}
	raw(t, s, s.key(hourName(old)), "[]")
	if add(now.Add(5 * time.Minute)); !exists(hourName(old)) {
		t.Error("the second evaluation of an hour deleted, too")
	}
	add(last.Add(config.DecisionsKeep))
	if exists(hourName(last)) || exists(dayName(old)) {
		t.Error("the last hour of the day, or the day's object, was not deleted")
	}
	for _, name := range kept {
		if !exists(name) {
			t.Errorf("%s was deleted", name)
		}
	}
}

// TestDecisionsOfEarlierVersionsAreRead: they have one object for a day.
func TestDecisionsOfEarlierVersionsAreRead(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	raw(t, s, s.key("decisions/2026-03-16.json"), "[1,2]")
	if records, err := s.DayDecisions(t.Context(), now); err != nil || len(records) != 2 {
		t.Errorf("got %s, %v", records, err)
	}
	if records, err := s.DayDecisions(t.Context(), now.AddDate(0, 0, 1)); err != nil || len(records) != 0 {
		t.Errorf("a day without records: got %s, %v", records, err)
	}
}

// TestConcurrentAppendsLoseNoRecord: when many writers append at once, every record
// whose append succeeded is in the list.
func TestConcurrentAppendsLoseNoRecord(t *testing.T) {
	config := service(t)
	const many = 8
	var added [many]bool
	atOnce(many, func(i int) {
		s := New(config, http.DefaultClient)
		added[i] = s.AppendDecision(t.Context(), now, fmt.Appendf(nil, "%d", i)) == nil
	})
	records, err := New(config, http.DefaultClient).Decisions(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, record := range records {
		found[string(record)]++
	}
	total := 0
	for i, ok := range added {
		if n := found[fmt.Sprint(i)]; ok != (n == 1) || n > 1 {
			t.Errorf("record %d: added %v, found %d times", i, ok, n)
		}
		total += found[fmt.Sprint(i)]
	}
	if total == 0 || total != len(records) {
		t.Errorf("%d records, %d of them known", len(records), total)
	}
}

// TestMalformedListIsSetAside: a malformed list is copied to another name before a new one
// takes its place, and the error says so.
func TestMalformedListIsSetAside(t *testing.T) {
	for _, test := range []struct {
		name, object, body string
		add                func(*Store) error
		left               string
	}{
		{"decisions", hourName(now), `[{"cut":`, func(s *Store) error { return s.AppendDecision(t.Context(), now, json.RawMessage("{}")) }, "[\n{}\n]\n"},
		{"history", weekName(now), `[{"p":-5}]`, func(s *Store) error { return s.AppendSample(t.Context(), pool.Sample{At: now}) },
			"[\n{\"past\":[[29550240,7,2]]},\n{\"t\":\"2026-03-16T08:00:00Z\",\"p\":0,\"m\":0,\"e\":0,\"n\":0,\"d\":0}\n]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(service(t), http.DefaultClient)
			key := s.key(test.object)
			raw(t, s, s.key(weekName(now.AddDate(0, 0, -7))), `[{"t":"2026-03-09T00:00:00Z","p":7,"m":2}]`)
			raw(t, s, key, test.body)
			err := test.add(s)
			if err == nil || !strings.Contains(err.Error(), key+" was malformed: ") {
				t.Fatalf("got %v; want an error that names the list", err)
			}
			aside := regexp.MustCompile(`copied to s3://` + s.bucket + `/(\S+\.json), and`).FindStringSubmatch(err.Error())
			if aside == nil || content(t, s, aside[1]) != test.body {
				t.Errorf("the list is not where the error says: %v", err)
			}
			if got := content(t, s, key); got != test.left {
				t.Errorf("the list became %q, want %q", got, test.left)
			}
			if err := test.add(s); err != nil {
				t.Errorf("the next time: %v", err)
			}
		})
	}
}

// TestCutAnswerIsNotMalformed: a list is read again before it is taken for malformed, and
// nothing is lost.
func TestCutAnswerIsNotMalformed(t *testing.T) {
	config := service(t)
	if err := New(config, http.DefaultClient).AppendDecision(t.Context(), now, json.RawMessage("1")); err != nil {
		t.Fatal(err)
	}
	reads := 0
	s := New(config, &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := http.DefaultTransport.RoundTrip(r)
		if reads++; err == nil && r.Method == http.MethodGet && reads == 1 {
			_ = response.Body.Close()
			response.Body, response.ContentLength = io.NopCloser(strings.NewReader("[")), 1
		}
		return response, err
	})})
	if err := s.AppendDecision(t.Context(), now, json.RawMessage("2")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, s, s.key(hourName(now))); got != "[\n1,\n2\n]\n" {
		t.Errorf("the list became %q", got)
	}
}

// TestMalformedListStaysIfItCannotBeCopied: then nothing is written.
func TestMalformedListStaysIfItCannotBeCopied(t *testing.T) {
	config := service(t)
	s := New(config, &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("X-Amz-Copy-Source") != "" {
			return nil, errors.New("connection reset by peer")
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
	raw(t, s, s.key(hourName(now)), `[{"cut":`)
	if err := s.AppendDecision(t.Context(), now, json.RawMessage("{}")); err == nil {
		t.Error("no error")
	}
	if got := content(t, s, s.key(hourName(now))); got != `[{"cut":` {
		t.Errorf("the list became %q", got)
	}
}

// TestFullListDropsIdleRecordsFirst: the oldest records of evaluations that did nothing,
// then the oldest others, but never the newest.
func TestFullListDropsIdleRecordsFirst(t *testing.T) {
	big := func(name string, parts string) json.RawMessage {
		return fmt.Appendf(nil, `{"name":%q%s,"text":%q}`, name, parts, strings.Repeat("x", maxLog/4))
	}
	acted, told := `,"outcomes":[{}]`, `,"interventions":[{}]`
	for name, test := range map[string]struct {
		records []json.RawMessage
		want    string
	}{
		"an idle one goes before an older one that acted": {[]json.RawMessage{big("a", acted), big("b", ""), big("c", ""), big("d", "")}, "acd"},
		"an order counts as an action":                    {[]json.RawMessage{big("a", told), big("b", ""), big("c", ""), big("d", "")}, "acd"},
		"if all acted, the oldest goes":                   {[]json.RawMessage{big("a", acted), big("b", acted), big("c", acted), big("d", acted)}, "bcd"},
		"the newest stays although it is idle":            {[]json.RawMessage{big("a", acted), big("b", acted), big("c", acted), big("d", "")}, "bcd"},
		"nothing goes while there is room":                {[]json.RawMessage{big("a", ""), big("b", ""), big("c", "")}, "abc"},
	} {
		var got string
		for _, record := range fit(test.records, isIdle) {
			var r struct{ Name string }
			if err := json.Unmarshal(record, &r); err != nil {
				t.Fatal(err)
			}
			got += r.Name
		}
		if got != test.want {
			t.Errorf("%s: %s are left, want %s", name, got, test.want)
		}
	}
	huge := json.RawMessage(`"` + strings.Repeat("x", maxLog) + `"`)
	if kept := fit([]json.RawMessage{[]byte("1"), huge}, isIdle); len(kept) != 1 || len(kept[0]) != len(huge) {
		t.Errorf("got %d; want the newest record, whatever its size", len(kept))
	}
}
