// Package deploy deploys pools as functions. In go the pools' files; what they say is
// checked as a whole before anything is sent. Then osls deploys, and what Scaleway has
// afterwards is compared with what it should have, and corrected.
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
