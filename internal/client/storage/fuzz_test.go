package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// FuzzState feeds arbitrary text as state.json. Either it is accepted, holds no
// impossible counts and stays the same when written and read again, or the error says
// where the object is and what an operator can do.
func FuzzState(f *testing.F) {
	full := document{Schema: schema, Write: "w", Owner: &pool.Owner{Scalelite: "https://scalelite.example.com", Project: "p"}, Lease: newLease("cron", now, now.Add(time.Minute)), State: pool.State{
		LastEvaluation: now, Record: json.RawMessage(`{"at":"2026-03-16T08:00:00Z"}`), Load: &pool.PastLoad{At: now, Participants: 7, Meetings: 1}, Kept: 3,
		Servers: map[int]*pool.ServerMemory{1: {MachineID: "m", Participants: 7, Failures: 2, Network: &pool.NetworkCounters{Received: 1e9},
			Maintenance: &pool.Hold{Reason: "new disk", Author: "Ada", Since: now}}},
		Refusals: []pool.Refusal{{Zone: "fr-par-1", Type: "PRO2-S", Until: now}},
	}}
	text, err := json.Marshal(full)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	for _, text := range []string{`{"schema":1}`, `{"schema":2,"state":[]}`, `{"schema":1,"state":{"servers":{"-1":{"participants":-5}}}}`,
		`{"schema":1,"state":{"kept":1e308}}`, `{"schema":99999999999999999999}`, `{"schema":1,"lease":{"until":"9999-12-31T23:59:59Z","seconds":1e308},"owner":{}}`, `[]`, `null`} {
		f.Add(text)
	}
	store := &Store{bucket: "bucket", folder: "divims/campus"}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := store.decode(object{name: stateName, body: []byte(text), etag: "etag"})
		if err != nil {
			checkStateError(t, err)
			return
		}
		for number := range doc.State.Servers {
			if server := doc.State.Memory(number); number < 1 || server.Participants < 0 || server.Meetings < 0 || server.Failures < 0 {
				t.Errorf("server %d is %+v", number, server)
			}
		}
		if doc.State.Kept < 0 || doc.State.Load != nil && (doc.State.Load.Participants < 0 || doc.State.Load.Meetings < 0) {
			t.Errorf("state %+.200v", doc.State)
		}
		if written, again := rewritten(t, doc); !bytes.Equal(written, again) {
			t.Errorf("%.200s became %.200s", written, again)
		}
	})
}

// rewritten returns the document as written, and as written again after reading that.
func rewritten(t *testing.T, doc document) (written, again []byte) {
	t.Helper()
	written, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	read, _, err := parseDocument(written)
	if err != nil {
		t.Fatal(err)
	}
	if again, err = json.Marshal(read); err != nil {
		t.Fatal(err)
	}
	return written, again
}

func checkStateError(t *testing.T, err error) {
	t.Helper()
	var unusable *StateError
	if !errors.As(err, &unusable) || !strings.HasPrefix(err.Error(), "s3://bucket/divims/campus/state.json ") || unusable.Remedy == "" {
		t.Errorf("the error is %v; want the object and what to do", err)
	}
	hostile.CheckText(t, err.Error())
}

// FuzzRecords feeds arbitrary text as a list of records. Either it is refused, or all
// its records survive being written and read again.
func FuzzRecords(f *testing.F) {
	f.Add(`[{"t":"2026-03-16T08:00:00Z","p":200,"m":10,"r":2,"e":2,"n":2,"d":0}]`)
	f.Add("[\n1,\n[],\nnull\n]\n")
	f.Add(`[{"past":[[29560000,200,10],[5,210,11]]},{"t":"2026-03-16T08:00:00Z","p":200,"m":10}]`)
	f.Add(`[{"p":1e308},{"p":-1}`)
	f.Add("[]]")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := decodeWeek([]byte(text)); err != nil {
			hostile.CheckText(t, err.Error())
		}
		records, err := decodeList[json.RawMessage]([]byte(text))
		if err != nil {
			hostile.CheckText(t, err.Error())
			return
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%.200q was accepted", text)
		}
		again, err := decodeList[json.RawMessage](encodeList(records))
		if err != nil || len(again) != len(records) {
			t.Fatalf("%d records became %d, %v", len(records), len(again), err)
		}
		for i := range records {
			if !bytes.Equal(records[i], again[i]) {
				t.Errorf("record %d, %.200s, became %.200s", i, records[i], again[i])
			}
		}
	})
}
