package scenario

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryEventHasAScenario checks that the project has a scenario for each kind of event,
// in a file of its name.
func TestEveryEventHasAScenario(t *testing.T) {
	for _, name := range namesOf(kinds()) {
		text, err := os.ReadFile(filepath.Join("days", name+".txt"))
		if err != nil {
			t.Error(err)
			continue
		}
		happens := slices.ContainsFunc(strings.Split(string(text), "\n"), func(line string) bool {
			words := strings.Fields(line)
			return len(words) > 2 && words[0] != "#" && words[2] == name
		})
		if !happens {
			t.Errorf("days/%s.txt has no event %s", name, name)
		}
	}
}
