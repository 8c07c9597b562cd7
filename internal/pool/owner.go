package pool

import "fmt"

// Owner identifies the pool that a state belongs to. It distinguishes pools that were given
// the same name and bucket by mistake.
type Owner struct {
	// Scalelite is the address of the pool's Scalelite.
	Scalelite string `json:"scalelite"`
	// Project is the ID of the pool's project at Scaleway.
	Project string `json:"project"`
}

// String names the pool for people.
func (o Owner) String() string {
	return fmt.Sprintf("Scalelite %.200q, project %.60q", o.Scalelite, o.Project)
}
