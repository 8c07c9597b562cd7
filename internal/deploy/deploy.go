// Package deploy deploys pools as functions. It reads the pools' files and checks all of
// them before anything is sent. Then osls deploys them. Afterwards the deployed functions
// and their crons are compared with the files, and crons are corrected.
package deploy

import (
	"fmt"
	"strings"
)

// Problems are the problems of all pools' files, a sentence each. They contain no values.
type Problems []string

// Error returns one line for each problem, after a heading.
func (p Problems) Error() string {
	return fmt.Sprintf("the pools' files have problems, and nothing was sent:\n- %s", strings.Join(p, "\n- "))
}
