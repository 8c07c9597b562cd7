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
	"slices"
	"strconv"
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

// binary is the compiled tests of a package.
type binary struct {
	tree, folder, path string
	// together are the variables of the mutations that were compiled into it.
	together map[string]bool
}

// tryAll tries the mutations, and returns for each the first test that notices it, or what
// is wrong. Those of a package that can be switched on and off are compiled together, which
// saves most of the time.
func tryAll(tree string, mutants []mutant) (notices []string, problems []error) {
	notices, problems = make([]string, len(mutants)), make([]error, len(mutants))
	work, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return notices, []error{err}
	}
	defer func() { _ = os.RemoveAll(work) }()
	var folders []string
	for _, m := range mutants {
		if !slices.Contains(folders, m.in) {
			folders = append(folders, m.in)
		}
	}
	binaries := make([]binary, len(folders))
	failures := make([]error, len(folders))
	inParallel(len(folders), func(i int) {
		all := slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool { return m.in != folders[i] })
		binaries[i], failures[i] = prepare(tree, filepath.Join(work, strconv.Itoa(i)), all)
	})
	if err := errors.Join(failures...); err != nil {
		return notices, []error{err}
	}
	inParallel(len(mutants), func(i int) {
		b := binaries[slices.Index(folders, mutants[i].in)]
		notices[i], problems[i] = b.try(mutants[i])
	})
	return notices, problems
}

// prepare compiles the tests of a package with all its mutations that can be switched, and
// runs them without any: a test that fails then could not notice a mutation.
func prepare(tree, path string, mutants []mutant) (binary, error) {
	b := binary{tree, mutants[0].in, path, map[string]bool{}}
	var together []mutant
	for _, m := range mutants {
		if !m.intent.alone {
			together = append(together, m)
			b.together[m.variable] = true
		}
	}
	if output, err := b.compile(together); err != nil {
		return b, b.explain(together, output, err)
	}
	known := map[suite]bool{}
	for _, m := range mutants {
		if known[m.suite()] {
			continue
		}
		known[m.suite()] = true
		if output, err := b.run(m.suite(), ""); err != nil {
			return b, fmt.Errorf("the tests of %s fail without any mutation: %w\n%s", b.folder, err, output)
		}
	}
	return b, nil
}

// explain names the mutations that do not compile.
func (b binary) explain(together []mutant, output string, err error) error {
	problems := []error{fmt.Errorf("the mutations of %s do not compile: %w\n%s", b.folder, err, output)}
	for _, m := range together {
		if _, err := b.compile([]mutant{m}); err != nil {
			problems = append(problems, fmt.Errorf("%s does not compile", m.mutation))
		}
	}
	return errors.Join(problems...)
}

// switches begins the file that declares the variables of mutations. The environment variable
// MUTATED names the one that is switched on.
const switches = `package %s

import "os"

func oneOf[T any](mutated bool, other, usual T) T {
	if mutated {
		return other
	}
	return usual
}

`

// compile compiles the tests of a package with some of its mutations. It does not change the
// tree: only the compiler reads mutated files instead of the real ones.
func (b binary) compile(mutants []mutant) (output string, err error) {
	overlay, err := os.MkdirTemp("", "overlay")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(overlay) }()
	functions, edits := map[string]function{}, map[string][]edit{}
	declared := ""
	for _, m := range mutants {
		functions[m.function.file] = m.function
		edits[m.function.file] = append(edits[m.function.file], m.edits...)
		if !m.intent.alone {
			declared += fmt.Sprintf("var %s = os.Getenv(\"MUTATED\") == %q\n", m.variable, m.variable)
		}
	}
	replace := map[string]string{}
	for file, f := range functions {
		body, err := f.edit(edits[file])
		if err != nil {
			return "", err
		}
		replace[file] = filepath.Join(overlay, filepath.Base(file))
		if err := os.WriteFile(replace[file], body, 0o644); err != nil {
			return "", err
		}
	}
	if declared != "" {
		file := filepath.Join(overlay, "switches.go")
		replace[filepath.Join(b.tree, b.folder, "mutated_switches.go")] = file
		if err := os.WriteFile(file, fmt.Appendf(nil, switches+"%s", mutants[0].function.packageName, declared), 0o644); err != nil {
			return "", err
		}
	}
	list := filepath.Join(overlay, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(list, text, 0o644); err != nil {
		return "", err
	}
	return b.command("", "go", "test", "-c", "-vet=off", "-overlay="+list, "-o", b.path, "./"+b.folder)
}

var failedTest = regexp.MustCompile(`--- FAIL: (\S+)`)

// try returns the first test that notices the mutation.
func (b binary) try(m mutant) (notice string, err error) {
	if !b.together[m.variable] {
		b.path += m.variable
		if output, err := b.compile([]mutant{m}); err != nil {
			return "", fmt.Errorf("%s does not compile: %w\n%s", m.mutation, err, output)
		}
		defer func() { _ = os.Remove(b.path) }()
	}
	output, err := b.run(m.suite(), m.variable)
	failed := failedTest.FindStringSubmatch(output)
	switch {
	case err == nil:
		return "", fmt.Errorf("no test notices %s", m.mutation)
	case failed == nil:
		return "", fmt.Errorf("%s ends without a test that fails: %w\n%s", m.mutation, err, output)
	}
	return failed[1], nil
}

// run runs a suite with one mutation switched on, or none. Tests with random values draw the
// same ones in every run.
func (b binary) run(s suite, variable string) (output string, err error) {
	arguments := []string{"-test.failfast", "-test.timeout=" + testTimeout.String(), "-test.run=" + s.run}
	if source, err := s.testSource(b.tree); err == nil && strings.Contains(source, `"pgregory.net/rapid"`) {
		arguments = append(arguments, "-rapid.seed=1", "-rapid.checks=500", "-rapid.shrinktime=0s", "-rapid.nofailfile")
	}
	return b.command(variable, b.path, arguments...)
}

// command runs a command: the compiler in the tree, or the compiled tests in their folder.
func (b binary) command(variable, name string, arguments ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = b.tree
	if name == b.path {
		command.Dir = filepath.Join(b.tree, b.folder)
	}
	command.Env = append(os.Environ(), "MUTATED="+variable)
	text, err := command.CombinedOutput()
	return string(text), err
}
