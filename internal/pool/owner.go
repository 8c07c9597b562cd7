package pool

import "fmt"

// Owner says which pool a state belongs to. Together with the pool's name, which is in
// the state's place, it tells pools apart that were given the same place by mistake.
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
