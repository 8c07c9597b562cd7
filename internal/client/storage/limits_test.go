package storage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// holding returns a Store on a server that answers every request alike.
func holding(t *testing.T, answer http.HandlerFunc) *Store {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return New(Config{Pool: "campus", Settings: Settings{
		URL: server.URL, Region: "fr-par", Bucket: "bucket", Prefix: "divims", PathStyle: true,
		AccessKey: pool.NewSecret("test-access-key"), SecretKey: pool.NewSecret("test-secret-key"),
	}}, server.Client())
}

// repeated answers with head, followed by size bytes of copies of again. It
// streams the text, so the test itself uses little memory.
func repeated(status int, head, again string, size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, head)
		block := strings.Repeat(again, 1+(1<<16)/len(again))
		for sent := 0; sent < size; sent += len(block) {
			if _, err := fmt.Fprint(w, block); err != nil {
				return
			}
		}
	}
}

// TestHostileObjectsUseLittleMemory: reading a hostile object fails with an error that
// names the object, and allocates little more than the largest valid object.
func TestHostileObjectsUseLittleMemory(t *testing.T) {
	const most = 200 << 20 // several times maxSize, as buffers grow by doubling
	state := func(s *Store) error { _, err := s.State(t.Context()); return err }
	history := func(s *Store) error { _, err := s.History(t.Context(), now); return err }
	decisions := func(s *Store) error { _, err := s.Decisions(t.Context(), now); return err }
	bomb := hostile.Bomb(t, "application/json", `{"schema":1,"write":"`, "x", 4*maxSize)
	var servers strings.Builder
	for n := range 500_000 {
		fmt.Fprintf(&servers, `"%d":{},`, n+1)
	}
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		read   func(*Store) error
		want   string
	}{
		{"a state of 100 MB", repeated(200, `{"schema":1,"write":"`, "x", 100<<20), state, "campus/state.json: larger than 16 MB"},
		{"an error of 100 MB", repeated(403, "<Error><Code>", "x", 100<<20), state, "campus/state.json: HTTP status 403"},
		{"packed", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			bomb(w, r)
		}, state, "campus/state.json"},
		{"very many servers", repeated(200, `{"schema":1,"state":{"servers":{`+servers.String()+`"1":{}}}}`, " ", 1), state, "more than 10000 servers"},
		{"very many shortages", repeated(200, `{"schema":1,"state":{"shortages":[{}`+strings.Repeat(",{}", 1<<20)+"]}}", " ", 1), state, "more than 100000 shortages"},
		{"a very long number", repeated(200, `{"schema":1`+strings.Repeat("0", 1<<20)+"}", " ", 1), state, "campus/state.json is corrupt"},
		{"a very long time", repeated(200, `{"schema":1,"lease":{"until":"`+strings.Repeat("0", 1<<20)+`"}}`, " ", 1), state, "campus/state.json is corrupt"},
		{"a count of 1e308", repeated(200, `{"schema":1,"state":{"kept":1e308}}`, " ", 1), state, "campus/state.json is corrupt"},
		{"a count below 0", repeated(200, `{"schema":1,"state":{"servers":{"1":{"failures":-1}}}}`, " ", 1), state, "server 1: -1 is impossible"},
		{"a server below 1", repeated(200, `{"schema":1,"state":{"servers":{"0":{}}}}`, " ", 1), state, "server 0: -1 is impossible"},
		{"the year 10000", repeated(200, `{"schema":1,"state":{"last_evaluation":"10000-01-01T00:00:00Z"}}`, " ", 1), state, "campus/state.json is corrupt"},
		{"objects in one another", repeated(200, "", `{"state":`, 8<<20), state, "exceeded max depth"},
		{"lists in one another", repeated(200, "", "[", 8<<20), decisions, "record 1: "},
		{"very many samples", repeated(200, "[{}", ",{}", 8<<20), history, "history/2026-W12.json: more than 20000 records"},
		{"very many records", repeated(200, "[0", ",0", 8<<20), decisions, "decisions/2026-03-16/08.json: more than 20000 records"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := holding(t, test.answer)
			var err error
			hostile.Within(t, most, func() { err = test.read(s) })
			if err == nil || !strings.Contains(err.Error(), "s3://bucket/divims/campus/") || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error = %.300v, want one of the object with %q", err, test.want)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}

// TestUnreadableStateIsNotWritten: a state that the next evaluation could not read is
// refused at Commit.
func TestUnreadableStateIsNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(*pool.State){
		"too large": func(s *pool.State) { s.Record = []byte(`"` + strings.Repeat("x", maxSize) + `"`) },
		"many told": func(s *pool.State) {
			s.Notified = map[string]pool.NotifiedAlert{}
			for i := range maxNotified + 1 {
				s.Notified[strconv.Itoa(i)] = pool.NotifiedAlert{}
			}
		},
		"many shortages": func(s *pool.State) { s.Refusals = make([]pool.Refusal, maxShortages+1) },
		"absurd":         func(s *pool.State) { s.Kept = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(service(t), http.DefaultClient)
			if _, err := s.Acquire(t.Context(), "test", now, now.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			state := pool.State{LastEvaluation: now}
			spoil(&state)
			if err := s.Commit(t.Context(), "test", state); err == nil || !strings.Contains(err.Error(), "campus/state.json: ") {
				t.Errorf("got %v, want an error that names the state", err)
			}
			if _, err := s.State(t.Context()); err != nil {
				t.Errorf("the state became unreadable: %v", err)
			}
		})
	}
}

func TestTooManyRecordsDropTheOldest(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	full := strings.TrimSuffix(strings.Repeat("{},", maxRecords), ",")
	raw(t, s, s.key("decisions/2026-03-16/08.json"), "["+full+"]")
	if err := s.AppendDecision(t.Context(), now, []byte(`{"newest":true}`)); err != nil {
		t.Fatal(err)
	}
	records, err := s.Decisions(t.Context(), now)
	if err != nil || len(records) != maxRecords || string(records[maxRecords-1]) != `{"newest":true}` {
		t.Errorf("%d records, %v, want %d with the newest at the end", len(records), err, maxRecords)
	}
}
