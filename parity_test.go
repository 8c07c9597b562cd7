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
	quotedTest   = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	testName     = regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9_]*`)
	testFunction = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(t \*testing\.T\)`)
)

// TestParity checks docs/parity.md: each feature of the predecessor, and each of its
// known faults, names at least one test, and these tests exist.
func TestParity(t *testing.T) {
	existing := testNames(t)
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
			tests := quotedTest.FindAllStringSubmatch(cells[len(cells)-1], -1)
			if len(tests) == 0 {
				t.Error("it names no test")
			}
			for _, test := range tests {
				if !existing[test[1]] {
					t.Errorf("there is no test %s", test[1])
				}
			}
		})
	}
	if want := countPredecessorFeatures(t); want > 0 && features != want {
		t.Errorf("docs/parity.md has %d features, the predecessor had %d", features, want)
	}
}

// TestScriptsNameExistingTests checks that the patterns in the scripts of .ci still select
// tests: a renamed test must not be left out unnoticed.
func TestScriptsNameExistingTests(t *testing.T) {
	existing := testNames(t)
	scripts, err := filepath.Glob(".ci/*")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("find the scripts: %d, %v", len(scripts), err)
	}
	for _, script := range append(scripts, ".ci/mutate/list.go") {
		if info, err := os.Stat(script); err != nil || info.IsDir() {
			continue
		}
		for _, prefix := range testName.FindAllString(read(t, script), -1) {
			if !hasPrefix(existing, prefix) {
				t.Errorf("%s: no test begins with %s", script, prefix)
			}
		}
	}
}

func hasPrefix(names map[string]bool, prefix string) bool {
	for name := range names {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// testNames returns the names of all tests of the project.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, found := range testFunction.FindAllStringSubmatch(read(t, path), -1) {
			names[found[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// countPredecessorFeatures counts the rows of the original list of features. It returns 0
// if the list is not there: it is not part of the repository.
func countPredecessorFeatures(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("../shared/facts/parity.md")
	if err != nil {
		return 0
	}
	list, _, _ := strings.Cut(string(text), "\nKnown faults")
	return strings.Count(list, "\n| ") - 2 // the heading and the line below it
}
