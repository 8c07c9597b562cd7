// Mutate breaks the project on purpose, one small break at a time in a copy of the
// repository, and runs the tests that should notice. It prints the list of mutations
// with the test that noticed each, and exits with status 1 if a mutation's place is
// gone, a mutated package does not compile, or no test fails. The mutations of a package
// are compiled together, each behind a variable that the environment switches on.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// mutation is one intent in one function.
type mutation struct {
	// invariant is the promise that the mutation breaks, and change is what the mutated
	// code does wrong.
	invariant, change string
	// in is the package's folder, function a name like Gate or actor.delete.
	in, function string
	intent       intent
	// run is the pattern of the tests to run. If empty, all tests of the package run.
	run string
}

// suite is a package whose tests are run, with the pattern of their names.
type suite struct{ folder, run string }

func (m mutation) suite() suite { return suite{m.in, m.run} }

func (m mutation) String() string {
	return fmt.Sprintf("%s: %s (%s in %s of %s)", m.invariant, m.change, m.intent.text, m.function, m.in)
}

func main() {
	check := flag.Bool("check", false, "only look for the mutations' places and tests, and print the list")
	only := flag.String("only", "", "try only the mutations whose line in the list matches this pattern")
	flag.Parse()
	chosen, err := choose(*only)
	if err == nil {
		err = run(chosen, *check)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// choose returns the mutations that match a pattern.
func choose(pattern string) (chosen []mutation, err error) {
	matcher, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	for _, m := range slices.Concat(mutations, rules) {
		if matcher.MatchString(m.String()) {
			chosen = append(chosen, m)
		}
	}
	return chosen, nil
}

func run(chosen []mutation, check bool) error {
	tree, err := os.MkdirTemp("", "mutations")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tree) }()
	if err := copyRepository(tree); err != nil {
		return fmt.Errorf("copy the repository: %w", err)
	}
	mutants, err := placeAll(tree, chosen)
	if err != nil {
		return err
	}
	if check {
		printList(os.Stdout, chosen, mutants, nil)
		fmt.Printf("%d mutations, each has its place\n", len(chosen))
		return nil
	}
	notices, problems := tryAll(tree, mutants)
	printList(os.Stdout, chosen, mutants, notices)
	noticed := 0
	for _, problem := range problems {
		if problem == nil {
			noticed++
		}
	}
	fmt.Printf("%d mutations, %d noticed\n", len(chosen), noticed)
	return errors.Join(problems...)
}

// mutant is a mutation with its place.
type mutant struct {
	mutation
	function function // in the tree
	edits    []edit
	// variable is the name of the variable that switches the mutation on.
	variable string
}

// placeAll finds the place of each mutation, and checks that it has tests.
func placeAll(tree string, chosen []mutation) ([]mutant, error) {
	mutants := make([]mutant, len(chosen))
	var problems []error
	for i, m := range chosen {
		var err error
		if mutants[i], err = m.place(tree, isMutated+strconv.Itoa(i+1)); err == nil {
			err = m.suite().check(tree)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", m, err))
		}
	}
	return mutants, errors.Join(problems...)
}

// place finds the place of a mutation. If the function or the place in it is gone, the error
// names the functions of the package in which the intent has a place.
func (m mutation) place(tree, variable string) (mutant, error) {
	all, err := readFunctions(filepath.Join(tree, m.in))
	if err != nil {
		return mutant{}, err
	}
	f, err := findFunction(all, m.function)
	if err == nil {
		var edits []edit
		if edits, err = m.intent.apply(f); err == nil {
			for i := range edits {
				edits[i].text = strings.ReplaceAll(edits[i].text, isMutated, variable)
			}
			_, err = f.edit(edits)
			return mutant{m, f, edits, variable}, err
		}
	}
	var others []string
	for _, other := range all {
		if _, problem := m.intent.apply(other); problem == nil && other.name() != m.function {
			others = append(others, other.name())
		}
	}
	if len(others) > 0 && len(others) < 10 {
		err = fmt.Errorf("%w; it has a place in %s", err, strings.Join(others, ", "))
	}
	return mutant{}, err
}

// printList prints the mutations, with the tests that noticed them if they were tried.
func printList(w io.Writer, chosen []mutation, mutants []mutant, notices []string) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	heading := "INVARIANT\tMUTATION\tFILE\tFUNCTION\tINTENT"
	if notices != nil {
		heading += "\tNOTICED BY"
	}
	_, _ = fmt.Fprintln(table, heading)
	for i, m := range chosen {
		line := strings.Join([]string{m.invariant, m.change, m.in + "/" + filepath.Base(mutants[i].function.file), m.function, m.intent.text}, "\t")
		if notices != nil {
			line += "\t" + cmp.Or(notices[i], "NOBODY")
		}
		_, _ = fmt.Fprintln(table, line)
	}
	_ = table.Flush()
}
