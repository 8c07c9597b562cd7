//go:build ignore

// Mutate makes one small break at a time in a copy of the repository and runs the
// tests that should notice. In goes the list of mutations; out comes a table, and
// exit status 1 when a break does not compile, or when no test fails of it.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// mutation is one text in one file that is replaced by another.
type mutation struct {
	// invariant is what the mutation breaks, change how.
	invariant, change string
	file              string
	old, new          string
	// run is the pattern of the tests that are run of the file's package; "" for all.
	run string
}

func (m mutation) dir() string { return filepath.Dir(m.file) }

// suite is what is run for a mutation.
func (m mutation) suite() suite { return suite{m.dir(), m.run} }

type suite struct{ dir, run string }

const (
	// workers mutations are tried side by side.
	workers = 2
	// timeLimit is for the tests of one mutation, testLimit for the test binary alone.
	timeLimit = 4 * time.Minute
	testLimit = 2 * time.Minute
)

func main() {
	tree, err := os.MkdirTemp("", "mutations")
	if err == nil {
		defer os.RemoveAll(tree)
		err = tryAll(tree)
	}
	if err != nil {
		os.RemoveAll(tree)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func tryAll(tree string) error {
	if err := copyRepository(tree); err != nil {
		return fmt.Errorf("copy the repository: %w", err)
	}
	if err := checkList(tree); err != nil {
		return err
	}
	if err := checkUnchanged(tree); err != nil {
		return err
	}
	notices := make([]string, len(mutations))
	problems := make([]error, len(mutations))
	sideBySide(len(mutations), func(i int) { notices[i], problems[i] = try(tree, mutations[i]) })
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "INVARIANT\tMUTATION\tPACKAGE\tNOTICED BY")
	noticed := 0
	for i, m := range mutations {
		if problems[i] == nil {
			noticed++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.invariant, m.change, m.dir(), cmp.Or(notices[i], "NOBODY"))
	}
	table.Flush()
	fmt.Printf("%d mutations, %d noticed\n", len(mutations), noticed)
	return errors.Join(problems...)
}

// copyRepository copies what git would commit, as it is in the working tree.
func copyRepository(tree string) error {
	names, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return err
	}
	for _, name := range strings.Split(strings.TrimRight(string(names), "\x00"), "\x00") {
		body, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			return err
		}
		path := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// checkList requires that each text to replace is in its file exactly once.
func checkList(tree string) error {
	var problems []error
	for _, m := range mutations {
		body, err := os.ReadFile(filepath.Join(tree, m.file))
		if found := bytes.Count(body, []byte(m.old)); err == nil && found != 1 {
			err = fmt.Errorf("%s has this %d times, wanted once:\n%s", m.file, found, m.old)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s (%s): %w", m.invariant, m.change, err))
		}
	}
	return errors.Join(problems...)
}

// checkUnchanged requires that all tests pass without a mutation: one that fails
// anyway notices nothing.
func checkUnchanged(tree string) error {
	var suites []suite
	known := map[suite]bool{}
	for _, m := range mutations {
		if !known[m.suite()] {
			known[m.suite()] = true
			suites = append(suites, m.suite())
		}
	}
	problems := make([]error, len(suites))
	sideBySide(len(suites), func(i int) {
		if output, err := test(tree, suites[i]); err != nil {
			problems[i] = fmt.Errorf("%s fails without any mutation:\n%s", suites[i].dir, output)
		}
	})
	return errors.Join(problems...)
}

func sideBySide(n int, do func(i int)) {
	indexes := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range indexes {
				do(i)
			}
		})
	}
	for i := range n {
		indexes <- i
	}
	close(indexes)
	group.Wait()
}

var failedTest = regexp.MustCompile(`--- FAIL: (\S+)`)

// try gives the first test that notices the mutation. The tree stays as it is:
// the compiler alone sees the mutated file in place of the real one.
func try(tree string, m mutation) (notice string, err error) {
	overlay, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(overlay)
	original := filepath.Join(tree, m.file)
	body, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	mutated, list := filepath.Join(overlay, "mutated.go"), filepath.Join(overlay, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		return "", err
	}
	err = errors.Join(
		os.WriteFile(mutated, []byte(strings.Replace(string(body), m.old, m.new, 1)), 0o644),
		os.WriteFile(list, replace, 0o644))
	if err != nil {
		return "", err
	}
	output, err := test(tree, m.suite(), "-overlay="+list)
	failed := failedTest.FindStringSubmatch(output)
	switch {
	case err == nil:
		return "", fmt.Errorf("no test of %s notices: %s (%s)", m.dir(), m.invariant, m.change)
	case failed == nil:
		return "", fmt.Errorf("%s (%s) does not compile, or ends without a test that fails: %w\n%s", m.invariant, m.change, err, output)
	}
	return failed[1], nil
}

// test runs a suite in the tree. Random tests draw the same in every run.
func test(tree string, s suite, flags ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	arguments := append([]string{"test", "-short", "-failfast", "-vet=off", "-timeout=" + testLimit.String(), "-run=" + s.run}, flags...)
	arguments = append(arguments, "./"+s.dir)
	if s.dir == "internal/scaling" {
		arguments = append(arguments, "-rapid.seed=1", "-rapid.checks=500", "-rapid.shrinktime=0s", "-rapid.nofailfile")
	}
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = tree
	text, err := command.CombinedOutput()
	return string(text), err
}
