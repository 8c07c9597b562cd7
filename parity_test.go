package divims_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	writtenTest = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(t \*testing\.T\)`)
)

// TestParity: each thing that the predecessor did, and each fault that it had, has
// tests that hold it here, and they are there under the names that the document says.
func TestParity(t *testing.T) {
	written := writtenTests(t)
	features := 0
	for line := range strings.SplitSeq(read(t, "docs/parity.md"), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) < 2 || strings.HasPrefix(cells[0], "---") || cells[len(cells)-1] == "tests" {
			continue
		}
		if len(cells) == 3 {
			features++
		}
		t.Run(cells[0], func(t *testing.T) {
			tests := namedTest.FindAllStringSubmatch(cells[len(cells)-1], -1)
			if len(tests) == 0 {
				t.Error("no test holds it")
			}
			for _, test := range tests {
				if !written[test[1]] {
					t.Errorf("there is no %s", test[1])
				}
			}
		})
	}
	if want := featuresOfThePredecessor(t); want > 0 && features != want {
		t.Errorf("%d features have tests, the predecessor had %d", features, want)
	}
}

// writtenTests are the names of all tests of the project.
func writtenTests(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, found := range writtenTest.FindAllStringSubmatch(read(t, path), -1) {
			names[found[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// featuresOfThePredecessor counts the rows of the list that this project began
// with, where that is at hand.
func featuresOfThePredecessor(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("../shared/facts/parity.md")
	if err != nil {
		return 0
	}
	list, _, _ := strings.Cut(string(text), "\nKnown faults")
	return strings.Count(list, "\n| ") - 2 // the heading and the line below it
}
