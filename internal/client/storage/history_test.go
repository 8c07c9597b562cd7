package storage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestHistoryHasOneObjectPerWeek(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	for _, test := range []struct{ at, object string }{
		{"2026-03-16T00:00:00Z", "history/2026-W12.json"},
		{"2026-03-22T23:55:00Z", "history/2026-W12.json"},
		{"2026-03-23T00:30:00+01:00", "history/2026-W12.json"},
		{"2027-01-03T12:00:00Z", "history/2026-W53.json"},
		{"2027-01-04T12:00:00Z", "history/2027-W01.json"},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AppendSample(t.Context(), pool.Sample{At: at, Participants: 17}); err != nil {
			t.Fatal(err)
		}
		if text := content(t, s, s.key(test.object)); !strings.Contains(text, test.at) {
			t.Errorf("%s is not in %s:\n%s", test.at, test.object, text)
		}
	}
	samples, err := s.History(t.Context(), time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC))
	if err != nil || len(samples) != 3 || samples[0].Participants != 17 {
		t.Errorf("got %v, %v; want the three samples of the week", samples, err)
	}
	if samples, err := s.History(t.Context(), now.AddDate(1, 1, 1)); err != nil || samples != nil {
		t.Errorf("a week without samples: got %v, %v; want none and no error", samples, err)
	}
}

func TestSampleIsSmall(t *testing.T) {
	sample := pool.Sample{At: now, Participants: 12345, Meetings: 1234, Required: pool.Seen(100), Enabled: 100, Running: 100, Draining: 10,
		Idle: pool.Seen(1), Price: pool.Seen(21.3456), Asked: map[string]int{"load": 100, "schedule": 100}}
	text, err := json.Marshal(sample)
	if err != nil || len(text) > 160 {
		t.Errorf("a sample has %d bytes, and a week 2016 samples: %s, %v", len(text), text, err)
	}
}

// weekOf appends the samples of a week of evaluations at the given interval.
func weekOf(t *testing.T, s *Store, monday time.Time, every time.Duration) {
	t.Helper()
	body := []json.RawMessage{}
	for at := monday; at.Before(monday.AddDate(0, 0, 7)); at = at.Add(every) {
		record, err := json.Marshal(pool.Sample{At: at, Participants: int(at.Unix() / 60 % 1000), Meetings: 7, Enabled: 3})
		if err != nil {
			t.Fatal(err)
		}
		body = append(body, record)
	}
	raw(t, s, s.key(weekName(monday)), string(encodeList(body)))
}

// TestNewWeekStartsWithThePast: each week's list starts with the samples of the
// HistoryWeeks weeks before it, in a warm and in a new process.
func TestNewWeekStartsWithThePast(t *testing.T) {
	config := service(t)
	first := monday(now)
	weekOf(t, New(config, http.DefaultClient), first, 5*time.Minute)
	warm := New(config, http.DefaultClient)
	for weeks := 1; weeks <= pool.HistoryWeeks+1; weeks++ {
		s := warm
		if weeks%2 == 0 {
			s = New(config, http.DefaultClient)
		}
		at := first.AddDate(0, 0, 7*weeks).Add(17 * time.Minute)
		before, err := s.Recent(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AppendSample(t.Context(), pool.Sample{At: at, Participants: weeks}); err != nil {
			t.Fatal(err)
		}
		after, err := New(config, http.DefaultClient).Recent(t.Context(), at)
		if err != nil || len(after) != len(before)+1 || after[len(after)-1].Participants != weeks {
			t.Errorf("week %d: %d samples became %d: %v", weeks, len(before), len(after), err)
		}
		want := 2016 + weeks
		if weeks > pool.HistoryWeeks {
			want = weeks
		}
		if len(after) != want {
			t.Fatalf("week %d: %d samples, want %d", weeks, len(after), want)
		}
		if oldest := after[0]; weeks <= pool.HistoryWeeks && (!oldest.At.Equal(first) || oldest.Participants != int(first.Unix()/60%1000) || oldest.Meetings != 7) {
			t.Errorf("week %d: the oldest sample is %+v", weeks, oldest)
		}
		if own, err := s.History(t.Context(), at); err != nil || len(own) != 1 || own[0].Participants != weeks {
			t.Errorf("week %d: the week itself has %+v, %v", weeks, own, err)
		}
	}
}

// TestPastIsThinned: of evaluations every minute, the past keeps one sample every
// 5 minutes.
func TestPastIsThinned(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	weekOf(t, s, monday(now), time.Minute)
	samples, err := s.Recent(t.Context(), now.AddDate(0, 0, 7))
	if err != nil || len(samples) != 2016 {
		t.Errorf("%d samples, %v, want one every 5 minutes", len(samples), err)
	}
	if o, _ := s.remembered(weekName(now.AddDate(0, 0, 7))); len(o.body) > 30_000 {
		t.Errorf("a past week takes %d bytes", len(o.body))
	}
}

// TestUnreadablePast: a list that cannot be parsed is a gap and is left as it is. A
// list that the server does not return is an error, because treating it as a gap
// would lose it.
func TestUnreadablePast(t *testing.T) {
	config := service(t)
	s := New(config, http.DefaultClient)
	weekOf(t, s, monday(now), time.Hour)
	broken := s.key(weekName(now.AddDate(0, 0, 7)))
	raw(t, s, broken, `[{"cut":`)
	at := now.AddDate(0, 0, 14)
	if samples, err := s.Recent(t.Context(), at); err != nil || len(samples) != 168 {
		t.Errorf("%d samples, %v, want the 168 of the week before the broken one", len(samples), err)
	}
	if got := content(t, s, broken); got != `[{"cut":` {
		t.Errorf("the broken list became %q", got)
	}

	refusing := New(config, &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, broken) {
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
	if samples, err := refusing.Recent(t.Context(), at); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("%d samples, %v, want an error that names the list", len(samples), err)
	}
	if err := refusing.AppendSample(t.Context(), pool.Sample{At: at}); err == nil {
		t.Error("a week started without its past")
	}
}

// TestAbsurdSamples: whatever a list holds, the samples returned are sorted, within
// the requested weeks and not in the future, or there is an error.
func TestAbsurdSamples(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want int // -1: an error
	}{
		"far years":              {`[{"past":[[-900000000,1,1],[929560000,1,1],[9000000000,1,1]]},{"t":"9999-12-31T23:59:59Z"},{"t":"0001-01-01T00:00:00Z"}]`, 1},
		"the future":             {fmt.Sprintf(`[{"t":%q},{"t":%q}]`, now.Format(time.RFC3339), now.Add(time.Minute).Format(time.RFC3339)), 1},
		"disorder":               {fmt.Sprintf(`[{"t":%q},{"t":%q}]`, now.Format(time.RFC3339), now.Add(-time.Minute).Format(time.RFC3339)), 2},
		"overflow":               {`[{"past":[[9223372036854775807,1,1],[9223372036854775807,1,1]]}]`, 0},
		"negative counts":        {`[{"past":[[29560000,-1,1]]}]`, -1},
		"huge counts":            {`[{"t":"2026-03-16T07:00:00Z","p":99999999999}]`, -1},
		"no list":                {`{}`, -1},
		"a past that is no list": {`[{"past":7}]`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(service(t), http.DefaultClient)
			raw(t, s, s.key(weekName(now)), test.text)
			samples, err := s.Recent(t.Context(), now)
			if (err != nil) != (test.want < 0) || err == nil && len(samples) != test.want {
				t.Errorf("%+v, %v, want %d samples", samples, err, test.want)
			}
			for i, sample := range samples {
				if sample.At.After(now) || i > 0 && sample.At.Before(samples[i-1].At) {
					t.Errorf("sample %d is of %s", i, sample.At)
				}
			}
		})
	}
}

// TestPastParserAgreesWithJSON: our own parser returns what encoding/json does.
func TestPastParserAgreesWithJSON(t *testing.T) {
	for _, text := range []string{
		`[]`, `[[1,2,3]]`, `[[29553120,0,10],[5,200,0]]`, ` [ [1, 2, 3] ] `, `[[1,2,3],]`, `[[1,2]]`, `[[1,2,3,4]]`, `[[-1,2,3]]`, `[[01,2,3]]`,
		`[[1,2,3]`, `[[1,2,3]]]`, `[[1234567890,2,3]]`, `[[99999999999999999999,2,3]]`, `[1,2,3]`, `[[1,2,3][4,5,6]]`, `[,[1,2,3]]`, `null`, ``, `[[,2,3]]`, `[[1,2,3.5]]`,
	} {
		var byHand pastList
		var byJSON []pastSample
		err, want := json.Unmarshal([]byte(text), &byHand), json.Unmarshal([]byte(text), &byJSON)
		if (err == nil) != (want == nil) || !slices.Equal(byHand, byJSON) {
			t.Errorf("%s is read as %v, %v; JSON says %v, %v", text, byHand, err, byJSON, want)
		}
	}
	if _, ok := readPast([]byte(`[[1,2,3],[4,5,6]]`)); !ok {
		t.Error("our own parser does not accept what we write")
	}
}

// TestFloodOfSamplesIsNotKept: of evaluations on demand, only samples at least half an
// interval apart are kept.
func TestFloodOfSamplesIsNotKept(t *testing.T) {
	config := service(t)
	config.Interval = 5 * time.Minute
	s := New(config, http.DefaultClient)
	for _, seconds := range []int{0, 1, 149, 150, 151, 301, 600, 560} {
		at := now.Add(time.Duration(seconds) * time.Second)
		if err := s.AppendSample(t.Context(), pool.Sample{At: at, Participants: seconds}); err != nil {
			t.Fatal(err)
		}
	}
	samples, err := s.History(t.Context(), now)
	var got []int
	for _, sample := range samples {
		got = append(got, sample.Participants)
	}
	if want := []int{0, 150, 301, 600}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the samples after %v seconds were kept, %v; want %v", got, err, want)
	}
}

// TestFullWeekKeepsTheWeeksBefore: if the list of a week is full, its oldest samples go,
// and not the past, which the forecast needs more.
func TestFullWeekKeepsTheWeeksBefore(t *testing.T) {
	records := []json.RawMessage{[]byte(`{"past":[[1,2,3]]}`)}
	for i := range maxRecords {
		records = append(records, fmt.Appendf(nil, `{"p":%d}`, i))
	}
	kept := fit(records, isSample)
	if len(kept) != maxRecords || string(kept[0]) != `{"past":[[1,2,3]]}` || string(kept[1]) != `{"p":1}` {
		t.Errorf("%d records are kept: %s, %s …", len(kept), kept[0], kept[1])
	}
}

func TestImpossibleSampleIsNotWritten(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	if err := s.AppendSample(t.Context(), pool.Sample{At: now, Participants: -1}); err == nil {
		t.Error("a sample that makes the week malformed was written")
	}
}
