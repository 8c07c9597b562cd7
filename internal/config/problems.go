package config

import (
	"fmt"
	"strings"
)

// Problem is what is wrong with one variable. It never holds the value.
type Problem struct {
	// Variable is its full name.
	Variable string
	// Wrong says what it has to be, in words that follow the name.
	Wrong string
	// Example is a value that would do; empty where none would.
	Example string
}

// String is one line for people.
func (p Problem) String() string {
	if p.Example == "" {
		return p.Variable + " " + p.Wrong
	}
	return fmt.Sprintf("%s %s, for example %s=%s", p.Variable, p.Wrong, p.Variable, p.Example)
}

// Problems are all that is wrong with an environment.
type Problems []Problem

// Error has one line for each problem.
func (p Problems) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d of the settings cannot be used:", len(p))
	for _, problem := range p {
		text.WriteString("\n- " + problem.String())
	}
	return text.String()
}
