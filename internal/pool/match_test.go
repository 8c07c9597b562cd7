package pool

import "testing"

func TestMatchNeedsOneEntryAndOneMachine(t *testing.T) {
	servers := Servers(4, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	entries := Seen([]Entry{
		{ID: "1", URL: "https://BBB-W1.example.com:443/bigbluebutton/api"},
		{ID: "2", URL: "https://bbb-w2.example.com/bigbluebutton/api"},
		{ID: "2 again", URL: "https://bbb-w2.example.com/bigbluebutton/api"},
		{ID: "stranger", URL: "https://bbb-w9.example.com/bigbluebutton/api"},
	})
	machines := Seen([]Machine{{ID: "a", Name: "bbb-w1"}, {ID: "b", Name: "bbb-w3"}, {ID: "c", Name: "bbb-w3"}})
	seen := Match(servers, entries, machines)
	if entry, ok := seen[0].Entry.Get(); !ok || entry.ID != "1" {
		t.Errorf("server 1 has entry %+v; want entry 1, regardless of case and port 443", entry)
	}
	if machine, ok := seen[0].Machine.Get(); !ok || machine.ID != "a" {
		t.Errorf("server 1 has machine %+v", machine)
	}
	if seen[1].Entry.Known() || seen[2].Machine.Known() {
		t.Errorf("one of two entries or machines was chosen: %+v, %+v", seen[1].Entry, seen[2].Machine)
	}
	if entry, ok := seen[3].Entry.Get(); !ok || entry != nil {
		t.Errorf("server 4 has entry %+v, known %t; want none", entry, ok)
	}
	for _, s := range Match(servers, Unknown[[]Entry]("no answer"), machines) {
		if s.Entry.Known() {
			t.Errorf("server %d has a known entry although the list is unknown", s.Server.Number)
		}
	}
}
