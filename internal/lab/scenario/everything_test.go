package scenario

import (
	"os"
	"slices"
	"testing"
)

// TestReadEverything reads a file with every event and every key, and checks that it has
// them all and that events which are over at once are the only ones that refuse for=.
func TestReadEverything(t *testing.T) {
	const name = "testdata/everything.txt"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s, warnings, err := Read(name, text, testOptions())
	if err != nil || len(warnings) > 0 {
		t.Fatalf("warnings %q, error\n%v", warnings, err)
	}
	instant := []string{"scalelite-new", "people", "operator", "evaluate", "kill", "state-lost", "setting"}
	for _, k := range kinds() {
		if k.instant != slices.Contains(instant, k.name) {
			t.Errorf("%s: over at once is %v", k.name, k.instant)
		}
		for _, key := range k.keys {
			has := func(e Event) bool { _, ok := e.Values[key.name]; return ok && e.Kind == k.name }
			if !slices.ContainsFunc(s.Events, has) {
				t.Errorf("%s has no %s with %s=", name, k.name, key.name)
			}
			for _, word := range key.words {
				if !slices.ContainsFunc(s.Events, func(e Event) bool { return e.Kind == k.name && e.Values[key.name] == word }) {
					t.Errorf("%s has no %s with %s=%s", name, k.name, key.name, word)
				}
			}
		}
		if !slices.ContainsFunc(s.Events, func(e Event) bool { return e.Kind == k.name }) {
			t.Errorf("%s has no %s", name, k.name)
		}
	}
}
