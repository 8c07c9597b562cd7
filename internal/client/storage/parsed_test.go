package storage

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// TestGrownListIsParsedLikeANewOne parses lists one after the other, and each also for itself.
func TestGrownListIsParsedLikeANewOne(t *testing.T) {
	const past, first, second, early = `{"past":[[29600000,5,1],[5,6,1]]}`, `{"t":"2026-03-02T10:00:00Z","p":7}`, `{"t":"2026-03-02T10:05:00Z","p":8}`, `{"t":"2026-03-02T09:00:00Z","p":9}`
	list := func(records ...string) string {
		var lines []json.RawMessage
		for _, record := range records {
			lines = append(lines, json.RawMessage(record))
		}
		return string(encodeList(lines))
	}
	var s Store
	var records parsed[json.RawMessage]
	for i, text := range []string{
		list(past), list(past, first), list(past, first), list(past, first, second), list(past, first, second, early),
		list(first), list(first, past), list(first, `{"t":"2026-03-02T10:05:00Z","p":-1}`), list(first, second), list(), list(second),
		list(second) + "x", list(second, "7"), `[` + second + `,` + first + `]`, `[` + second + `,` + first + `,` + first + `]`, "", list(past),
	} {
		got, problem := s.parseWeek([]byte(text))
		want, wantProblem := decodeWeek([]byte(text))
		if !reflect.DeepEqual(got, want) || fmt.Sprint(problem) != fmt.Sprint(wantProblem) {
			t.Errorf("list %d: %v, %v\nwant %v, %v", i, got, problem, want, wantProblem)
		}
		lines, _ := records.parse([]byte(text), decodeList[json.RawMessage])
		if wanted, _ := decodeList[json.RawMessage]([]byte(text)); !reflect.DeepEqual(lines, wanted) {
			t.Errorf("list %d: the records are %s, want %s", i, lines, wanted)
		}
	}
}

// TestParsedItemsAreNotOverwritten adds records to the same list twice.
func TestParsedItemsAreNotOverwritten(t *testing.T) {
	var records parsed[json.RawMessage]
	parse := func(lines ...json.RawMessage) []json.RawMessage {
		items, err := records.parse(encodeList(lines), decodeList[json.RawMessage])
		if err != nil {
			t.Fatal(err)
		}
		return items
	}
	one, two, three := json.RawMessage("1"), json.RawMessage("2"), json.RawMessage("3")
	parse(one)
	grown := parse(one, two)
	grown = append(grown, json.RawMessage("4"))
	after := parse(one, two, three)
	if !reflect.DeepEqual(after, []json.RawMessage{one, two, three}) || string(grown[2]) != "4" {
		t.Errorf("got %s and %s", after, grown)
	}
}
