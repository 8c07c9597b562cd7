package main

import (
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
	"time"
)

const (
	// workers is how many mutations are tried at the same time.
	workers = 2
	// commandTimeout limits go test for one mutation, testTimeout the test binary alone.
	commandTimeout = 7 * time.Minute
	testTimeout    = 5 * time.Minute
)

// copyRepository copies the files of the working tree that git does not ignore.
func copyRepository(tree string) error {
	names, err := exec.CommandContext(context.Background(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
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

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)

// check returns an error if the suite has no tests.
func (s suite) check(tree string) error {
	pattern, err := regexp.Compile(s.run)
	if err != nil {
		return err
	}
	source, err := s.testSource(tree)
	if err != nil {
		return err
	}
	for _, found := range testFunction.FindAllStringSubmatch(source, -1) {
		if pattern.MatchString(found[1]) {
			return nil
		}
	}
	return fmt.Errorf("no test of %s matches %q", s.folder, s.run)
}

// testSource returns all test files of the suite's folder.
func (s suite) testSource(tree string) (source string, err error) {
	paths, err := filepath.Glob(filepath.Join(tree, s.folder, "*_test.go"))
	for _, path := range paths {
		body, problem := os.ReadFile(path)
		source, err = source+string(body), errors.Join(err, problem)
	}
	return source, err
}

// checkUnchanged returns an error if a test fails without a mutation: that test could not
// notice a mutation.
func checkUnchanged(tree string, chosen []mutation) error {
	var suites []suite
	known := map[suite]bool{}
	for _, m := range chosen {
		if !known[m.suite()] {
			known[m.suite()] = true
			suites = append(suites, m.suite())
		}
	}
	problems := make([]error, len(suites))
	inParallel(len(suites), func(i int) {
		if output, err := suites[i].test(tree); err != nil {
			problems[i] = fmt.Errorf("the tests of %s fail without any mutation:\n%s", suites[i].folder, output)
		}
	})
	return errors.Join(problems...)
}

// inParallel calls do(0) to do(n-1), at most as many at the same time as there are workers.
func inParallel(n int, do func(i int)) {
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

// try returns the first test that notices the mutation. It does not change the tree: only
// the compiler reads the mutated file instead of the real one.
func try(tree string, m mutation, changed mutant) (notice string, err error) {
	overlay, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(overlay) }()
	mutated, list := filepath.Join(overlay, "mutated.go"), filepath.Join(overlay, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {changed.file: mutated}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(mutated, changed.body, 0o644), os.WriteFile(list, replace, 0o644)); err != nil {
		return "", err
	}
	output, err := m.suite().test(tree, "-overlay="+list)
	failed := failedTest.FindStringSubmatch(output)
	switch {
	case err == nil:
		return "", fmt.Errorf("no test notices %s", m)
	case failed == nil:
		return "", fmt.Errorf("%s does not compile, or ends without a test that fails: %w\n%s", m, err, output)
	}
	return failed[1], nil
}

// test runs a suite in the tree. Tests with random values draw the same ones in every run.
func (s suite) test(tree string, flags ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	arguments := append([]string{"test", "-failfast", "-vet=off", "-timeout=" + testTimeout.String(), "-run=" + s.run}, flags...)
	arguments = append(arguments, "./"+s.folder)
	if source, err := s.testSource(tree); err == nil && strings.Contains(source, `"pgregory.net/rapid"`) {
		arguments = append(arguments, "-rapid.seed=1", "-rapid.checks=500", "-rapid.shrinktime=0s", "-rapid.nofailfile")
	}
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = tree
	text, err := command.CombinedOutput()
	return string(text), err
}
