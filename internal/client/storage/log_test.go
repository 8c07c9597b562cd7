package storage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestDecisionsHaveOneObjectPerDay(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	for i := range 3 {
		record := fmt.Sprintf("{\n  \"number\": %d\n}", i)
		if err := s.AppendDecision(t.Context(), now.Add(time.Duration(i)*8*time.Hour), json.RawMessage(record)); err != nil {
			t.Fatal(err)
		}
	}
	records, err := s.Decisions(t.Context(), now)
	if err != nil || len(records) != 2 || string(records[1]) != `{"number":1}` {
		t.Errorf("got %s, %v; want the two records of the day, in order", records, err)
	}
	if err := s.AppendDecision(t.Context(), now, json.RawMessage("{")); err == nil {
		t.Error("invalid JSON was added")
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

func TestUnreadableListIsNotOverwritten(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	key := s.key("decisions/2026-03-16.json")
	raw(t, s, key, `[{"cut":`)
	if err := s.AppendDecision(t.Context(), now, json.RawMessage("{}")); err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("got %v; want an error that names the list", err)
	}
	if got := content(t, s, key); got != `[{"cut":` {
		t.Errorf("the list became %q", got)
	}
	raw(t, s, key, `[]`)
	if err := s.AppendDecision(t.Context(), now, json.RawMessage("{}")); err != nil {
		t.Errorf("after the list was repaired: got %v", err)
	}
}

func TestTooLongListDropsTheOldest(t *testing.T) {
	record := json.RawMessage(`"` + strings.Repeat("x", maxLog/3) + `"`)
	records := []json.RawMessage{[]byte("1"), record, []byte("2"), record, record, []byte("3")}
	kept, err := decodeList[json.RawMessage](encodeList(records))
	if err != nil || len(kept) != 4 || string(kept[0]) != "2" {
		t.Errorf("got %d, %v; want the newest records that fit", len(kept), err)
	}
	huge := json.RawMessage(`"` + strings.Repeat("x", maxLog) + `"`)
	if kept, err := decodeList[json.RawMessage](encodeList([]json.RawMessage{record, huge})); err != nil || len(kept) != 1 || len(kept[0]) != len(huge) {
		t.Errorf("got %d, %v; want the newest record, whatever its size", len(kept), err)
	}
}
