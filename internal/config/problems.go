package config

import (
	"fmt"
	"strings"
)

// Problem is what is wrong with one variable. It never contains the value.
type Problem struct {
	// Variable is its full name.
	Variable string
	// Wrong says what it must be, in words that follow the name.
	Wrong string
	// Example is a valid value; empty for a variable that is not a setting.
	Example string
}

// String returns one line for people.
func (p Problem) String() string {
	if p.Example == "" {
		return p.Variable + " " + p.Wrong
	}
	return fmt.Sprintf("%s %s, for example %s=%s", p.Variable, p.Wrong, p.Variable, p.Example)
}

// Problems are all problems of an environment.
type Problems []Problem

// Error returns one line for each problem, after a heading.
func (p Problems) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d of the settings cannot be used:", len(p))
	for _, problem := range p {
		text.WriteString("\n- " + problem.String())
	}
	return text.String()
}
